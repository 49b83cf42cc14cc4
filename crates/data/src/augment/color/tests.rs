use std::{collections::HashMap, sync::Arc};

use super::{grayscale::grayscale, hue::hue, jitter::Change, *};
use crate::{
    Augment, DatasetInfo, Pipeline,
    augment::{Image, Interval, golden::Case},
};

#[test]
fn colours_are_torchvisions() {
    for case in Case::all("color.json") {
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

#[test]
fn jitter_draws_factors_evenly_from_their_ranges() {
    let brightness = |interval| ColorJitter {
        brightness: Some(interval),
        ..ColorJitter::default()
    };
    for (interval, [least, most]) in [
        (Interval::Symmetric(0.4), [0.6, 1.4]),
        (Interval::Symmetric(2.0), [0.0, 3.0]),
        (Interval::Range([1.5, 2.0]), [1.5, 2.0]),
    ] {
        let level = first_byte(brightness(interval), [80; 3]);
        let levels: Vec<f64> = (0..2000).map(|index| f64::from(level(index))).collect();
        let (low, high) = levels.iter().fold((255.0_f64, 0.0_f64), |(low, high), &l| {
            (low.min(l), high.max(l))
        });
        let (least, most) = (80.0 * least, 80.0 * most);
        // Cut to bytes.
        assert!(
            (least - 1.0..least + 3.0).contains(&low),
            "{interval:?}: {low}"
        );
        assert!((most - 3.0..most).contains(&high), "{interval:?}: {high}");
        let mean = levels.iter().sum::<f64>() / 2000.0 + 0.5;
        let error = (most - least) / 12_f64.sqrt() / 2000_f64.sqrt();
        assert!(
            (mean - (least + most) / 2.0).abs() < 4.0 * error,
            "{interval:?}: {mean}"
        );
    }
}

#[test]
fn jitter_applies_its_changes_in_every_order() {
    // Each order of brightness, contrast and saturation gives another colour,
    // and the hue is turned before, between or after.
    let fixed = |factor| Some(Interval::Range([factor; 2]));
    let jitter = ColorJitter {
        brightness: fixed(1.7),
        contrast: fixed(1.9),
        saturation: fixed(0.3),
        hue: fixed(0.31),
    };
    let pipeline = Pipeline::new(vec![jitter.into()], info(3)).unwrap();
    let mut found = HashMap::<Vec<u8>, usize>::new();
    for index in 0..4800 {
        let mut image = Image::new(vec![201, 35, 90], [3, 1, 1]);
        pipeline.apply(&mut image, 1, 1, index);
        *found.entry(image.pixels().to_vec()).or_default() += 1;
    }
    let mut expected = HashMap::<Vec<u8>, usize>::new();
    let changes: [(Change, f64); 4] = [
        (brightness, 1.7),
        (contrast, 1.9),
        (saturation, 0.3),
        (hue, 0.31),
    ];
    for order in 0..256_usize {
        let order = [order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6];
        if (0..4).all(|change| order.contains(&change)) {
            let mut image = Image::new(vec![201, 35, 90], [3, 1, 1]);
            for (change, factor) in order.map(|change| changes[change]) {
                change(&mut image, factor);
            }
            *expected.entry(image.pixels().to_vec()).or_default() += 1;
        }
    }
    assert!(expected.len() > 12, "{expected:?}");
    assert_eq!(found.len(), expected.len());
    for (colour, orders) in expected {
        let share = found[&colour] as f64 / 4800.0;
        let p = orders as f64 / 24.0;
        assert!(
            (share - p).abs() < 4.0 * (p * (1.0 - p) / 4800.0).sqrt(),
            "{colour:?}: {share}"
        );
    }
}

#[test]
fn parameters_that_cannot_be_are_named() {
    let problem = |step: Augment, channels| {
        Pipeline::new(vec![step], info(channels))
            .unwrap_err()
            .to_string()
    };
    let p = 0.5;
    let jitter = ColorJitter::default;
    let symmetric = |v| Some(Interval::Symmetric(v));
    for (step, channels, expected) in [
        (
            RandomInvert { p: 1.5 }.into(),
            3,
            "(random-invert), p: 1.5 is not a probability",
        ),
        (
            RandomPosterize { bits: 9, p }.into(),
            3,
            "(posterize), bits: 9 of a byte cannot be kept",
        ),
        (
            RandomSolarize {
                threshold: 256.0,
                p,
            }
            .into(),
            3,
            "(solarize), threshold: 256 is not a level",
        ),
        (
            RandomSolarize {
                threshold: f64::NAN,
                p,
            }
            .into(),
            3,
            "(solarize), threshold: NaN is not a level",
        ),
        (
            RandomAdjustSharpness {
                sharpness_factor: -1.0,
                p,
            }
            .into(),
            3,
            "(sharpness), sharpness_factor: -1 is not a factor",
        ),
        (
            RandomAutocontrast { p }.into(),
            4,
            "(autocontrast), name: it takes images of 1 or 3 channels, and these have 4",
        ),
        (
            RandomGrayscale { p }.into(),
            2,
            "(random-grayscale), name: it takes",
        ),
        (jitter().into(), 2, "(color-jitter), name: it takes"),
        (
            ColorJitter {
                brightness: symmetric(-0.1),
                ..jitter()
            }
            .into(),
            3,
            "(color-jitter), brightness: -0.1 is not a number of at least 0",
        ),
        (
            ColorJitter {
                contrast: Some(Interval::Range([-0.1, 1.0])),
                ..jitter()
            }
            .into(),
            3,
            "(color-jitter), contrast: -0.1 is not a factor",
        ),
        (
            ColorJitter {
                saturation: Some(Interval::Range([2.0, 1.0])),
                ..jitter()
            }
            .into(),
            3,
            "(color-jitter), saturation: from 2 to 1 is not a range",
        ),
        (
            ColorJitter {
                brightness: symmetric(1e300),
                ..jitter()
            }
            .into(),
            3,
            "(color-jitter), brightness: 1",
        ),
        (
            ColorJitter {
                hue: symmetric(0.6),
                ..jitter()
            }
            .into(),
            3,
            "(color-jitter), hue: from -0.6 to 0.6 does not lie between",
        ),
    ] {
        let problem = problem(step, channels);
        assert!(problem.contains(expected), "{problem}");
    }
    // Steps of single levels take any number of channels.
    for step in [
        RandomInvert { p }.into(),
        RandomEqualize { p }.into(),
        RandomSolarize { threshold: 0.0, p }.into(),
    ] {
        assert!(Pipeline::new(vec![step], info(4)).is_ok());
    }
}
