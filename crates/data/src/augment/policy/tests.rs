use std::{collections::HashMap, sync::Arc};

use super::{rand_augment::OPERATIONS, *};
use crate::{
    Augment, DatasetInfo, Pipeline,
    augment::{
        golden::Case,
        policy::space::{STANDARD, WIDE},
    },
};

/// The operation that torchvision calls `name`.
fn operation(name: &str) -> Operation {
    let operations = OPERATIONS.into_iter().chain([Operation::Invert]);
    let mut named = operations.filter(|operation| format!("{operation:?}") == name);
    named.next().unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn operations_and_their_magnitudes_are_torchvisions() {
    for case in Case::all("policies.json") {
        let mut image = case.image();
        match case.step.as_str() {
            "auto-augment" => apply_pair(&case, &mut image),
            "rand-augment" => apply_operation(&STANDARD, &case, &mut image),
            "trivial-augment" => apply_operation(&WIDE, &case, &mut image),
            "rand-augment's magnitudes" => check_magnitudes(&STANDARD, &case, &image),
            "trivial-augment's magnitudes" => check_magnitudes(&WIDE, &case, &image),
            other => panic!("no test for {other}"),
        }
        // Warps may be off by one where they interpolate; the rest is exact.
        let levels = match case.step.as_str() {
            "rand-augment" | "trivial-augment" => {
                u8::from(case.parameter::<Interpolation>("mode") == Interpolation::Bilinear)
            }
            _ => 0,
        };
        case.check(&image, levels);
    }
}

fn apply_operation(space: &Space, case: &Case, image: &mut Image) {
    let operation = operation(&case.parameter::<String>("operation"));
    assert_eq!(operation.is_signed(), case.parameter::<bool>("signed"));
    let bin = Bin {
        at: case.parameter("bin"),
        of: case.parameter("bins"),
    };
    let sign: f64 = case.parameter("sign");
    let magnitude = sign * space.magnitude(operation, bin, image.shape());
    let fill: Option<Fill> = case.parameter("fill");
    operation.apply(image, magnitude, case.parameter("mode"), fill.as_ref());
}

fn apply_pair(case: &Case, image: &mut Image) {
    let policy: AutoAugmentPolicy = case.parameter("policy");
    let pair = policy.table()[case.parameter::<usize>("number")];
    let named = pair.map(|(operation, p, at)| (format!("{operation:?}"), p, at));
    assert_eq!(named, case.parameter::<[(String, f64, usize); 2]>("pair"));
    for (operation, _, at) in pair {
        let of = auto_augment::BINS;
        let magnitude = STANDARD.magnitude(operation, Bin { at, of }, image.shape());
        operation.apply(image, magnitude, Interpolation::Nearest, None);
    }
}

fn check_magnitudes(space: &Space, case: &Case, image: &Image) {
    let operation = operation(&case.parameter::<String>("operation"));
    // They are `f32`, and the file's decimal places are enough for those.
    let expected: Vec<f32> = case.parameter("magnitudes");
    let of = expected.len();
    let found = (0..of).map(|at| space.magnitude(operation, Bin { at, of }, image.shape()) as f32);
    assert_eq!(found.collect::<Vec<_>>(), expected, "{operation:?}");
}

/// Large enough to be equalized.
const SHAPE: [usize; 3] = [1, 16, 17];

fn image() -> Image {
    Image::new(
        (0..16 * 17)
            .map(|i| (20 + i * 7919 % 2003 % 199) as u8)
            .collect(),
        SHAPE,
    )
}

fn pipeline(step: Augment, channels: usize) -> Result<Pipeline, crate::DataError> {
    let [_, height, width] = SHAPE;
    let info = DatasetInfo {
        name: "test".into(),
        classes: vec!["a".into()],
        channels,
        height,
        width,
        mean: vec![0.5; channels],
        std: vec![0.25; channels],
    };
    Pipeline::new(vec![step], Arc::new(info))
}

/// Images with their probabilities.
type Outcomes = HashMap<Vec<u8>, f64>;

/// What becomes of `images` by `operation` with probability `p`, to either side.
fn after(images: &Outcomes, space: &Space, operation: Operation, p: f64, bin: Bin) -> Outcomes {
    let mut outcomes = Outcomes::new();
    for (pixels, share) in images {
        *outcomes.entry(pixels.clone()).or_default() += share * (1.0 - p);
        for sign in [-1.0, 1.0] {
            let mut image = Image::new(pixels.clone(), SHAPE);
            let magnitude = space.magnitude(operation, bin, SHAPE);
            let magnitude = if operation.is_signed() {
                sign * magnitude
            } else {
                magnitude
            };
            operation.apply(&mut image, magnitude, Interpolation::Nearest, None);
            *outcomes.entry(image.pixels().to_vec()).or_default() += share * p / 2.0;
        }
    }
    outcomes
}

/// One of `choices`, each equally likely.
fn any(choices: impl IntoIterator<Item = Outcomes>) -> Outcomes {
    let choices: Vec<_> = choices.into_iter().collect();
    let mut outcomes = Outcomes::new();
    for (pixels, share) in choices.iter().flatten() {
        *outcomes.entry(pixels.clone()).or_default() += share / choices.len() as f64;
    }
    outcomes
}

/// That `step` makes of the image what `expected` says, as often.
fn check_distribution(step: impl Into<Augment>, expected: &Outcomes) {
    const DRAWS: usize = 20_000;
    let pipeline = pipeline(step.into(), 1).unwrap();
    let mut found = HashMap::<Vec<u8>, usize>::new();
    for index in 0..DRAWS {
        let mut image = image();
        pipeline.apply(&mut image, 3, 2, index);
        *found.entry(image.pixels().to_vec()).or_default() += 1;
    }
    assert!(
        found
            .keys()
            .all(|pixels| expected.get(pixels).is_some_and(|&p| p > 0.0))
    );
    for (pixels, &p) in expected {
        let share = found
            .get(pixels)
            .map_or(0.0, |&count| count as f64 / DRAWS as f64);
        // Five standard deviations: there are hundreds of outcomes.
        let error = 5.0 * (p * (1.0 - p) / DRAWS as f64).sqrt();
        assert!((share - p).abs() <= error, "{share} for {p}");
    }
}

fn start() -> Outcomes {
    Outcomes::from([(image().pixels().to_vec(), 1.0)])
}

#[test]
fn rand_augment_chooses_each_operation_and_side_alike() {
    let bin = Bin { at: 9, of: 31 };
    let next = |images: &Outcomes| {
        any(OPERATIONS.map(|operation| after(images, &STANDARD, operation, 1.0, bin)))
    };
    let step = |num_ops| RandAugment {
        num_ops,
        ..RandAugment::default()
    };
    check_distribution(step(0), &start());
    check_distribution(step(1), &next(&start()));
    check_distribution(RandAugment::default(), &next(&next(&start())));
}

#[test]
fn trivial_augment_chooses_each_strength_alike() {
    let of = 7;
    let bins = (0..of).map(|at| Bin { at, of });
    let expected = any(bins
        .flat_map(|bin| OPERATIONS.map(|operation| after(&start(), &WIDE, operation, 1.0, bin))));
    let step = TrivialAugmentWide {
        num_magnitude_bins: of,
        ..TrivialAugmentWide::default()
    };
    check_distribution(step, &expected);
}

#[test]
fn auto_augment_chooses_each_pair_alike_and_its_operations_by_their_probability() {
    for policy in [
        AutoAugmentPolicy::Cifar10,
        AutoAugmentPolicy::ImageNet,
        AutoAugmentPolicy::Svhn,
    ] {
        let expected = any(policy.table().map(|pair| {
            pair.into_iter()
                .fold(start(), |images, (operation, p, at)| {
                    after(
                        &images,
                        &STANDARD,
                        operation,
                        p,
                        Bin {
                            at,
                            of: auto_augment::BINS,
                        },
                    )
                })
        }));
        check_distribution(
            AutoAugment {
                policy,
                ..AutoAugment::default()
            },
            &expected,
        );
    }
}

#[test]
fn parameters_that_cannot_be_are_named() {
    let rand = RandAugment::default;
    let fill = || Some(Fill::Channels(vec![1, 2]));
    for (step, channels, expected) in [
        (
            RandAugment {
                magnitude: 31,
                ..rand()
            }
            .into(),
            3,
            "(rand-augment), magnitude: 31 is not below the 31 of num_magnitude_bins",
        ),
        (
            RandAugment {
                num_ops: 101,
                ..rand()
            }
            .into(),
            3,
            "(rand-augment), num_ops: 101 is more than 100",
        ),
        (
            RandAugment {
                num_magnitude_bins: 1,
                ..rand()
            }
            .into(),
            3,
            "(rand-augment), num_magnitude_bins: 1 is not",
        ),
        (
            RandAugment {
                fill: fill(),
                ..rand()
            }
            .into(),
            3,
            "(rand-augment), fill: 2 values for 3 channels",
        ),
        (
            TrivialAugmentWide {
                num_magnitude_bins: 0,
                ..TrivialAugmentWide::default()
            }
            .into(),
            1,
            "(trivial-augment), num_magnitude_bins: 0 is not",
        ),
        (
            TrivialAugmentWide::default().into(),
            4,
            "(trivial-augment), name: it takes images of 1 or 3 channels",
        ),
        (
            AutoAugment {
                fill: fill(),
                ..AutoAugment::default()
            }
            .into(),
            1,
            "(auto-augment), fill: 2 values for 1 channel",
        ),
    ] {
        let problem = pipeline(step, channels).unwrap_err().to_string();
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn a_configuration_names_a_policy() {
    let step: Augment =
        serde_json::from_str(r#"{"name": "auto-augment", "policy": "svhn", "fill": [1, 2, 3]}"#)
            .unwrap();
    let expected = AutoAugment {
        policy: AutoAugmentPolicy::Svhn,
        fill: Some(Fill::Channels(vec![1, 2, 3])),
        ..AutoAugment::default()
    };
    assert_eq!(step, expected.into());
    let wrong = serde_json::from_str::<Augment>(r#"{"name": "auto-augment", "policy": "mnist"}"#)
        .unwrap_err();
    assert!(
        wrong.to_string().contains("`cifar10`, `imagenet`, `svhn`"),
        "{wrong}"
    );
}
