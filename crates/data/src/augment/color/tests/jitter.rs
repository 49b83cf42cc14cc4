use std::collections::HashMap;

use super::*;
use crate::augment::{Interval, color::jitter::Change};

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
