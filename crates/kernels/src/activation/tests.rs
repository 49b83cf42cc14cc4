//! Against the definitions, in `f64`.

use rayon::ThreadPoolBuilder;

use super::{
    normal::tests::{density, distribution},
    *,
};
use crate::{
    parallel::CHUNK,
    reference::{numbers, of_all_sizes},
};

const ALL: [Activation; 5] = [
    Activation::Relu,
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::Gelu,
    Activation::Silu,
];

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Value and derivative.
fn exact(function: Activation, x: f64) -> [f64; 2] {
    match function {
        Activation::Relu => [x.max(0.0), f64::from(u8::from(x > 0.0))],
        Activation::Sigmoid => [sigmoid(x), sigmoid(x) * sigmoid(-x)],
        Activation::Tanh => [x.tanh(), 1.0 / x.cosh().powi(2)],
        Activation::Gelu => [x * distribution(x), distribution(x) + x * density(x)],
        Activation::Silu => [x * sigmoid(x), sigmoid(x) * (1.0 + x * sigmoid(-x))],
    }
}

/// How far the value may be from the exact one.
fn allowed(function: Activation, x: f64) -> f64 {
    match function {
        Activation::Relu => 0.0,
        Activation::Sigmoid => 2e-7,
        Activation::Tanh => 2e-7 * x.tanh().abs(),
        Activation::Gelu | Activation::Silu => 5e-7 * x.abs().max(1.0),
    }
}

#[track_caller]
fn check(function: Activation, level: Level, x: &[f32]) {
    let dy = numbers("dy", x.len());
    let mut in_place = x.to_vec();
    function.forward(level, &mut in_place, None);
    let mut y = vec![f32::NAN; x.len()];
    function.forward(level, &mut y, Some(x));
    let same = y.iter().zip(&in_place);
    assert!(same.into_iter().all(|(a, b)| a.to_bits() == b.to_bits()));
    let mut dx = dy.clone();
    let kept = if function.keeps_output() { &y } else { x };
    function.backward(level, &mut dx, kept);
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
fn numbers_of_all_sizes() {
    let x: Vec<f32> = of_all_sizes(30_000).collect();
    for level in Level::all() {
        for function in ALL {
            check(function, level, &x);
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
        (Activation::Relu, [0.0, infinite]),
        (Activation::Sigmoid, [0.0, 1.0]),
        (Activation::Tanh, [-1.0, 1.0]),
        (Activation::Gelu, [nan, infinite]),
        (Activation::Silu, [nan, infinite]),
    ];
    for level in Level::all() {
        for (function, [low, high]) in expected {
            let mut values = [-infinite, infinite, nan, -nan];
            function.forward(level, &mut values, None);
            let expected = [low, high, nan, nan];
            for (found, expected) in values.into_iter().zip(expected) {
                assert!(
                    found == expected || found.is_nan() && expected.is_nan(),
                    "{function:?}: {values:?}, {}",
                    level.name()
                );
            }
            let mut dy = [1.0];
            function.backward(level, &mut dy, &[nan]);
            match function {
                // As PyTorch's.
                Activation::Relu => assert_eq!(dy, [1.0]),
                _ => assert!(dy[0].is_nan(), "{function:?}"),
            }
        }
    }
}

#[test]
fn a_relu_stops_what_is_infinite() {
    for level in Level::all() {
        let mut dy = [f32::INFINITY, f32::NAN, f32::INFINITY];
        Activation::Relu.backward(level, &mut dy, &[0.0, 0.0, 1.0]);
        assert_eq!(dy, [0.0, 0.0, f32::INFINITY], "{}", level.name());
    }
}

#[test]
fn zeros_keep_their_sign() {
    for level in Level::all() {
        for function in [Activation::Tanh, Activation::Gelu, Activation::Silu] {
            let mut values = [0.0, -0.0];
            function.forward(level, &mut values, None);
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
                function.forward(level, &mut y, None);
                function.backward(level, &mut dx, &y);
                [y, dx].concat()
            })
        };
        let one = run(1);
        assert_eq!(run(2), one, "{function:?}");
        assert_eq!(run(3), one, "{function:?}");
    }
}
