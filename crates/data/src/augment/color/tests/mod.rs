mod jitter;
mod parameters;

use std::{collections::HashSet, sync::Arc};

use super::{grayscale::grayscale, hue::hue, *};
use crate::{
    Augment, DatasetInfo, Pipeline,
    augment::{Image, golden::Case},
};

#[test]
fn colours_are_torchvisions() {
    for case in Case::all("colour.json") {
        let mut image = case.image();
        match case.step.as_str() {
            "grayscale" => grayscale(&mut image),
            "brightness" => brightness(&mut image, case.parameter("brightness_factor")),
            "contrast" => contrast(&mut image, case.parameter("contrast_factor")),
            "saturation" => saturation(&mut image, case.parameter("saturation_factor")),
            "sharpness" => sharpness(&mut image, case.parameter("sharpness_factor")),
            "hue" => hue(&mut image, case.parameter("hue_factor")),
            "invert" => invert(&mut image),
            "posterize" => posterize(&mut image, case.parameter("bits")),
            "solarize" => solarize(&mut image, case.parameter("threshold")),
            "equalize" => equalize(&mut image),
            "autocontrast" => autocontrast(&mut image),
            other => panic!("no test for {other}"),
        }
        case.check(&image, 0);
    }
}

/// The first byte of image `index`, a pixel of `colour`, after `step`.
fn first_byte(step: impl Into<Augment>, colour: [u8; 3]) -> impl Fn(usize) -> u8 {
    let pipeline = Pipeline::new(vec![step.into()], info(3)).unwrap();
    move |index| {
        let mut image = Image::new(colour.to_vec(), [3, 1, 1]);
        pipeline.apply(&mut image, 5, 1, index);
        image.pixels()[0]
    }
}

fn info(channels: usize) -> Arc<DatasetInfo> {
    Arc::new(DatasetInfo {
        name: "test".into(),
        classes: vec!["a".into()],
        channels,
        height: 1,
        width: 1,
        mean: vec![0.5; channels],
        std: vec![0.25; channels],
    })
}

#[test]
fn steps_change_the_share_of_images_that_p_says() {
    let share = |step: Augment| {
        let changed = first_byte(step, [200, 100, 50]);
        (0..4000).filter(|&index| changed(index) != 200).count() as f64 / 4000.0
    };
    // Four standard deviations.
    let near = |share: f64, p: f64| (share - p).abs() <= 4.0 * (p * (1.0 - p) / 4000.0).sqrt();
    let grey = share(RandomGrayscale::default().into());
    assert!(near(grey, 0.1), "{grey}");
    for p in [0.0, 0.25, 0.5, 1.0] {
        let bits = 0;
        let threshold = 128.0;
        for step in [
            RandomGrayscale { p }.into(),
            RandomInvert { p }.into(),
            RandomPosterize { bits, p }.into(),
            RandomSolarize { threshold, p }.into(),
        ] {
            let share = share(step);
            assert!(near(share, p), "{share} for {p}");
        }
    }
}

/// A step as a configuration has it.
fn step(config: &str) -> Result<Augment, serde_json::Error> {
    serde_json::from_str(config)
}

#[test]
fn an_image_changes_alike_whatever_was_in_the_buffers() {
    let info = Arc::new(DatasetInfo {
        height: 20,
        width: 19,
        ..DatasetInfo::clone(&info(3))
    });
    let pixels: Vec<u8> = (0..3 * 20 * 19)
        .map(|i| (30 + i * 7919 % 2003 % 200) as u8)
        .collect();
    for config in [
        r#"{"name": "color-jitter", "brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1}"#,
        r#"{"name": "random-grayscale", "p": 0.5}"#,
        r#"{"name": "random-invert"}"#,
        r#"{"name": "posterize", "bits": 4}"#,
        r#"{"name": "solarize", "threshold": 128}"#,
        r#"{"name": "equalize"}"#,
        r#"{"name": "autocontrast"}"#,
        r#"{"name": "sharpness", "sharpness_factor": 2.0}"#,
        r#"{"name": "rand-augment"}"#,
        r#"{"name": "trivial-augment"}"#,
        r#"{"name": "auto-augment"}"#,
    ] {
        let pipeline = Pipeline::new(vec![step(config).unwrap()], Arc::clone(&info)).unwrap();
        let mut reused = Image::default();
        let mut outcomes = HashSet::new();
        for index in 0..40 {
            let mut fresh = Image::new(pixels.clone(), [3, 20, 19]);
            pipeline.apply(&mut fresh, 7, 3, index);
            reused.load(&pixels, [3, 20, 19]);
            pipeline.apply(&mut reused, 7, 3, index);
            assert_eq!(fresh.pixels(), reused.pixels(), "{config}");
            outcomes.insert(fresh.pixels().to_vec());
        }
        assert!(outcomes.len() > 1, "{config}");
    }
}
