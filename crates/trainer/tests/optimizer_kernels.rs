//! Updates by the kernels are those of Burn's operations.
//!
//! The only test here: it turns the kernels of the whole process on and off.
#![cfg(feature = "flex")]
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData},
};
use models::{LayerSpec, Network, NetworkSpec, StateDict};
use trainer::{
    Average, GradientMean, Gradients, Optimizer,
    config::{AverageConfig, AverageName, OptimizerConfig},
};

/// With parameters that threads share, and some that they do not.
fn network(device: &Device) -> Network {
    NetworkSpec::new("two layers")
        .layer("flatten", LayerSpec::flatten())
        .layer("fc1", LayerSpec::linear(200))
        .layer("relu", LayerSpec::relu())
        .layer("fc2", LayerSpec::linear(10))
        .build([1, 28, 28], device)
        .unwrap()
}

fn gradients(network: &Network, step: usize, device: &Device) -> Gradients {
    let pixels = (0..4 * 784).map(|i| ((i * 7919 + step * 31) % 2003) as f32 / 1001.0 - 1.0);
    let data = TensorData::new(pixels.collect(), [4, 1, 28, 28]);
    let logits = network.forward(Tensor::from_data(data, device));
    Gradients::of(&logits.square().mean(), network)
}

/// The weights after some updates, what the optimizer keeps, and the average.
fn trained(text: &str, kernels: bool) -> [StateDict; 3] {
    let device = Device::flex().autodiff();
    let config: OptimizerConfig = toml::from_str(text).unwrap();
    let average = AverageConfig {
        name: AverageName::Ema,
        decay: Some(0.7),
        ..AverageConfig::default()
    };
    let mut network = network(&device);
    let mut optimizer = Optimizer::new(&config, &network).unwrap();
    let mut average = Average::new(&average, 1, &network).unwrap();
    for step in 0..6 {
        // The layers may have kernels of their own.
        kernels::set_enabled(false);
        let of_batches = [2 * step, 2 * step + 1].map(|at| gradients(&network, at, &device));
        kernels::set_enabled(kernels);
        let mut mean = GradientMean::default();
        for gradients in of_batches {
            mean.add(gradients, 4.0);
        }
        let mut gradients = mean.finish();
        gradients.scale(3.0);
        network = optimizer.step(0.01, network, gradients);
        average.after_update(&network.valid());
    }
    let state = optimizer.state_dict().unwrap();
    let average = average.state_dict().unwrap();
    [network.state_dict().unwrap(), state, average]
}

#[test]
fn updates_are_those_of_burns_operations() {
    for text in [
        "momentum = 0.0",
        "momentum = 0.9\nnesterov = false\nweight_decay = 0.01",
        "momentum = 0.9\nnesterov = true",
        "name = \"adam\"\nweight_decay = 0.01",
        "name = \"adam\"\nweight_decay = 0.0",
        "name = \"adamw\"\nweight_decay = 0.01",
    ] {
        assert_eq!(trained(text, true), trained(text, false), "{text}");
    }
    // Norms are summed in another way.
    for clip in [1e-3, 1e3] {
        let text = format!("momentum = 0.9\nclip_norm = {clip}");
        let [found, expected] = [true, false].map(|kernels| trained(&text, kernels));
        for (found, expected) in found.iter().zip(&expected) {
            for (name, expected) in expected.iter() {
                let found = &found.get(name).unwrap().values;
                let most = expected.values.iter().fold(0.0f32, |m, v| m.max(v.abs()));
                for (found, expected) in found.iter().zip(&expected.values) {
                    assert!((found - expected).abs() <= 1e-6 * most, "{text}: {name}");
                }
            }
        }
    }
}
