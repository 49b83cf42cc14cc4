//! Two residual networks of tutorials, small enough for a CPU.
//!
//! He, Zhang, Ren, Sun: "Identity mappings in deep residual networks", ECCV 2016
//! (`resnet-mnist`, whose blocks normalise before they convolve), and "Deep
//! residual learning for image recognition", CVPR 2016 (`trashnet`).

use super::{CIFAR, MNIST, named, resnet::residual};
use crate::{LayerSpec, NetworkSpec, model::Choice};

family! {
    "ResNet (small)", "He et al. 2016", forms: false, scalable: true;

    /// A 7×7 convolution of 64, max pooling with stride 1, and one pre-activation
    /// block each of 16, 32 and 64 channels with biased 1×1 shortcuts. 98,346
    /// parameters for grey images of 28×28 pixels and 10 classes.
    resnet_mnist = "resnet-mnist" for MNIST, 10: resnet_mnist_spec;

    /// A convolution of 32 and two blocks of 64 channels, the first with stride 2
    /// and a biased 1×1 shortcut. 133,514 parameters for colour images and 10 classes.
    trashnet = "trashnet" for CIFAR, 10: trashnet_spec;
}

/// A 3×3 convolution with bias that keeps the size if its stride is 1.
fn biased(channels: usize) -> LayerSpec {
    LayerSpec::conv2d(channels, 3).padding(1)
}

/// Max pooling that keeps the size.
fn smooth() -> LayerSpec {
    LayerSpec::max_pool2d(3, 1).padding(1)
}

fn resnet_mnist_spec(c: &Choice) -> NetworkSpec {
    let stem = LayerSpec::conv2d(c.wide(64), 7).stride(2).padding(3);
    let mut spec = NetworkSpec::new("resnet-mnist")
        .layer("conv1", stem)
        .layer("maxpool", smooth());
    for (stage, channels) in [16, 32, 64].into_iter().enumerate() {
        let channels = c.wide(channels);
        let stride = if stage == 0 { 1 } else { 2 };
        let block = LayerSpec::Residual {
            body: vec![
                named("bn1", LayerSpec::batch_norm()),
                named("relu1", LayerSpec::relu()),
                named("conv1", super::conv(channels, 3).stride(stride)),
                named("bn2", LayerSpec::batch_norm()),
                named("relu2", LayerSpec::relu()),
                named("conv2", biased(channels)),
            ],
            shortcut: vec![named(
                "downsample.0",
                LayerSpec::conv2d(channels, 1).stride(stride),
            )],
            after: Vec::new(),
        };
        spec = spec.layer(&format!("layer{}.0", stage + 1), block);
    }
    spec.layer("flatten", LayerSpec::flatten())
        .layer("fc", LayerSpec::linear(c.classes))
}

fn trashnet_spec(c: &Choice) -> NetworkSpec {
    let channels = c.wide(64);
    let block = |stride: usize, shortcut| {
        let body = vec![
            named("conv1", biased(channels).stride(stride)),
            named("bn1", LayerSpec::batch_norm()),
            named("relu1", LayerSpec::relu()),
            named("conv2", biased(channels)),
            named("bn2", LayerSpec::batch_norm()),
        ];
        residual(body, shortcut)
    };
    let shortcut = named("downsample.0", LayerSpec::conv2d(channels, 1).stride(2));
    NetworkSpec::new("trashnet")
        .layer("conv1", biased(c.wide(32)))
        .layer("bn1", LayerSpec::batch_norm())
        .layer("relu", LayerSpec::relu())
        .layer("maxpool", smooth())
        .layer("layer1.0", block(2, vec![shortcut]))
        .layer("layer2.0", block(1, Vec::new()))
        .layer("avgpool", LayerSpec::global_avg_pool2d())
        .layer("flatten", LayerSpec::flatten())
        .layer("fc", LayerSpec::linear(c.classes))
}
