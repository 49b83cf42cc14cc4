//! AlexNet.
//!
//! Krizhevsky, Sutskever, Hinton: "ImageNet classification with deep
//! convolutional neural networks", NeurIPS 2012, in the single column of
//! Krizhevsky: "One weird trick for parallelizing convolutional neural networks",
//! 2014, which torchvision builds as well.

use super::{IMAGENET, numbered};
use crate::{LayerSpec, NetworkSpec, model::Choice};

family! {
    "AlexNet", "Krizhevsky et al. 2012", forms: true, scalable: true;

    /// torchvision's `alexnet`: 61,100,840 parameters for 1,000 classes. For small
    /// images, its five convolutions are 3×3 with stride 1, and its two hidden
    /// layers have 1,024 features.
    alexnet = "alexnet" for IMAGENET, 1000: alexnet_spec;
}

fn alexnet_spec(c: &Choice) -> NetworkSpec {
    let small = c.is_small();
    let conv = |channels, kernel| {
        let kernel = if small { 3 } else { kernel };
        LayerSpec::conv2d(c.wide(channels), kernel).padding(kernel / 2)
    };
    let first = match small {
        true => conv(64, 3),
        false => LayerSpec::conv2d(c.wide(64), 11).stride(4).padding(2),
    };
    let pool = match small {
        true => LayerSpec::max_pool2d(2, 2).ceil_mode(),
        false => LayerSpec::max_pool2d(3, 2),
    };
    let (size, hidden) = if small { (2, 1024) } else { (6, 4096) };
    let relu = LayerSpec::relu;
    let features = [
        first,
        relu(),
        pool.clone(),
        conv(192, 5),
        relu(),
        pool.clone(),
        conv(384, 3),
        relu(),
        conv(256, 3),
        relu(),
        conv(256, 3),
        relu(),
        pool,
    ];
    let classifier = [
        LayerSpec::dropout(0.5),
        LayerSpec::linear(c.wide(hidden)),
        relu(),
        LayerSpec::dropout(0.5),
        LayerSpec::linear(c.wide(hidden)),
        relu(),
        LayerSpec::linear(c.classes),
    ];
    NetworkSpec::new("alexnet")
        .layers(numbered("features", features))
        .layer("avgpool", LayerSpec::AdaptiveAvgPool2d { size })
        .layer("flatten", LayerSpec::flatten())
        .layers(numbered("classifier", classifier))
}
