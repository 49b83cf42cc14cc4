//! The ResNets for CIFAR-10: three stages of 16, 32 and 64 channels, shortcuts
//! without parameters.
//!
//! He, Zhang, Ren, Sun: "Deep residual learning for image recognition", CVPR 2016,
//! section 4.2, with shortcuts of option A.

use super::{CIFAR, conv, named, resnet::residual};
use crate::{FanMode, Init, LayerSpec, NetworkSpec, Weights, model::Choice};

family! {
    "ResNet (CIFAR)", "He et al. 2016", forms: false, scalable: true;

    /// 20 layers: 269,722 parameters for 10 classes.
    resnet20 = "resnet20" for CIFAR, 10: |c| resnet(c, 3);
    /// 32 layers.
    resnet32 = "resnet32" for CIFAR, 10: |c| resnet(c, 5);
    /// 44 layers.
    resnet44 = "resnet44" for CIFAR, 10: |c| resnet(c, 7);
    /// 56 layers: 853,018 parameters for 10 classes.
    resnet56 = "resnet56" for CIFAR, 10: |c| resnet(c, 9);
    /// 110 layers.
    resnet110 = "resnet110" for CIFAR, 10: |c| resnet(c, 18);
}

/// The paper's.
const INIT: Init = Init {
    conv: Weights::KaimingNormal {
        fan: FanMode::FanIn,
    },
    linear: Weights::KaimingNormal {
        fan: FanMode::FanIn,
    },
    ..Init::RESNET
};

fn resnet(c: &Choice, blocks: usize) -> NetworkSpec {
    let mut spec = NetworkSpec::new("resnet")
        .init(INIT)
        .layer("conv1", conv(c.wide(16), 3))
        .layer("bn1", LayerSpec::batch_norm())
        .layer("relu", LayerSpec::relu());
    for (stage, channels) in [16, 32, 64].into_iter().enumerate() {
        let channels = c.wide(channels);
        for block in 0..blocks {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let body = vec![
                named("conv1", conv(channels, 3).stride(stride)),
                named("bn1", LayerSpec::batch_norm()),
                named("relu1", LayerSpec::relu()),
                named("conv2", conv(channels, 3)),
                named("bn2", LayerSpec::batch_norm()),
            ];
            let shortcut = match stride {
                1 => Vec::new(),
                stride => vec![named(
                    "shortcut",
                    LayerSpec::PadChannels { channels, stride },
                )],
            };
            let name = format!("layer{}.{block}", stage + 1);
            spec = spec.layer(&name, residual(body, shortcut));
        }
    }
    spec.layer("avgpool", LayerSpec::global_avg_pool2d())
        .layer("flatten", LayerSpec::flatten())
        .layer("fc", LayerSpec::linear(c.classes))
}
