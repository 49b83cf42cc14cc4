//! The network of airbench94, made to reach 94 % on CIFAR-10 within seconds.
//!
//! Jordan: "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024.

use super::{CIFAR, conv, named};
use crate::{Biases, Init, LayerSpec, Layers, NetworkSpec, Weights, model::Choice};

family! {
    "fast CIFAR", "Jordan 2024", forms: false, scalable: true;

    /// A whitening convolution, three groups of two convolutions of 64, 256 and
    /// 256 channels with GELU, and logits scaled by 1/9. The whitening weights are
    /// computed from images: [`Network::whiten`](crate::Network::whiten).
    airbench94 = "airbench94" for CIFAR, 10: airbench_spec;
}

const INIT: Init = Init {
    conv: Weights::PartialDirac {},
    linear: Weights::Pytorch {},
    bias: Biases::Constant { value: 0.0 },
    zero_residual: false,
};

fn airbench_spec(c: &Choice) -> NetworkSpec {
    NetworkSpec::new("airbench94")
        .init(INIT)
        .layer("whiten", LayerSpec::WhiteningConv2d { kernel: 2 })
        .layer("gelu", LayerSpec::Gelu {})
        .layers(group("layer1", c.wide(64)))
        .layers(group("layer2", c.wide(256)))
        .layers(group("layer3", c.wide(256)))
        .layer("pool", LayerSpec::GlobalMaxPool2d {})
        .layer("flatten", LayerSpec::flatten())
        .layer("linear", LayerSpec::linear(c.classes).without_bias())
        .layer("scale", LayerSpec::Scale { factor: 1.0 / 9.0 })
}

fn group(name: &str, channels: usize) -> Layers {
    let norm = LayerSpec::BatchNorm {
        epsilon: 1e-12,
        momentum: 0.4,
        scale: false,
    };
    let part = |part: &str, layer| named(format!("{name}.{part}"), layer);
    vec![
        part("conv1", conv(channels, 3)),
        part("pool", LayerSpec::max_pool2d(2, 2)),
        part("norm1", norm.clone()),
        part("gelu1", LayerSpec::Gelu {}),
        part("conv2", conv(channels, 3)),
        part("norm2", norm),
        part("gelu2", LayerSpec::Gelu {}),
    ]
}
