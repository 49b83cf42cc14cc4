//! VGG, with and without batch normalisation.
//!
//! Simonyan, Zisserman: "Very deep convolutional networks for large-scale image
//! recognition", ICLR 2015, configurations A, B, D and E of its table 1.

use super::{IMAGENET, numbered};
use crate::{Biases, FanMode, Init, LayerSpec, NetworkSpec, Weights, model::Choice};

/// 3×3 convolutions of 64, 128, 256, 512 and 512 channels, a max pooling after
/// each row.
type Table = [usize; 5];

const A: Table = [1, 1, 2, 2, 2];
const B: Table = [2, 2, 2, 2, 2];
const D: Table = [2, 2, 3, 3, 3];
const E: Table = [2, 2, 4, 4, 4];

family! {
    "VGG", "Simonyan & Zisserman 2015", forms: true, scalable: true;

    /// Configuration A: 132,863,336 parameters for 1,000 classes. For small images,
    /// the mean of each of the 512 channels goes to one fully connected layer.
    vgg11 = "vgg11" for IMAGENET, 1000: |c| vgg(c, A, false);
    /// Configuration B: 133,047,848 parameters for 1,000 classes.
    vgg13 = "vgg13" for IMAGENET, 1000: |c| vgg(c, B, false);
    /// Configuration D: 138,357,544 parameters for 1,000 classes.
    vgg16 = "vgg16" for IMAGENET, 1000: |c| vgg(c, D, false);
    /// Configuration E: 143,667,240 parameters for 1,000 classes.
    vgg19 = "vgg19" for IMAGENET, 1000: |c| vgg(c, E, false);
    /// Configuration A with batch normalisation: 132,868,840 parameters for 1,000 classes.
    vgg11_bn = "vgg11-bn" for IMAGENET, 1000: |c| vgg(c, A, true);
    /// Configuration B with batch normalisation.
    vgg13_bn = "vgg13-bn" for IMAGENET, 1000: |c| vgg(c, B, true);
    /// Configuration D with batch normalisation: 138,365,992 parameters for 1,000 classes.
    vgg16_bn = "vgg16-bn" for IMAGENET, 1000: |c| vgg(c, D, true);
    /// Configuration E with batch normalisation.
    vgg19_bn = "vgg19-bn" for IMAGENET, 1000: |c| vgg(c, E, true);
}

/// torchvision's.
const INIT: Init = Init {
    conv: Weights::KaimingNormal {
        fan: FanMode::FanOut,
    },
    linear: Weights::Normal { std: 0.01 },
    bias: Biases::Constant { value: 0.0 },
    zero_residual: false,
};

fn vgg(c: &Choice, table: Table, batch_norm: bool) -> NetworkSpec {
    let mut features = Vec::new();
    for (channels, convolutions) in [64, 128, 256, 512, 512].into_iter().zip(table) {
        for _ in 0..convolutions {
            features.push(LayerSpec::conv2d(c.wide(channels), 3).padding(1));
            if batch_norm {
                features.push(LayerSpec::batch_norm());
            }
            features.push(LayerSpec::relu());
        }
        let pool = LayerSpec::max_pool2d(2, 2);
        // Five poolings leave something of 28 pixels only if windows reach over the edge.
        features.push(if c.is_small() { pool.ceil_mode() } else { pool });
    }
    let spec = NetworkSpec::new("vgg")
        .init(INIT)
        .layers(numbered("features", features));
    if c.is_small() {
        return spec
            .layer("avgpool", LayerSpec::global_avg_pool2d())
            .layer("flatten", LayerSpec::flatten())
            .layer("classifier", LayerSpec::linear(c.classes));
    }
    let hidden = c.wide(4096);
    let classifier = [
        LayerSpec::linear(hidden),
        LayerSpec::relu(),
        LayerSpec::dropout(0.5),
        LayerSpec::linear(hidden),
        LayerSpec::relu(),
        LayerSpec::dropout(0.5),
        LayerSpec::linear(c.classes),
    ];
    spec.layer("avgpool", LayerSpec::AdaptiveAvgPool2d { size: 7 })
        .layer("flatten", LayerSpec::flatten())
        .layers(numbered("classifier", classifier))
}
