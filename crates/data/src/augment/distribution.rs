//! Random parameters: drawn many times, and held against what they are meant to be.

use super::{Draw, Image, Normalization, Step};
use crate::DatasetInfo;

/// What describes images of `shape`.
pub fn info([channels, height, width]: [usize; 3]) -> DatasetInfo {
    DatasetInfo {
        name: "test".into(),
        classes: vec!["a".into()],
        channels,
        height,
        width,
        mean: vec![0.5, 0.4, 0.3][..channels].to_vec(),
        std: vec![0.1, 0.15, 0.05][..channels].to_vec(),
    }
}

/// What `of` makes of the draws of 2,000 images.
pub fn draws<T>(of: impl Fn(&mut Draw) -> T) -> Vec<T> {
    let normalization = Normalization::of(&info([3, 32, 48]));
    (0..2_000)
        .map(|index| of(&mut Draw::for_image(&normalization, 7, 1, index)))
        .collect()
}

/// A black image after `step`: its bytes.
pub fn after(step: &dyn Step, [channels, height, width]: [usize; 3], draw: &mut Draw) -> Vec<u8> {
    let shape = [channels, height, width];
    let mut image = Image::new(vec![0; shape.iter().product()], shape);
    step.apply(&mut image, draw);
    image.pixels().to_vec()
}

/// That the mean and standard deviation are these: within five standard errors,
/// of which the deviation's is taken for that of a uniform or normal sample.
pub fn assert_moments(values: impl IntoIterator<Item = f64>, mean: f64, std: f64) {
    let values: Vec<f64> = values.into_iter().collect();
    let count = values.len() as f64;
    let found = values.iter().sum::<f64>() / count;
    let square: f64 = values.iter().map(|value| (value - found).powi(2)).sum();
    let (found_std, error) = ((square / count).sqrt(), std / count.sqrt());
    assert!(
        (found - mean).abs() <= 5.0 * error,
        "mean {found}, not {mean}"
    );
    assert!(
        (found_std - std).abs() <= 5.0 * error,
        "std {found_std}, not {std}"
    );
}

/// That the values are uniform over a range, by its ends, mean and deviation.
pub fn assert_uniform(values: impl IntoIterator<Item = f64>, [low, high]: [f64; 2]) {
    let values: Vec<f64> = values.into_iter().collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let near = (high - low) / 100.0;
    assert!(
        low <= least && least < low + near,
        "least {least}, not {low}"
    );
    assert!(
        high - near < most && most <= high,
        "most {most}, not {high}"
    );
    assert_moments(values, (low + high) / 2.0, (high - low) / 12_f64.sqrt());
}

mod steps {
    use std::sync::Arc;

    use serde_json::json;

    use super::info;
    use crate::augment::{Augment, Image, Pipeline};

    /// What torchvision takes without parameters, and what it needs.
    fn steps() -> Vec<Augment> {
        let steps = json!([
            {"name": "resize", "size": [20, 30]},
            {"name": "random-resized-crop"},
            {"name": "random-resized-crop", "size": 24, "interpolation": "nearest"},
            {"name": "random-rotation", "degrees": 30},
            {"name": "random-affine", "degrees": [-10, 20], "translate": [0.1, 0.2],
                "scale": [0.8, 1.2], "shear": 5, "interpolation": "bilinear", "fill": [1, 2, 3]},
            {"name": "random-affine", "degrees": 0, "shear": [-5, 5, 0, 9], "center": [3, 4]},
            {"name": "random-perspective", "p": 1},
            {"name": "elastic"},
            {"name": "gaussian-blur", "kernel_size": [3, 5]},
            {"name": "random-erasing", "p": 1, "value": "random"},
            {"name": "cutout", "size": 8, "value": [1, 2, 3], "holes": 2},
        ]);
        serde_json::from_value(steps).unwrap()
    }

    /// The bytes of image `index` after `step`.
    fn apply(step: &Augment, index: usize) -> Image {
        let info = Arc::new(info([3, 48, 32]));
        let pixels = (0..info.image_len()).map(|i| (i * 7919 % 251) as u8);
        let mut image = Image::new(pixels.collect(), info.shape());
        let pipeline = Pipeline::new(vec![step.clone()], info).unwrap();
        pipeline.apply(&mut image, 1, 1, index);
        assert_eq!(image.shape(), pipeline.shape(), "{step:?}");
        assert_eq!(
            pipeline.for_evaluation().shape(),
            pipeline.shape(),
            "{step:?}"
        );
        image
    }

    #[test]
    fn the_same_draw_gives_the_same_bytes_and_another_others() {
        for step in steps() {
            assert_eq!(apply(&step, 3), apply(&step, 3), "{step:?}");
            let random = step.name() != "resize";
            assert_eq!(apply(&step, 3) != apply(&step, 4), random, "{step:?}");
        }
    }

    #[test]
    fn steps_are_written_as_they_are_read() {
        for step in steps() {
            let text = serde_json::to_string(&step).unwrap();
            assert_eq!(
                serde_json::from_str::<Augment>(&text).unwrap(),
                step,
                "{text}"
            );
        }
    }

    #[test]
    fn wrong_parameters_are_named() {
        let cases = [
            (json!({"name": "resize", "size": 0}), "size"),
            (
                json!({"name": "random-resized-crop", "scale": [0.5, 1.5]}),
                "scale",
            ),
            (
                json!({"name": "random-resized-crop", "ratio": [0, 1]}),
                "ratio",
            ),
            (
                json!({"name": "random-resized-crop", "size": [3, 99999]}),
                "size",
            ),
            (json!({"name": "random-rotation", "degrees": -5}), "degrees"),
            (
                json!({"name": "random-rotation", "degrees": 5, "fill": [1, 2]}),
                "fill",
            ),
            (
                json!({"name": "random-affine", "degrees": [5, 4]}),
                "degrees",
            ),
            (
                json!({"name": "random-affine", "degrees": 0, "translate": [0.1, 1.1]}),
                "translate",
            ),
            (
                json!({"name": "random-affine", "degrees": 0, "scale": [0, 1]}),
                "scale",
            ),
            (
                json!({"name": "random-affine", "degrees": 0, "shear": [0, 1, 2, 1]}),
                "shear",
            ),
            (
                json!({"name": "random-perspective", "distortion_scale": 1.5}),
                "distortion_scale",
            ),
            (json!({"name": "random-perspective", "p": 2}), "p"),
            (json!({"name": "elastic", "sigma": [1, 0]}), "sigma"),
            (json!({"name": "elastic", "sigma": 8}), "sigma"),
            (
                json!({"name": "gaussian-blur", "kernel_size": 4}),
                "kernel_size",
            ),
            (
                json!({"name": "gaussian-blur", "kernel_size": 3, "sigma": 0}),
                "sigma",
            ),
            (
                json!({"name": "random-erasing", "scale": [0.4, 0.3]}),
                "scale",
            ),
            (json!({"name": "random-erasing", "value": [1]}), "value"),
            (json!({"name": "cutout", "size": 0}), "size"),
            (json!({"name": "cutout", "size": 4, "holes": 0}), "holes"),
        ];
        for (step, key) in cases {
            let text = step.to_string();
            let step: Augment = serde_json::from_value(step).unwrap();
            let error = Pipeline::new(vec![step], Arc::new(info([3, 32, 32]))).unwrap_err();
            assert!(
                error.to_string().contains(&format!(", {key}: ")),
                "{text}: {error}"
            );
        }
    }
}
