//! ResNet: blocks that learn what to add to their input.
//!
//! He, Zhang, Ren, Sun: "Deep residual learning for image recognition", CVPR 2016,
//! table 1. The stride of a bottleneck is in its 3×3 convolution, as in torchvision.

use super::{IMAGENET, conv, named};
use crate::{Init, LayerSpec, Layers, NetworkSpec, model::Choice};

family! {
    "ResNet", "He et al. 2016", forms: true, scalable: true;

    /// 18 layers of basic blocks: 11,689,512 parameters for 1,000 classes. For
    /// small images, the first convolution is 3×3 with stride 1 and the pooling
    /// is left out: 11,173,962 for 10 classes.
    resnet18 = "resnet18" for IMAGENET, 1000: |c| resnet(c, basic, [2, 2, 2, 2]);
    /// 34 layers of basic blocks: 21,797,672 parameters for 1,000 classes.
    resnet34 = "resnet34" for IMAGENET, 1000: |c| resnet(c, basic, [3, 4, 6, 3]);
    /// 50 layers of bottlenecks: 25,557,032 parameters for 1,000 classes.
    resnet50 = "resnet50" for IMAGENET, 1000: |c| resnet(c, bottleneck, [3, 4, 6, 3]);
    /// 101 layers of bottlenecks: 44,549,160 parameters for 1,000 classes.
    resnet101 = "resnet101" for IMAGENET, 1000: |c| resnet(c, bottleneck, [3, 4, 23, 3]);
    /// 152 layers of bottlenecks: 60,192,808 parameters for 1,000 classes.
    resnet152 = "resnet152" for IMAGENET, 1000: |c| resnet(c, bottleneck, [3, 8, 36, 3]);
}

/// The body of a block of a width and a stride, and the channels it ends in.
type Body = fn(&Choice, usize, usize) -> (Layers, usize);

fn resnet(c: &Choice, body: Body, blocks: [usize; 4]) -> NetworkSpec {
    let mut channels = c.wide(64);
    let mut spec = NetworkSpec::new("resnet").init(Init::RESNET);
    spec = match c.is_small() {
        true => spec.layer("conv1", conv(channels, 3)),
        false => spec.layer("conv1", conv(channels, 7).stride(2)),
    };
    spec = spec
        .layer("bn1", LayerSpec::batch_norm())
        .layer("relu", LayerSpec::relu());
    if !c.is_small() {
        spec = spec.layer("maxpool", LayerSpec::max_pool2d(3, 2).padding(1));
    }
    for (stage, blocks) in blocks.into_iter().enumerate() {
        for block in 0..blocks {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let (body, ends_in) = body(c, 64 << stage, stride);
            let shortcut = match stride == 1 && ends_in == channels {
                true => Vec::new(),
                false => vec![
                    named("downsample.0", conv(ends_in, 1).stride(stride)),
                    named("downsample.1", LayerSpec::batch_norm()),
                ],
            };
            channels = ends_in;
            let block_name = format!("layer{}.{block}", stage + 1);
            spec = spec.layer(&block_name, residual(body, shortcut));
        }
    }
    spec.layer("avgpool", LayerSpec::global_avg_pool2d())
        .layer("flatten", LayerSpec::flatten())
        .layer("fc", LayerSpec::linear(c.classes))
}

fn basic(c: &Choice, channels: usize, stride: usize) -> (Layers, usize) {
    let channels = c.wide(channels);
    let body = vec![
        named("conv1", conv(channels, 3).stride(stride)),
        named("bn1", LayerSpec::batch_norm()),
        named("relu1", LayerSpec::relu()),
        named("conv2", conv(channels, 3)),
        named("bn2", LayerSpec::batch_norm()),
    ];
    (body, channels)
}

fn bottleneck(c: &Choice, channels: usize, stride: usize) -> (Layers, usize) {
    let (narrow, ends_in) = (c.wide(channels), c.wide(4 * channels));
    let body = vec![
        named("conv1", conv(narrow, 1)),
        named("bn1", LayerSpec::batch_norm()),
        named("relu1", LayerSpec::relu()),
        named("conv2", conv(narrow, 3).stride(stride)),
        named("bn2", LayerSpec::batch_norm()),
        named("relu2", LayerSpec::relu()),
        named("conv3", conv(ends_in, 1)),
        named("bn3", LayerSpec::batch_norm()),
    ];
    (body, ends_in)
}

/// A block with ReLU after the sum.
pub(super) fn residual(body: Layers, shortcut: Layers) -> LayerSpec {
    LayerSpec::Residual {
        body,
        shortcut,
        after: vec![named("relu", LayerSpec::relu())],
    }
}
