//! GoogLeNet: inception blocks, branches of several kernels side by side.
//!
//! Szegedy and others: "Going deeper with convolutions", CVPR 2015, table 1, with
//! batch normalisation and, as in torchvision, 3×3 kernels where the paper has 5×5.

use super::{IMAGENET, conv, named};
use crate::{Biases, Init, LayerSpec, Layers, NetworkSpec, Weights, model::Choice};

family! {
    "GoogLeNet", "Szegedy et al. 2015", forms: true, scalable: true;

    /// torchvision's `googlenet`: 6,624,904 parameters for 1,000 classes without
    /// auxiliary heads. For small images, the first convolution is 3×3 with
    /// stride 1, and the first two poolings are left out.
    googlenet = "googlenet" for IMAGENET, 1000: googlenet_spec;
}

/// Channels of the branches: 1×1; 3×3 after its reduction; "5×5" after its
/// reduction; the projection after pooling.
const INCEPTION: [(&str, [usize; 6]); 9] = [
    ("inception3a", [64, 96, 128, 16, 32, 32]),
    ("inception3b", [128, 128, 192, 32, 96, 64]),
    ("inception4a", [192, 96, 208, 16, 48, 64]),
    ("inception4b", [160, 112, 224, 24, 64, 64]),
    ("inception4c", [128, 128, 256, 24, 64, 64]),
    ("inception4d", [112, 144, 288, 32, 64, 64]),
    ("inception4e", [256, 160, 320, 32, 128, 128]),
    ("inception5a", [256, 160, 320, 32, 128, 128]),
    ("inception5b", [384, 192, 384, 48, 128, 128]),
];

/// torchvision's.
const INIT: Init = Init {
    conv: Weights::Normal { std: 0.01 },
    linear: Weights::Normal { std: 0.01 },
    bias: Biases::Pytorch {},
    zero_residual: false,
};

fn googlenet_spec(c: &Choice) -> NetworkSpec {
    let small = c.is_small();
    let pool = |kernel, stride| LayerSpec::max_pool2d(kernel, stride).ceil_mode();
    let first = match small {
        true => conv(c.wide(64), 3),
        false => conv(c.wide(64), 7).stride(2),
    };
    let mut spec = NetworkSpec::new("googlenet")
        .init(INIT)
        .layers(basic("conv1", first));
    if !small {
        spec = spec.layer("maxpool1", pool(3, 2));
    }
    spec = spec
        .layers(basic("conv2", conv(c.wide(64), 1)))
        .layers(basic("conv3", conv(c.wide(192), 3)));
    if !small {
        spec = spec.layer("maxpool2", pool(3, 2));
    }
    for (name, channels) in INCEPTION {
        spec = match name {
            "inception4a" => spec.layer("maxpool3", pool(3, 2)),
            "inception5a" => spec.layer("maxpool4", pool(2, 2)),
            _ => spec,
        };
        spec = spec.layer(name, inception(channels.map(|channels| c.wide(channels))));
        spec = match name {
            "inception4a" if c.auxiliary_heads => spec.layer("aux1", auxiliary(c)),
            "inception4d" if c.auxiliary_heads => spec.layer("aux2", auxiliary(c)),
            _ => spec,
        };
    }
    spec.layer("avgpool", LayerSpec::global_avg_pool2d())
        .layer("flatten", LayerSpec::flatten())
        .layer("dropout", LayerSpec::dropout(0.2))
        .layer("fc", LayerSpec::linear(c.classes))
}

/// A convolution, batch norm and ReLU: `name.conv`, `name.bn`, `name.relu`.
fn basic(name: &str, conv: LayerSpec) -> Layers {
    let batch_norm = LayerSpec::BatchNorm {
        epsilon: 1e-3,
        momentum: 0.1,
        scale: true,
    };
    vec![
        named(format!("{name}.conv"), conv),
        named(format!("{name}.bn"), batch_norm),
        named(format!("{name}.relu"), LayerSpec::relu()),
    ]
}

fn inception([a, b_reduced, b, c_reduced, c, d]: [usize; 6]) -> LayerSpec {
    let two = |branch: &str, reduced, channels| {
        let mut layers = basic(&format!("{branch}.0"), conv(reduced, 1));
        layers.extend(basic(&format!("{branch}.1"), conv(channels, 3)));
        layers
    };
    let pool = LayerSpec::max_pool2d(3, 1).padding(1).ceil_mode();
    let mut projection = vec![named("branch4.0", pool)];
    projection.extend(basic("branch4.1", conv(d, 1)));
    LayerSpec::Concat {
        branches: vec![
            basic("branch1", conv(a, 1)),
            two("branch2", b_reduced, b),
            two("branch3", c_reduced, c),
            projection,
        ],
    }
}

fn auxiliary(c: &Choice) -> LayerSpec {
    let mut layers = vec![named("avgpool", LayerSpec::AdaptiveAvgPool2d { size: 4 })];
    layers.extend(basic("conv", conv(c.wide(128), 1)));
    layers.extend([
        named("flatten", LayerSpec::flatten()),
        named("fc1", LayerSpec::linear(c.wide(1024))),
        named("relu", LayerSpec::relu()),
        named("dropout", LayerSpec::dropout(0.7)),
        named("fc2", LayerSpec::linear(c.classes)),
    ]);
    LayerSpec::Auxiliary {
        layers,
        weight: 0.3,
    }
}
