//! Losses against PyTorch's: tests/golden/losses.py made the numbers.

use burn::tensor::TensorData;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Golden {
    logits: Vec<f32>,
    labels: Vec<i32>,
    soft_targets: Vec<f32>,
    /// Training images of each class.
    counts: Vec<usize>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    /// The table `[loss]`.
    config: LossConfig,
    /// Whether the soft targets are given.
    soft: bool,
    loss: f32,
    /// By the logits.
    gradient: Vec<f32>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../tests/golden/losses.json")).expect("the golden losses")
}

fn close(found: f32, expected: f32, what: &str) {
    let difference = (found - expected).abs();
    let most = 1e-6 * expected.abs().max(1.0);
    assert!(difference <= most, "{what}: {found} {expected}");
}

#[test]
fn losses_and_gradients_are_pytorchs() {
    let device = Device::flex().autodiff();
    let golden = golden();
    let (images, classes) = (golden.labels.len(), golden.counts.len());
    for case in &golden.cases {
        let what = format!("{:?}, soft {}", case.config, case.soft);
        let matrix = |values: &[f32]| {
            let data = TensorData::new(values.to_vec(), [images, classes]);
            Tensor::<2>::from_data(data, &device)
        };
        let logits = matrix(&golden.logits).require_grad();
        let labels = TensorData::new(golden.labels.clone(), [images]);
        let labels = Tensor::from_data(labels, &device);
        let soft = case.soft.then(|| matrix(&golden.soft_targets));
        // On either device: the loss of evaluation is asked for without autodiff.
        for place in [&device, &Device::flex()] {
            let loss = case.config.init(&golden.counts, place).unwrap();
            let value = loss.forward(logits.clone(), labels.clone(), soft.clone());
            assert_eq!(value.dims(), [1]);
            let gradients = value.backward();
            close(value.into_scalar(), case.loss, &what);
            let gradient = logits.grad(&gradients).unwrap();
            let gradient = gradient.try_into_vec_as::<f32>().unwrap();
            for (found, expected) in gradient.iter().zip(&case.gradient) {
                close(*found, *expected, &what);
            }
        }
    }
}

#[test]
fn evaluation_takes_the_plain_form() {
    let text = "label_smoothing = 0.1\nclass_weights = [1, 2]";
    let config: LossConfig = toml::from_str(text).unwrap();
    assert_eq!(config.for_evaluation(), LossConfig::default());
    let focal: LossConfig = toml::from_str("name = \"focal\"\ngamma = 1.5").unwrap();
    assert_eq!(focal.for_evaluation(), focal);
}

#[test]
fn weights_must_fit_the_classes() {
    for (text, counts, words) in [
        (
            "class_weights = [1.0, 2.0]",
            &[1, 1, 1][..],
            "for each of the 3 classes, and has 2",
        ),
        (
            "class_weights = \"balanced\"",
            &[3, 0],
            "no training image of class 1",
        ),
    ] {
        let config: LossConfig = toml::from_str(text).unwrap();
        let Err(error) = config.init(counts, &Device::flex()) else {
            panic!("{text} with {counts:?}");
        };
        let error = error.to_string();
        assert!(
            error.starts_with("loss.class_weights = ") && error.contains(words),
            "{error}"
        );
    }
    let error = toml::from_str::<LossConfig>("class_weights = \"even\"").unwrap_err();
    assert!(
        error.to_string().contains("\"balanced\" or a list"),
        "{error}"
    );
}

#[test]
fn a_sure_prediction_has_a_gradient() {
    let device = Device::flex().autodiff();
    for gamma in [0.0, 0.3, 1.0, 2.0] {
        let config = LossConfig {
            name: LossName::Focal,
            gamma: Some(gamma),
            ..LossConfig::default()
        };
        let loss = config.init(&[1, 1], &device).unwrap();
        // p is 1 in f32.
        let logits = Tensor::from_data([[90.0, 0.0]], &device).require_grad();
        let labels = Tensor::from_data([0], &device);
        let gradients = loss.forward(logits.clone(), labels, None).backward();
        let gradient = logits.grad(&gradients).unwrap();
        for slope in gradient.try_into_vec_as::<f32>().unwrap() {
            assert!(slope.is_finite(), "gamma {gamma}: {slope}");
        }
    }
}
