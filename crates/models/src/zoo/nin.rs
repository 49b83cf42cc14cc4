//! Network in network: after each convolution, 1×1 convolutions as a small
//! perceptron for every pixel, and channel means in the place of a classifier.
//!
//! Lin, Chen, Yan: "Network in network", ICLR 2014. The small form is the paper's
//! for CIFAR-10; the large one is that of "Dive into Deep Learning", chapter 8.3.

use super::{IMAGENET, named};
use crate::{Biases, FanMode, Init, LayerSpec, Layers, NetworkSpec, Weights, model::Choice};

family! {
    "NiN", "Lin et al. 2014", forms: true, scalable: true;

    /// Three blocks of 192 channels for small images, four of 96 to 384 and the
    /// classes for large ones.
    nin = "nin" for IMAGENET, 1000: |c| if c.is_small() { cifar(c) } else { imagenet(c) };
}

/// He's: PyTorch's default leaves nothing of an image after nine ReLUs.
const INIT: Init = Init {
    conv: Weights::KaimingUniform {
        fan: FanMode::FanIn,
    },
    linear: Weights::Pytorch {},
    bias: Biases::Constant { value: 0.0 },
    zero_residual: false,
};

/// A convolution and two of 1×1 ("cascaded cross-channel parametric pooling"),
/// each with ReLU: `conv1`, `cccp1`, `cccp2` for block 1.
fn block(number: usize, conv: LayerSpec, cccp: [usize; 2]) -> Layers {
    let [first, second] = [2 * number - 1, 2 * number];
    let relu = |of: &str| named(format!("{of}_relu"), LayerSpec::relu());
    let name = format!("conv{number}");
    let mut layers = vec![named(name.clone(), conv), relu(&name)];
    for (number, channels) in [first, second].into_iter().zip(cccp) {
        let name = format!("cccp{number}");
        layers.push(named(name.clone(), LayerSpec::conv2d(channels, 1)));
        layers.push(relu(&name));
    }
    layers
}

fn cifar(c: &Choice) -> NetworkSpec {
    let [a, b, d] = [192, 160, 96].map(|channels| c.wide(channels));
    let conv = |kernel: usize| LayerSpec::conv2d(a, kernel).padding(kernel / 2);
    NetworkSpec::new("nin")
        .init(INIT)
        .layers(block(1, conv(5), [b, d]))
        .layer("pool1", LayerSpec::max_pool2d(3, 2).ceil_mode())
        .layer("dropout1", LayerSpec::dropout(0.5))
        .layers(block(2, conv(5), [a, a]))
        .layer("pool2", LayerSpec::avg_pool2d(3, 2).ceil_mode())
        .layer("dropout2", LayerSpec::dropout(0.5))
        .layers(block(3, conv(3), [a, c.classes]))
        .layer("avgpool", LayerSpec::global_avg_pool2d())
        .layer("flatten", LayerSpec::flatten())
}

fn imagenet(c: &Choice) -> NetworkSpec {
    let block = |number, conv: LayerSpec, channels| block(number, conv, [channels; 2]);
    let [a, b, d] = [96, 256, 384].map(|channels| c.wide(channels));
    let pool = LayerSpec::max_pool2d(3, 2);
    NetworkSpec::new("nin")
        .init(INIT)
        .layers(block(1, LayerSpec::conv2d(a, 11).stride(4), a))
        .layer("pool1", pool.clone())
        .layers(block(2, LayerSpec::conv2d(b, 5).padding(2), b))
        .layer("pool2", pool.clone())
        .layers(block(3, LayerSpec::conv2d(d, 3).padding(1), d))
        .layer("pool3", pool)
        .layer("dropout", LayerSpec::dropout(0.5))
        .layers(block(
            4,
            LayerSpec::conv2d(c.classes, 3).padding(1),
            c.classes,
        ))
        .layer("avgpool", LayerSpec::global_avg_pool2d())
        .layer("flatten", LayerSpec::flatten())
}
