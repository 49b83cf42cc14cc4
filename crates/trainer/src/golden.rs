//! The step of the loop against PyTorch's: tests/golden/lenet5.py made the numbers.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};
use data::BatchTensors;
use models::Network;
use safetensors::{Dtype, tensor::TensorView};
use serde::Deserialize;

use crate::{
    Gradients, Optimizer,
    config::{OptimizerConfig, OptimizerName},
    evaluate::loss_and_scores,
};

const BATCH: usize = 16;

#[derive(Deserialize)]
struct Golden {
    /// Of the first image.
    logits: Vec<f32>,
    /// Of each step, by optimizer.
    losses: HashMap<String, Vec<f64>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../tests/golden/lenet5.json")).unwrap()
}

/// The script's function of the same name.
fn numbers(count: usize, salt: usize, bound: f64) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 7919 + salt * 104_729) % 2003) as f64 - 1001.0)
        .map(|whole| (bound * whole / 1001.0) as f32)
        .collect()
}

fn network(device: &Device) -> Network {
    let shapes: [(&str, &[usize]); 10] = [
        ("conv1.weight", &[6, 1, 5, 5]),
        ("conv1.bias", &[6]),
        ("conv2.weight", &[16, 6, 5, 5]),
        ("conv2.bias", &[16]),
        ("fc1.weight", &[120, 400]),
        ("fc1.bias", &[120]),
        ("fc2.weight", &[84, 120]),
        ("fc2.bias", &[84]),
        ("fc3.weight", &[10, 84]),
        ("fc3.bias", &[10]),
    ];
    let bytes: Vec<Vec<u8>> = shapes
        .iter()
        .enumerate()
        .map(|(salt, (_, shape))| {
            let values = numbers(shape.iter().product(), salt, 0.15);
            values.into_iter().flat_map(f32::to_le_bytes).collect()
        })
        .collect();
    let views = shapes.iter().zip(&bytes).map(|((name, shape), bytes)| {
        (
            *name,
            TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap(),
        )
    });
    let file = safetensors::serialize(views, None).unwrap();
    let network = models::lenet5(10).build([1, 28, 28], device).unwrap();
    network.with_safetensors(&file).unwrap()
}

fn images(device: &Device) -> Tensor<4> {
    let pixels = numbers(BATCH * 28 * 28, 99, 2.0);
    Tensor::from_data(TensorData::new(pixels, [BATCH, 1, 28, 28]), device)
}

#[test]
fn logits_are_pytorchs() {
    let device = Device::flex();
    let logits = network(&device).forward(images(&device));
    let logits = logits.try_into_vec_as::<f32>().unwrap();
    for (logit, expected) in logits.iter().zip(golden().logits) {
        assert!((logit - expected).abs() < 1e-5, "{logit} {expected}");
    }
}

#[test]
fn ten_steps_of_every_optimizer_are_pytorchs() {
    let device = Device::flex().autodiff();
    let golden = golden();
    for (case, config) in [
        ("adam", (OptimizerName::Adam, 2e-3, 0.0, None)),
        (
            "adam with weight decay",
            (OptimizerName::Adam, 2e-3, 0.1, None),
        ),
        ("adamw", (OptimizerName::AdamW, 2e-3, 0.1, None)),
        ("sgd", (OptimizerName::Sgd, 0.05, 0.01, Some(0.9))),
        (
            "sgd without momentum",
            (OptimizerName::Sgd, 0.05, 0.0, Some(0.0)),
        ),
    ] {
        let (name, lr, weight_decay, momentum) = config;
        let config = OptimizerConfig {
            name,
            lr: Some(lr),
            weight_decay: Some(weight_decay),
            momentum,
            ..OptimizerConfig::default()
        };
        let mut network = network(&device);
        let mut optimizer = Optimizer::new(&config, &network).unwrap();
        for (step, expected) in golden.losses[case].iter().enumerate() {
            let labels = (0..BATCH as i32).map(|i| i % 10).collect();
            let labels = Tensor::from_data(TensorData::new::<i32, _>(labels, [BATCH]), &device);
            let batch = BatchTensors {
                images: images(&device),
                labels,
                soft_targets: None,
            };
            let (loss, scores) = loss_and_scores(&network, batch).unwrap();
            let difference = (scores.loss - expected).abs() / expected;
            assert!(
                difference < 1e-5,
                "{case}, step {step}: {} {expected}",
                scores.loss
            );
            let gradients = Gradients::of(&loss, &network);
            network = optimizer.step(lr, network, gradients);
        }
    }
}
