//! Steps with values that nobody means: they are refused, or do no harm.

use std::{collections::HashSet, sync::Arc};

use rand::{RngExt, SeedableRng};
use serde::Deserialize;

use super::{Augment, Image, Pipeline, distribution::info};

/// The keys of every step. What a step has beside them has defaults.
const STEPS: &[(&str, &[&str])] = &[
    ("center-crop", &["size", "padding_mode", "fill"]),
    ("random-crop", &["size", "padding", "padding_mode", "fill"]),
    ("resize", &["size", "interpolation", "antialias"]),
    (
        "random-resized-crop",
        &["size", "scale", "ratio", "interpolation"],
    ),
    ("random-horizontal-flip", &["p"]),
    ("random-vertical-flip", &["p"]),
    (
        "random-rotation",
        &["degrees", "interpolation", "center", "fill"],
    ),
    (
        "random-affine",
        &[
            "degrees",
            "translate",
            "scale",
            "shear",
            "interpolation",
            "center",
        ],
    ),
    (
        "random-perspective",
        &["distortion_scale", "p", "interpolation", "fill"],
    ),
    ("elastic", &["alpha", "sigma", "interpolation", "fill"]),
    ("gaussian-blur", &["kernel_size", "sigma"]),
    ("random-grayscale", &["p"]),
    (
        "color-jitter",
        &["brightness", "contrast", "saturation", "hue"],
    ),
    ("random-invert", &["p"]),
    ("posterize", &["bits", "p"]),
    ("solarize", &["threshold", "p"]),
    ("equalize", &["p"]),
    ("autocontrast", &["p"]),
    ("sharpness", &["sharpness_factor", "p"]),
    (
        "rand-augment",
        &[
            "num_ops",
            "magnitude",
            "num_magnitude_bins",
            "interpolation",
            "fill",
        ],
    ),
    (
        "trivial-augment",
        &["num_magnitude_bins", "interpolation", "fill"],
    ),
    ("auto-augment", &["policy", "interpolation", "fill"]),
    ("random-erasing", &["p", "scale", "ratio", "value"]),
    ("cutout", &["size", "holes", "value"]),
    ("normalize", &["mean", "std"]),
    ("mixup", &["alpha"]),
    ("cutmix", &["alpha"]),
];

/// Numbers at and beyond the edges of what is meant, and some that are possible.
const NUMBERS: &[&str] = &[
    "nan",
    "inf",
    "-inf",
    "1e308",
    "-1e308",
    "1e-308",
    "5e-324",
    "0",
    "-1",
    "1",
    "2",
    "3",
    "7",
    "16",
    "31",
    "33",
    "100",
    "1000000000",
    "9223372036854775807",
    "0.0",
    "-0.0",
    "1.0",
    "0.3",
    "90.0",
    "1e6",
    "1e9",
    "-0.5",
    "3e38",
    "2e-38",
];

const WORDS: &[&str] = &[
    "\"constant\"",
    "\"edge\"",
    "\"reflect\"",
    "\"nearest\"",
    "\"bilinear\"",
    "\"mean\"",
    "\"random\"",
    "\"svhn\"",
    "true",
    "false",
];

/// Words where `key` takes them, and lists of numbers or one elsewhere.
fn value(key: &str, rng: &mut impl RngExt) -> String {
    let mut one = |of: &[&'static str]| of[rng.random_range(0..of.len())];
    match key {
        "padding_mode" => return one(&WORDS[..3]).into(),
        "interpolation" => return one(&WORDS[3..5]).into(),
        "policy" => return one(&WORDS[7..8]).into(),
        "antialias" => return one(&WORDS[8..]).into(),
        "value" if one(&["word", "number"]) == "word" => return one(&WORDS[5..7]).into(),
        _ => {}
    }
    // Mistakes are to be among values that are possible, so that a step of many
    // keys gets through at times.
    let good = one(&["good", "good", "nasty"]) == "good";
    let number = |one: &mut dyn FnMut(&[&'static str]) -> &'static str| match (good, key) {
        (true, "size" | "padding" | "kernel_size" | "num_ops" | "holes") => {
            one(&["1", "2", "3", "5", "16"])
        }
        (true, "magnitude" | "bits" | "fill" | "value" | "num_magnitude_bins") => {
            one(&["2", "3", "7"])
        }
        (true, _) => one(&["0.2", "0.5", "0.9"]),
        (false, _) => one(NUMBERS),
    };
    let least = match key {
        "scale" | "ratio" | "center" | "translate" | "mean" | "std" => 1,
        _ => 0,
    };
    let count: usize = match one(&["0", "0", "1", "2", "3", "4"]) {
        _ if good && matches!(key, "scale" | "ratio" | "center" | "translate") => 2,
        _ if good && !matches!(key, "mean" | "std") => 0,
        count => count.parse::<usize>().unwrap().max(least),
    };
    // In order, so that ranges are possible.
    let mut list: Vec<_> = (0..count).map(|_| number(&mut one)).collect();
    list.sort_by(|a, b| {
        let value = |text: &str| text.parse::<f64>().unwrap();
        value(a).total_cmp(&value(b))
    });
    match count {
        0 => number(&mut one).into(),
        _ => format!("[{}]", list.join(", ")),
    }
}

#[derive(Debug, Deserialize)]
struct Config {
    augment: Vec<Augment>,
}

/// Runs `pipeline`: the shapes are as they are said to be.
fn run(pipeline: &Pipeline, text: &str) {
    let shape = pipeline.info().shape();
    let scored = pipeline.for_evaluation();
    assert_eq!(scored.shape(), pipeline.shape(), "{text}");
    assert_eq!(scored.normalization(), pipeline.normalization(), "{text}");
    for epoch in 0..3 {
        let pixels = (0..shape.iter().product()).map(|i: usize| (i * 7919 % 251) as u8);
        let mut image = Image::new(pixels.collect(), shape);
        let mut other = image.clone();
        scored.apply(&mut other, 5, epoch, 0);
        assert_eq!(other.shape(), pipeline.shape(), "{text}");
        pipeline.apply(&mut image, 5, epoch, 0);
        assert_eq!(image.shape(), pipeline.shape(), "{text}");
        let mut batch = [image.pixels(), other.pixels()].concat();
        let kept = pipeline.mix(&mut batch, 5, epoch, 0);
        assert!((0.0..=1.0).contains(&kept), "{text}: {kept}");
        let mut values = vec![f32::NAN; image.pixels().len()];
        pipeline.normalization().write(image.pixels(), &mut values);
        assert!(values.iter().all(|value| value.is_finite()), "{text}");
    }
}

#[test]
fn nasty_values_are_refused_or_do_no_harm() {
    let names: Vec<_> = STEPS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, Augment::NAMES, "every step, in their order");
    let mut rng = chacha20::ChaCha8Rng::seed_from_u64(1);
    let (mut ran, mut refused) = (HashSet::new(), HashSet::new());
    for turn in 0..STEPS.len() * 400 {
        let (name, keys) = STEPS[turn % STEPS.len()];
        let mut text = format!("[[augment]]\nname = \"{name}\"\n");
        for key in keys {
            if rng.random_range(0..4) > 0 {
                text += &format!("{key} = {}\n", value(key, &mut rng));
            }
        }
        let Ok(Config { augment }) = toml::from_str::<Config>(&text) else {
            continue;
        };
        let again = toml::to_string(&augment[0]).unwrap();
        let again: Augment = toml::from_str(&again).unwrap();
        // NaN is not equal to itself.
        assert_eq!(format!("{again:?}"), format!("{:?}", augment[0]), "{text}");
        let shapes = [[1, 1, 1], [3, 1, 1], [4, 6, 5], [3, 32, 32]];
        let shape = shapes[rng.random_range(0..shapes.len())];
        let mut info = info([1; 3]);
        [info.channels, info.height, info.width] = shape;
        info.mean = vec![0.5; shape[0]];
        info.std = vec![0.25; shape[0]];
        match Pipeline::new(augment, Arc::new(info)) {
            Ok(pipeline) => {
                ran.insert(name);
                run(&pipeline, &format!("{shape:?} {text}"));
            }
            Err(error) => {
                refused.insert(name);
                let error = error.to_string();
                assert!(error.contains(&format!("step 1 ({name}), ")), "{error}");
            }
        }
    }
    assert_eq!(ran.len(), STEPS.len(), "{ran:?}");
    // A policy that is named has no number that could be wrong but its fill.
    assert_eq!(refused.len(), STEPS.len(), "{refused:?}");
}
