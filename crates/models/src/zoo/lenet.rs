//! LeNet-5 and its relatives.
//!
//! LeCun, Bottou, Bengio, Haffner: "Gradient-based learning applied to document
//! recognition", Proc. IEEE 86(11), 1998.

use super::MNIST;
use crate::{Init, LayerSpec, NetworkSpec};

family! {
    "LeNet", "LeCun et al. 1998", forms: false, scalable: false;

    /// LeNet-5 as it is taught today: ReLU and average pooling, for grey images of
    /// 28×28 pixels (padded to the paper's 32×32). 61,706 parameters for 10 classes.
    lenet5 = "lenet5" for MNIST, 10: |c| lenet(&Table {
        channels: [6, 16],
        padding: 2,
        pool: LayerSpec::avg_pool2d(2, 2),
        activation: ("relu", LayerSpec::relu()),
        features: [120, 84, c.classes],
    });

    /// LeNet-5 with the sigmoids of its time and Xavier's initialisation, as in
    /// "Dive into Deep Learning", chapter 7.6. 61,706 parameters for 10 classes.
    lenet5_sigmoid = "lenet5-sigmoid" for MNIST, 10: |c| lenet(&Table {
        channels: [6, 16],
        padding: 2,
        pool: LayerSpec::avg_pool2d(2, 2),
        activation: ("sigmoid", LayerSpec::Sigmoid {}),
        features: [120, 84, c.classes],
    })
    .init(Init::XAVIER_UNIFORM);

    /// LeNet-5 with max pooling and without padding, as in PyTorch's tutorial
    /// ("Training a classifier"), for grey images of 28×28 pixels. 44,426
    /// parameters for 10 classes.
    convnet = "convnet" for MNIST, 10: |c| lenet(&Table {
        channels: [6, 16],
        padding: 0,
        pool: LayerSpec::max_pool2d(2, 2),
        activation: ("relu", LayerSpec::relu()),
        features: [120, 84, c.classes],
    });

    /// A smaller LeNet with max pooling and without padding. 32,998 parameters for
    /// 10 classes.
    lenet_small = "lenet-small" for MNIST, 10: |c| lenet(&Table {
        channels: [6, 12],
        padding: 0,
        pool: LayerSpec::max_pool2d(2, 2),
        activation: ("relu", LayerSpec::relu()),
        features: [120, 60, c.classes],
    });
}

/// What distinguishes the relatives.
struct Table {
    channels: [usize; 2],
    /// Of the first convolution.
    padding: usize,
    pool: LayerSpec,
    activation: (&'static str, LayerSpec),
    features: [usize; 3],
}

fn lenet(table: &Table) -> NetworkSpec {
    let (name, activation) = &table.activation;
    let activation = |at: usize| (format!("{name}{at}"), activation.clone());
    let conv = |at: usize| LayerSpec::conv2d(table.channels[at], 5);
    let linear = |at: usize| LayerSpec::linear(table.features[at]);
    NetworkSpec::new("lenet").layers(vec![
        ("conv1".into(), conv(0).padding(table.padding)),
        activation(1),
        ("pool1".into(), table.pool.clone()),
        ("conv2".into(), conv(1)),
        activation(2),
        ("pool2".into(), table.pool.clone()),
        ("flatten".into(), LayerSpec::flatten()),
        ("fc1".into(), linear(0)),
        activation(3),
        ("fc2".into(), linear(1)),
        activation(4),
        ("fc3".into(), linear(2)),
    ])
}
