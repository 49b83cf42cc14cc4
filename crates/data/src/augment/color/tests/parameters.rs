use super::*;
use crate::augment::Interval;

#[test]
fn configurations_have_torchvisions_parameters() {
    let jitter =
        step(r#"{"name": "color-jitter", "brightness": 0.4, "hue": [-0.1, 0.2]}"#).unwrap();
    let expected = ColorJitter {
        brightness: Some(Interval::Symmetric(0.4)),
        hue: Some(Interval::Range([-0.1, 0.2])),
        ..ColorJitter::default()
    };
    assert_eq!(jitter, expected.into());
    let sharpness = step(r#"{"name": "sharpness", "sharpness_factor": 2.0}"#).unwrap();
    let expected = RandomAdjustSharpness {
        sharpness_factor: 2.0,
        p: 0.5,
    };
    assert_eq!(sharpness, expected.into());
    let grey = step(r#"{"name": "random-grayscale"}"#).unwrap();
    assert_eq!(grey, RandomGrayscale { p: 0.1 }.into());
    for (config, expected) in [
        (r#"{"name": "posterize"}"#, "missing field `bits`"),
        (
            r#"{"name": "solarize", "p": 0.1}"#,
            "missing field `threshold`",
        ),
        (r#"{"name": "equalize", "bits": 3}"#, "unknown field `bits`"),
        (
            r#"{"name": "color-jitter", "hue": "red"}"#,
            "a number, or [least, most]",
        ),
    ] {
        let problem = step(config).unwrap_err().to_string();
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn parameters_that_cannot_be_are_named() {
    let problem = |step: Augment, channels| {
        let error = Pipeline::new(vec![step], info(channels)).unwrap_err();
        error.to_string()
    };
    for (channels, config, expected) in [
        (
            3,
            r#"{"name": "random-invert", "p": 1.5}"#,
            "p: 1.5 is not a probability",
        ),
        (
            3,
            r#"{"name": "posterize", "bits": 9}"#,
            "bits: 9 of a byte cannot be kept",
        ),
        (
            3,
            r#"{"name": "solarize", "threshold": 256}"#,
            "threshold: 256 is not a level",
        ),
        (
            3,
            r#"{"name": "sharpness", "sharpness_factor": -1}"#,
            "sharpness_factor: -1 is not a factor",
        ),
        (
            3,
            r#"{"name": "sharpness", "sharpness_factor": 1e200}"#,
            "sharpness_factor: 1",
        ),
        (
            4,
            r#"{"name": "autocontrast"}"#,
            "name: it takes images of 1 or 3 channels, and these have 4",
        ),
        (2, r#"{"name": "random-grayscale"}"#, "name: it takes"),
        (
            2,
            r#"{"name": "sharpness", "sharpness_factor": 2}"#,
            "name: it takes",
        ),
        (2, r#"{"name": "color-jitter"}"#, "name: it takes"),
        (
            3,
            r#"{"name": "color-jitter", "brightness": -0.1}"#,
            "brightness: -0.1 is not a number",
        ),
        (
            3,
            r#"{"name": "color-jitter", "contrast": [-0.1, 1]}"#,
            "contrast: -0.1 is not a factor",
        ),
        (
            3,
            r#"{"name": "color-jitter", "saturation": [2, 1]}"#,
            "saturation: from 2 to 1 is not a range",
        ),
        (
            3,
            r#"{"name": "color-jitter", "brightness": 1e200}"#,
            "brightness: 1",
        ),
        (
            3,
            r#"{"name": "color-jitter", "hue": 0.6}"#,
            "hue: from -0.6 to 0.6 does not lie between",
        ),
    ] {
        let step = step(config).unwrap();
        let expected = format!("augment, step 1 ({}), {expected}", step.name());
        let problem = problem(step, channels);
        assert!(problem.starts_with(&expected), "{problem}");
    }
    let threshold = f64::NAN;
    let problem = problem(RandomSolarize { threshold, p: 0.5 }.into(), 3);
    assert!(
        problem.contains("threshold: NaN is not a level"),
        "{problem}"
    );
}

#[test]
fn steps_of_single_levels_take_any_number_of_channels() {
    for config in [
        r#"{"name": "random-invert"}"#,
        r#"{"name": "posterize", "bits": 0}"#,
        r#"{"name": "solarize", "threshold": 255}"#,
        r#"{"name": "equalize"}"#,
    ] {
        let pipeline = Pipeline::new(vec![step(config).unwrap()], info(4)).unwrap();
        assert_eq!(pipeline.shape(), [4, 1, 1]);
    }
}
