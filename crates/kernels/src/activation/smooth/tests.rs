//! Against the definitions, in `f64`.

use rayon::ThreadPoolBuilder;

use super::*;
use crate::{
    activation::normal::tests::{density, distribution},
    parallel::CHUNK,
    reference::numbers,
};

const ALL: [Smooth; 4] = [Smooth::Sigmoid, Smooth::Tanh, Smooth::Gelu, Smooth::Silu];

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Value and derivative.
fn exact(function: Smooth, x: f64) -> [f64; 2] {
    match function {
        Smooth::Sigmoid => [sigmoid(x), sigmoid(x) * sigmoid(-x)],
        Smooth::Tanh => [x.tanh(), 1.0 / x.cosh().powi(2)],
        Smooth::Gelu => [x * distribution(x), distribution(x) + x * density(x)],
        Smooth::Silu => [x * sigmoid(x), sigmoid(x) * (1.0 + x * sigmoid(-x))],
    }
}

/// How far the value may be from the exact one.
fn allowed(function: Smooth, x: f64) -> f64 {
    match function {
        Smooth::Sigmoid => 2e-7,
        Smooth::Tanh => (4e-7 * x.abs()).min(2e-7),
        Smooth::Gelu | Smooth::Silu => 5e-7 * x.abs().max(1.0),
    }
}

#[track_caller]
fn check(function: Smooth, level: Level, x: &[f32]) {
    let dy = numbers("dy", x.len());
    let mut in_place = x.to_vec();
    smooth(level, function, &mut in_place, None);
    let mut y = vec![f32::NAN; x.len()];
    smooth(level, function, &mut y, Some(x));
    let same = y.iter().zip(&in_place);
    assert!(same.into_iter().all(|(a, b)| a.to_bits() == b.to_bits()));
    let mut dx = dy.clone();
    let kept = if function.keeps_output() { &y } else { x };
    smooth_backward(level, function, &mut dx, kept);
    for (at, &x) in x.iter().enumerate() {
        let [value, slope] = exact(function, x.into());
        let place = format!("{function:?}({x}), {}", level.name());
        let error = (f64::from(y[at]) - value).abs();
        assert!(error <= allowed(function, x.into()), "{place}: {}", y[at]);
        let error = (f64::from(dx[at]) - f64::from(dy[at]) * slope).abs();
        assert!(error <= 1e-6, "derivative of {place}: {}", dx[at]);
    }
}

#[test]
fn values_and_gradients() {
    for count in [0, 1, 37, 2 * CHUNK + 5] {
        // Most are where the functions bend, some far out.
        let x: Vec<f32> = numbers("x", count)
            .iter()
            .map(|x| 4.0 * x + 100.0 * x.powi(9))
            .collect();
        for level in Level::all() {
            for function in ALL {
                check(function, level, &x);
            }
        }
    }
}

#[test]
fn near_and_far_from_zero() {
    let magnitudes = [
        0.0, 1e-40, 1e-30, 1e-10, 1e-4, 20.0, 87.0, 88.0, 89.0, 104.0, 1e4, 1e19,
    ];
    let x: Vec<f32> = magnitudes.iter().flat_map(|&x| [x, -x]).collect();
    for level in Level::all() {
        for function in ALL {
            check(function, level, &x);
        }
    }
}

#[test]
fn infinite_and_not_a_number() {
    let (infinite, nan) = (f32::INFINITY, f32::NAN);
    // What is not a number is no further than PyTorch's: -inf · 0 for the last two.
    let expected = [
        (Smooth::Sigmoid, [0.0, 1.0]),
        (Smooth::Tanh, [-1.0, 1.0]),
        (Smooth::Gelu, [nan, infinite]),
        (Smooth::Silu, [nan, infinite]),
    ];
    for level in Level::all() {
        for (function, [low, high]) in expected {
            let mut values = [-infinite, infinite, nan, -nan];
            smooth(level, function, &mut values, None);
            let expected = [low, high, nan, nan];
            for (found, expected) in values.into_iter().zip(expected) {
                assert!(
                    found == expected || found.is_nan() && expected.is_nan(),
                    "{function:?}: {values:?}, {}",
                    level.name()
                );
            }
            let mut dy = [1.0];
            smooth_backward(level, function, &mut dy, &[nan]);
            assert!(dy[0].is_nan(), "{function:?}");
        }
    }
}

#[test]
fn zeros_keep_their_sign() {
    for level in Level::all() {
        for function in [Smooth::Tanh, Smooth::Gelu, Smooth::Silu] {
            let mut values = [0.0, -0.0];
            smooth(level, function, &mut values, None);
            assert_eq!(values.map(f32::to_bits), [0.0_f32, -0.0].map(f32::to_bits));
        }
    }
}

#[test]
fn on_any_number_of_threads() {
    let x = numbers("x", 5 * CHUNK + 11);
    for function in ALL {
        let run = |threads: usize| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads are to be had").install(|| {
                let level = crate::simd::level();
                let (mut y, mut dx) = (x.clone(), numbers("dy", x.len()));
                smooth(level, function, &mut y, None);
                smooth_backward(level, function, &mut dx, &y);
                [y, dx].concat()
            })
        };
        let one = run(1);
        assert_eq!(run(2), one, "{function:?}");
        assert_eq!(run(3), one, "{function:?}");
    }
}
