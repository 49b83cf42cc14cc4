//! Gradients of a score by the images and by what layers give. Their values are held to
//! PyTorch's in crates/trainer/src/inspect.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use burn::{
    Tensor,
    tensor::{Device, Distribution},
};
use models::{Activation, LayerSpec, Network, NetworkSpec, googlenet};

const IMAGE: [usize; 3] = [2, 8, 8];

/// With all that differs between training and inference.
fn network(device: &Device) -> Network {
    let residual = LayerSpec::Residual {
        body: vec![
            ("conv".into(), LayerSpec::conv2d(4, 3).padding(1)),
            ("bn".into(), LayerSpec::batch_norm()),
        ],
        shortcut: Vec::new(),
        after: vec![("relu".into(), LayerSpec::relu())],
    };
    NetworkSpec::new("n")
        .layer("conv1", LayerSpec::conv2d(4, 3).padding(1))
        .layer("bn1", LayerSpec::batch_norm())
        .layer("relu1", LayerSpec::relu())
        .layer("block", residual)
        .layer("drop", LayerSpec::dropout(0.5))
        .layer("flatten", LayerSpec::flatten())
        .layer("fc", LayerSpec::linear(3))
        .seed(1)
        .build(IMAGE, device)
        .unwrap()
}

fn images(device: &Device) -> Tensor<4> {
    device.seed(7);
    let [channels, height, width] = IMAGE;
    Tensor::random([2, channels, height, width], Distribution::Default, device)
}

fn values(activation: &Activation) -> Vec<f32> {
    match activation {
        Activation::Map(x) => x.to_data().try_into_vec_as().unwrap(),
        Activation::Flat(x) => x.to_data().try_into_vec_as().unwrap(),
    }
}

const LAYERS: [&str; 5] = ["block.conv", "block", "relu1", "block.relu", "fc"];

#[test]
fn the_network_works_as_in_inference_and_stays_as_it_is() {
    let plain = Device::flex();
    let x = images(&plain);
    let expected = network(&plain).forward_collect(x.clone(), &LAYERS).unwrap();
    for device in [plain.clone(), plain.clone().autodiff()] {
        let network = network(&device);
        let before = network.state_dict().unwrap();
        let found = network.score_gradients(x.clone(), &LAYERS, |logits| logits.sum());
        let found = found.unwrap();
        assert_eq!(found.logits.to_data(), expected.0.to_data());
        assert_eq!(network.state_dict().unwrap(), before);
        assert_eq!(found.images.dims(), x.dims());
        for ((name, layer), output) in LAYERS.iter().zip(&found.layers).zip(&expected.1) {
            assert_eq!(values(&layer.output), values(output), "{name}");
            assert_eq!(layer.gradient.shape(), output.shape(), "{name}");
        }
        assert!(!found.images.is_autodiff() && !found.logits.is_autodiff());
        // The score is the sum of what `fc` gives.
        assert_eq!(values(&found.layers[4].gradient), [1.0; 6]);
        // A block gives what its last layer gives.
        assert_eq!(
            values(&found.layers[1].gradient),
            values(&found.layers[3].gradient)
        );
    }
}

/// Differences by a step, against what the gradient promises.
#[test]
fn the_gradient_says_how_the_score_changes() {
    let device = Device::flex();
    let network = network(&device);
    let x = images(&device);
    let score = |x: Tensor<4>| -> f64 {
        network
            .forward(x)
            .square()
            .sum()
            .into_scalar::<f32>()
            .into()
    };
    let found = network.score_gradients(x.clone(), &[], |logits| logits.square().sum());
    let gradient = found.unwrap().images;
    // Where it changes most, so that its parts do not cancel out.
    let direction = gradient.clone().sign();
    let promised: f64 = (gradient * direction.clone())
        .sum()
        .into_scalar::<f32>()
        .into();
    let step = 1e-3;
    let found =
        (score(x.clone() + direction.clone() * step) - score(x - direction * step)) / (2.0 * step);
    assert!(
        (found - promised).abs() < 0.01 * promised.abs(),
        "{found} {promised}"
    );
}

#[test]
fn a_second_classifier_has_no_share_in_the_score() {
    let device = Device::flex();
    let model = googlenet(10).width(0.0625).auxiliary_heads();
    let network = model.build([1, 32, 32], &device).unwrap();
    let x = Tensor::random([1, 1, 32, 32], Distribution::Default, &device);
    let names = ["aux1.fc2", "inception5b"];
    let found = network.score_gradients(x, &names, |logits| logits.max());
    let found = found.unwrap();
    assert!(values(&found.layers[0].gradient).iter().all(|g| *g == 0.0));
    assert!(values(&found.layers[1].gradient).iter().any(|g| *g != 0.0));
    let error = network.score_gradients(
        Tensor::zeros([1, 1, 32, 32], &device),
        &["aux1.fc3"],
        |logits| logits.sum(),
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("did you mean `aux1.fc")
    );
}
