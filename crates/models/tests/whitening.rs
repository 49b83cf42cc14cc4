//! The whitening convolution against an eigendecomposition of PyTorch's.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

mod support;

use burn::{
    Tensor,
    tensor::{Device, TensorData},
};
use models::{LayerSpec, Network, NetworkSpec, airbench94};
use serde::Deserialize;
use support::stream;

#[derive(Deserialize)]
struct Golden {
    shape: [usize; 4],
    image: Vec<f64>,
    gram: Vec<Vec<f64>>,
}

/// The script's function of the same name.
fn images([count, channels, height, width]: [usize; 4]) -> Vec<f64> {
    let size = channels * height * width;
    let mut x: Vec<f64> = stream("images", count * size).collect();
    for (rows, columns) in [(0, 1), (0, 1), (1, 0)] {
        x = (0..x.len())
            .map(|at| {
                let (row, column) = (at / width % height, at % width);
                let plane = at - row * width - column;
                let row = (row + height - rows) % height;
                let column = (column + width - columns) % width;
                (x[at] + x[plane + row * width + column]) / 2.0
            })
            .collect();
    }
    let scale = |at: usize| 0.5f64.powi((at / (height * width) % channels) as i32);
    x.iter().enumerate().map(|(at, v)| v * scale(at)).collect()
}

fn weight(network: &Network) -> Vec<f32> {
    let state = network.state_dict().unwrap();
    state.get("whiten.weight").unwrap().values.clone()
}

#[test]
fn makes_patches_uncorrelated_as_in_pytorch() {
    let golden: Vec<Golden> = serde_json::from_str(include_str!("golden/whitening.json")).unwrap();
    let Golden { shape, image, gram } = &golden[0];
    let pixels = images(*shape);
    for (found, expected) in pixels.iter().zip(image) {
        assert!((found - expected).abs() < 1e-8);
    }

    let device = Device::flex().autodiff();
    let pixels: Vec<f32> = pixels.into_iter().map(|v| v as f32).collect();
    let images = Tensor::from_data(TensorData::new(pixels, *shape), &device);
    let [_, channels, height, width] = *shape;
    let network = NetworkSpec::new("whitened")
        .layer("whiten", LayerSpec::WhiteningConv2d { kernel: 2 })
        .layer("flatten", LayerSpec::flatten())
        .layer("fc", LayerSpec::linear(10))
        .build([channels, height, width], &device)
        .unwrap();
    let before = network.state_dict().unwrap();
    let network = network
        .whiten([images.clone().narrow(0, 0, 40), images.narrow(0, 40, 24)])
        .unwrap();

    let weight = weight(&network);
    let (half, negatives) = weight.split_at(144);
    for (value, negative) in half.iter().zip(negatives) {
        assert_eq!(*value, -negative);
    }
    let largest = gram
        .concat()
        .iter()
        .fold(0.0, |max: f64, v| max.max(v.abs()));
    for (i, row) in gram.iter().enumerate() {
        for (j, expected) in row.iter().enumerate() {
            let product = |k: usize| f64::from(half[k * 12 + i]) * f64::from(half[k * 12 + j]);
            let found: f64 = (0..12).map(product).sum();
            assert!(
                (found - expected).abs() < 1e-4 * largest,
                "{i}, {j}: {found} {expected}"
            );
        }
    }
    // Nothing else has changed.
    for (name, tensor) in network.state_dict().unwrap().iter() {
        assert_eq!(
            before.get(name) == Some(tensor),
            name != "whiten.weight",
            "{name}"
        );
    }
}

#[test]
fn whitening_weights_are_not_trained() {
    let device = Device::flex().autodiff();
    let network = airbench94(10)
        .width(0.125)
        .build([3, 32, 32], &device)
        .unwrap();
    let images = Tensor::random([2, 3, 32, 32], burn::tensor::Distribution::Default, &device);
    let network = network.whiten([images.clone()]).unwrap();
    let gradients = network.forward(images).sum().backward();
    let gradients = support::of_gradients(network, &gradients);
    let largest = |name: &str| {
        let values = &gradients.get(name).unwrap().values;
        values.iter().fold(0f32, |max, v| max.max(v.abs()))
    };
    assert_eq!(largest("whiten.weight"), 0.0);
    assert!(largest("whiten.bias") > 0.0);
}
