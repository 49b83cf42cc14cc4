//! LeNet-5 and its relatives.
//!
//! LeCun, Bottou, Bengio, Haffner: "Gradient-based learning applied to document
//! recognition", Proc. IEEE 86(11), 1998.

use crate::{Init, LayerSpec, NetworkSpec};

const MAX: LayerSpec = LayerSpec::MaxPool2d {
    kernel: 2,
    stride: 2,
};
const AVERAGE: LayerSpec = LayerSpec::AvgPool2d {
    kernel: 2,
    stride: 2,
};

/// LeNet-5 as it is taught today: ReLU and average pooling, for grey images of
/// 28×28 pixels (padded to the paper's 32×32). 61,706 parameters for 10 classes.
#[must_use]
pub fn lenet5(classes: usize) -> NetworkSpec {
    NetworkSpec::new("lenet5")
        .conv2d("conv1", 6, 5, 2)
        .layer("relu1", LayerSpec::Relu)
        .layer("pool1", AVERAGE)
        .conv2d("conv2", 16, 5, 0)
        .layer("relu2", LayerSpec::Relu)
        .layer("pool2", AVERAGE)
        .layer("flatten", LayerSpec::Flatten)
        .linear("fc1", 120)
        .layer("relu3", LayerSpec::Relu)
        .linear("fc2", 84)
        .layer("relu4", LayerSpec::Relu)
        .linear("fc3", classes)
}

/// LeNet-5 with the sigmoids of its time and Xavier's initialisation, as in
/// "Dive into Deep Learning", chapter 7.6. 61,706 parameters for 10 classes.
#[must_use]
pub fn lenet5_sigmoid(classes: usize) -> NetworkSpec {
    let mut spec = lenet5(classes).init(Init::XavierUniform);
    spec.name = "lenet5-sigmoid".into();
    for (name, layer) in &mut spec.layers {
        if *layer == LayerSpec::Relu {
            *name = name.replace("relu", "sigmoid");
            *layer = LayerSpec::Sigmoid;
        }
    }
    spec
}

/// LeNet-5 with max pooling and without padding, as in PyTorch's tutorial
/// ("Training a classifier"), for grey images of 28×28 pixels. 44,426
/// parameters for 10 classes.
#[must_use]
pub fn convnet(classes: usize) -> NetworkSpec {
    unpadded("convnet", 16, [120, 84], classes)
}

/// A smaller LeNet with max pooling and without padding. 32,998 parameters for
/// 10 classes.
#[must_use]
pub fn lenet_small(classes: usize) -> NetworkSpec {
    unpadded("lenet-small", 12, [120, 60], classes)
}

fn unpadded(name: &str, channels: usize, hidden: [usize; 2], classes: usize) -> NetworkSpec {
    NetworkSpec::new(name)
        .conv2d("conv1", 6, 5, 0)
        .layer("relu1", LayerSpec::Relu)
        .layer("pool1", MAX)
        .conv2d("conv2", channels, 5, 0)
        .layer("relu2", LayerSpec::Relu)
        .layer("pool2", MAX)
        .layer("flatten", LayerSpec::Flatten)
        .linear("fc1", hidden[0])
        .layer("relu3", LayerSpec::Relu)
        .linear("fc2", hidden[1])
        .layer("relu4", LayerSpec::Relu)
        .linear("fc3", classes)
}
