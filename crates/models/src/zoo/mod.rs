//! The architectures, a family a file.

use crate::{Architecture, LayerSpec, Layers};

/// Writes down a family: its architectures for the registry, and a function for
/// each, which gives the [`Model`](crate::Model) for a number of classes.
///
/// `forms` and `scalable` are those of [`Architecture`]. An architecture that is not
/// of the family's paper names its own, after `by`.
macro_rules! family {
    (
        $family:literal, $paper:literal, forms: $forms:literal, scalable: $scalable:literal;
        $(
            $(#[$doc:meta])*
            $function:ident = $name:literal for $image:expr, $classes:literal $(by $own:literal)?: $spec:expr;
        )+
    ) => {
        pub(crate) static FAMILY: &[crate::Architecture] = &[$(
            crate::Architecture {
                name: $name,
                family: $family,
                paper: crate::zoo::paper!($paper $(, $own)?),
                usual_image: $image,
                usual_classes: $classes,
                forms: $forms,
                scalable: $scalable,
                spec: $spec,
            },
        )+];

        $(
            $(#[$doc])*
            #[must_use]
            pub fn $function(classes: usize) -> crate::Model {
                let known = crate::find($name);
                known.expect("a family is in the registry").model(classes)
            }
        )+
    };
}

/// The paper of an architecture: its own, if it has one, else that of its family.
macro_rules! paper {
    ($family:literal) => {
        $family
    };
    ($family:literal, $own:literal) => {
        $own
    };
}
use paper;

pub mod airbench;
pub mod alexnet;
pub mod cnn;
pub mod googlenet;
pub mod lenet;
pub mod mlp;
pub mod nin;
pub mod resnet;
pub mod resnet9;
pub mod resnet_cifar;
pub mod resnet_small;
pub mod vgg;

/// All families, simple ones first.
pub(crate) static FAMILIES: &[&[Architecture]] = &[
    mlp::FAMILY,
    lenet::FAMILY,
    cnn::FAMILY,
    alexnet::FAMILY,
    vgg::FAMILY,
    nin::FAMILY,
    googlenet::FAMILY,
    resnet::FAMILY,
    resnet_cifar::FAMILY,
    resnet_small::FAMILY,
    resnet9::FAMILY,
    airbench::FAMILY,
];

/// Grey images of MNIST's size.
const MNIST: [usize; 3] = [1, 28, 28];
/// CIFAR's images.
const CIFAR: [usize; 3] = [3, 32, 32];
/// Images as they are cut for ImageNet.
const IMAGENET: [usize; 3] = [3, 224, 224];

/// A layer under its name.
fn named(name: impl Into<String>, layer: LayerSpec) -> (String, LayerSpec) {
    (name.into(), layer)
}

/// Layers under their positions, as those of PyTorch's `Sequential`:
/// `features.0`, `features.1`, …
fn numbered(prefix: &str, layers: impl IntoIterator<Item = LayerSpec>) -> Layers {
    layers
        .into_iter()
        .enumerate()
        .map(|(at, layer)| named(format!("{prefix}.{at}"), layer))
        .collect()
}

/// A convolution without bias, for a batch norm to follow; its padding keeps the
/// size if its stride is 1.
fn conv(channels: usize, kernel: usize) -> LayerSpec {
    LayerSpec::conv2d(channels, kernel)
        .padding(kernel / 2)
        .without_bias()
}
