//! ResNet-9, made to reach 94 % on CIFAR-10 fast.
//!
//! Page: "How to train your ResNet", myrtle.ai, 2018 to 2019: the network of his
//! entry to DAWNBench.

use super::{CIFAR, conv, named};
use crate::{LayerSpec, Layers, NetworkSpec, model::Choice};

family! {
    "fast CIFAR", "Page 2018", forms: false, scalable: true;

    /// Four convolutions of 64 to 512 channels, two residual blocks, and logits
    /// scaled by 1/8. 6,573,120 parameters for 10 classes.
    resnet9 = "resnet9" for CIFAR, 10: resnet9_spec;
}

fn resnet9_spec(c: &Choice) -> NetworkSpec {
    let [a, b, d, e] = [64, 128, 256, 512].map(|channels| c.wide(channels));
    NetworkSpec::new("resnet9")
        .layers(block("prep", a))
        .layers(block("layer1", b))
        .layer("layer1.pool", LayerSpec::max_pool2d(2, 2))
        .layer("layer1.residual", residual(b))
        .layers(block("layer2", d))
        .layer("layer2.pool", LayerSpec::max_pool2d(2, 2))
        .layers(block("layer3", e))
        .layer("layer3.pool", LayerSpec::max_pool2d(2, 2))
        .layer("layer3.residual", residual(e))
        .layer("pool", LayerSpec::GlobalMaxPool2d {})
        .layer("flatten", LayerSpec::flatten())
        .layer("linear", LayerSpec::linear(c.classes).without_bias())
        .layer("scale", LayerSpec::Scale { factor: 0.125 })
}

/// A 3×3 convolution, batch norm and ReLU.
fn block(name: &str, channels: usize) -> Layers {
    vec![
        named(format!("{name}.conv"), conv(channels, 3)),
        named(format!("{name}.bn"), LayerSpec::batch_norm()),
        named(format!("{name}.relu"), LayerSpec::relu()),
    ]
}

fn residual(channels: usize) -> LayerSpec {
    LayerSpec::Residual {
        body: vec![
            named("conv1", conv(channels, 3)),
            named("bn1", LayerSpec::batch_norm()),
            named("relu1", LayerSpec::relu()),
            named("conv2", conv(channels, 3)),
            named("bn2", LayerSpec::batch_norm()),
            named("relu2", LayerSpec::relu()),
        ],
        shortcut: Vec::new(),
        after: Vec::new(),
    }
}
