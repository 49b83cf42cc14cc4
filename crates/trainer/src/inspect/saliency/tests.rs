//! Against PyTorch: tests/golden/saliency.py made the numbers.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::collections::BTreeMap;

use burn::tensor::{Device, TensorData};
use models::{LayerSpec, NetworkSpec, StateDict, StateTensor};
use serde::Deserialize;

use super::*;

const SIZE: [usize; 3] = [3, 9, 7];
const STD: [f32; 3] = [0.5, 0.25, 0.2];

#[derive(Deserialize)]
struct Golden {
    logits: Vec<f32>,
    probabilities: Vec<f64>,
    predicted: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    class: Option<usize>,
    gradient: Vec<f32>,
    /// Grad-CAM by layer.
    #[serde(flatten)]
    layers: BTreeMap<String, Vec<f32>>,
}

/// The script's function of the same name.
fn numbers(count: usize, salt: usize, bound: f64) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 7919 + salt * 104_729) % 2003) as f64 - 1001.0)
        .map(|whole| (bound * whole / 1001.0) as f32)
        .collect()
}

fn network(device: &Device) -> Network {
    let conv = LayerSpec::conv2d(6, 3).padding(1).without_bias();
    let block = LayerSpec::Residual {
        body: vec![
            ("conv".into(), conv),
            ("bn".into(), LayerSpec::batch_norm()),
        ],
        shortcut: Vec::new(),
        after: vec![("relu".into(), LayerSpec::relu())],
    };
    let network = NetworkSpec::new("small")
        .layer("conv1", LayerSpec::conv2d(4, 3).padding(1))
        .layer("bn1", LayerSpec::batch_norm())
        .layer("relu1", LayerSpec::relu())
        .layer("pool1", LayerSpec::max_pool2d(2, 2))
        .layer("conv2", LayerSpec::conv2d(6, 2))
        .layer("relu2", LayerSpec::relu())
        .layer("block", block)
        .layer("drop", LayerSpec::dropout(0.5))
        .layer("flatten", LayerSpec::flatten())
        .layer("fc", LayerSpec::linear(4));
    let network = network.build(SIZE, device).unwrap();
    let own = network.state_dict().unwrap();
    let mut state = StateDict::default();
    for (salt, (name, StateTensor { shape, values })) in own.iter().enumerate() {
        let (spread, middle) = match name.ends_with("running_var") {
            true => (0.25, 1.0),
            false => (0.5, 0.0),
        };
        let values = numbers(values.len(), salt, spread);
        let tensor = StateTensor {
            shape: shape.clone(),
            values: values.iter().map(|value| middle + value).collect(),
        };
        state.insert(name, tensor);
    }
    network.with_state_dict(&state).unwrap()
}

fn image(device: &Device) -> Tensor<4> {
    let [channels, height, width] = SIZE;
    let pixels = numbers(SIZE.iter().product(), 99, 2.0);
    Tensor::from_data(
        TensorData::new(pixels, [1, channels, height, width]),
        device,
    )
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../tests/golden/saliency.json")).unwrap()
}

fn near(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 1e-5,
            "{what}: {found} {expected}"
        );
    }
}

#[test]
fn maps_are_pytorchs() {
    use SaliencyMethod::{GradCam, Gradient};
    let golden = golden();
    // A network that trains is asked as one that infers.
    for device in [Device::flex(), Device::flex().autodiff()] {
        let network = network(&device);
        for case in &golden.cases {
            assert_eq!(case.layers.len(), 4);
            for (layer, expected) in &case.layers {
                let what = format!("class {:?}, {layer}", case.class);
                let methods = [GradCam, Gradient];
                let image = image(&device);
                let found = saliency(&network, image, case.class, &methods, Some(layer), &STD);
                let found = found.unwrap();
                near(&found.prediction.logits, &golden.logits, &what);
                assert_eq!(found.class, case.class.unwrap_or(golden.predicted));
                let [cam, gradient] = found.maps.as_slice() else {
                    panic!("two maps");
                };
                assert_eq!((cam.method, cam.size), (GradCam, [9, 7]));
                assert_eq!(&cam.layer.as_ref().unwrap().0, layer);
                near(&cam.values, expected, &what);
                near(&gradient.values, &case.gradient, &what);
                assert_eq!(gradient.layer, None);
            }
        }
    }
}

#[test]
fn probabilities_are_pytorchs() {
    let golden = golden();
    let device = Device::flex();
    let found = saliency(&network(&device), image(&device), None, &[], None, &STD).unwrap();
    assert!(found.maps.is_empty());
    assert_eq!(found.class, golden.predicted);
    let found = found.prediction.probabilities;
    for (found, expected) in found.iter().zip(&golden.probabilities) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
}

#[test]
fn the_last_maps_are_taken_unless_a_layer_is_named() {
    let device = Device::flex();
    let network = network(&device);
    let of = |layer| {
        let methods = [SaliencyMethod::GradCam];
        saliency(&network, image(&device), Some(1), &methods, layer, &STD)
    };
    let default = of(None).unwrap();
    assert_eq!(default.maps[0].layer, Some(("block".into(), [6, 3, 2])));
    assert_eq!(default, of(Some("block")).unwrap());
}

#[test]
fn what_cannot_be_is_refused() {
    let device = Device::flex();
    let methods = [SaliencyMethod::GradCam];
    let error = |network: &Network, class, layer, std: &[f32]| {
        let [channels, height, width] = network.image();
        let image = Tensor::zeros([1, channels, height, width], &device);
        let error = saliency(network, image, class, &methods, layer, std).unwrap_err();
        assert!(error.is_usage());
        error.to_string()
    };
    let small = network(&device);
    let text = error(&small, Some(4), None, &STD);
    assert_eq!(
        text,
        "small tells 4 classes apart, from 0 on: there is no class 4"
    );
    let text = error(&small, None, Some("flatten"), &STD);
    assert!(
        text.contains("gives a row of 36 features and no maps"),
        "{text}"
    );
    let text = error(&small, None, Some("block.conf"), &STD);
    assert!(text.contains("did you mean `block.conv`?"), "{text}");
    let mlp = models::mlp(10).build([1, 28, 28], &device).unwrap();
    let text = error(&mlp, None, None, &[1.0]);
    assert!(
        text.contains("mlp has no convolution, and so no Grad-CAM: take the method `gradient`"),
        "{text}"
    );
    let googlenet = models::googlenet(10).width(0.0625).auxiliary_heads();
    let googlenet = googlenet.build([1, 32, 32], &device).unwrap();
    let text = error(&googlenet, None, Some("aux1.conv.conv"), &[1.0]);
    assert!(text.contains("second classifier for training"), "{text}");
}

#[test]
fn weights_that_are_no_numbers_are_an_error() {
    let device = Device::flex();
    let network = network(&device);
    let mut state = network.state_dict().unwrap();
    let mut weight = state.get("conv1.weight").unwrap().clone();
    weight.values[0] = f32::NAN;
    state.insert("conv1.weight", weight);
    let network = network.with_state_dict(&state).unwrap();
    let methods = [SaliencyMethod::Gradient];
    let error = saliency(&network, image(&device), None, &methods, None, &STD).unwrap_err();
    assert!(!error.is_usage());
    assert_eq!(
        error.to_string().split(';').next(),
        Some("small: the logits are not all finite")
    );
}
