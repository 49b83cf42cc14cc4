#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use burn::tensor::{DType, Device, Tensor, TensorData};
use chacha20::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::{
    adam::{Averaged, Decoupled, Penalised},
    average::Lerp,
    pass::{CHUNK, Pass, chunk, each},
    scale::Scale,
    sgd::{Momentum, Plain},
    squares::{sum, sum_of_chunk},
    *,
};
use crate::simd::Level;

const LR: f32 = 0.05;
const DECAY: f32 = 0.01;
const KEEP: [f32; 2] = [0.9, 0.99];

fn numbers(rng: &mut ChaCha8Rng, length: usize) -> Vec<f32> {
    (0..length).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// Lengths around those of vectors and chunks, and others.
fn lengths(rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut lengths = vec![0, 1, 7, 16, 31, 33, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK];
    lengths.extend((0..10).map(|_| rng.random_range(2..300)));
    lengths.extend((0..3).map(|_| rng.random_range(CHUNK..5 * CHUNK)));
    lengths
}

/// On one level, and by each number of threads.
fn ways<P, const C: usize, const R: usize>(
    pass: &P,
    before: &[Vec<f32>; C],
    read: &[Vec<f32>; R],
) -> Vec<(String, [Vec<f32>; C])>
where
    P: Pass<C, R>,
{
    let mut ways = Vec::new();
    for level in Level::all() {
        let mut changed = before.clone();
        let slices = changed.each_mut().map(|v| &mut v[..]);
        chunk(level, pass, slices, read.each_ref().map(|v| &v[..]));
        ways.push((level.name().into(), changed));
    }
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let mut changed = before.clone();
        let slices = changed.each_mut().map(|v| &mut v[..]);
        let read = read.each_ref().map(|v| &v[..]);
        pool.unwrap().install(|| each(pass, slices, read));
        ways.push((format!("{threads} threads"), changed));
    }
    ways
}

/// Every way gives the same bits, which are those of `expected` but for rounding.
fn check<P, const C: usize, const R: usize>(
    name: &str,
    pass: &P,
    expected: impl Fn([f64; C], [f64; R]) -> [f64; C],
) where
    P: Pass<C, R>,
{
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for length in lengths(&mut rng) {
        let mut before: [Vec<f32>; C] = std::array::from_fn(|_| numbers(&mut rng, length));
        if let Some(squares) = before.get_mut(2) {
            squares.iter_mut().for_each(|square| *square = square.abs());
        }
        let read: [Vec<f32>; R] = std::array::from_fn(|_| numbers(&mut rng, length));
        let ways = ways(pass, &before, &read);
        for (way, found) in &ways {
            assert_eq!(*found, ways[0].1, "{name}: {way}, {length} values");
        }
        for at in 0..length {
            let old = before.each_ref().map(|v| f64::from(v[at]));
            let expected = expected(old, read.each_ref().map(|v| f64::from(v[at])));
            for (found, expected) in ways[0].1.iter().zip(expected) {
                let difference = (f64::from(found[at]) - expected).abs();
                assert!(
                    difference <= 1e-6 * expected.abs().max(1.0),
                    "{name}: value {at} of {length} is {}, not {expected}",
                    found[at]
                );
            }
        }
    }
}

#[test]
fn sgd_is_that_of_64_bits_on_every_level_and_number_of_threads() {
    let plain = |weight_decay| Plain {
        lr: LR,
        weight_decay,
    };
    let (lr, momentum) = (f64::from(LR), f64::from(KEEP[0]));
    for weight_decay in [0.0, DECAY] {
        let decay = f64::from(weight_decay);
        check("plain", &plain(weight_decay), |[p], [g]| {
            [p - lr * (g + decay * p)]
        });
        let pass = Momentum::<false> {
            plain: plain(weight_decay),
            momentum: KEEP[0],
        };
        check("momentum", &pass, |[p, b], [g]| {
            let b = momentum * b + g + decay * p;
            [p - lr * b, b]
        });
        let pass = Momentum::<true> {
            plain: plain(weight_decay),
            momentum: KEEP[0],
        };
        check("nesterov", &pass, |[p, b], [g]| {
            let g = g + decay * p;
            let b = momentum * b + g;
            [p - lr * (g + momentum * b), b]
        });
    }
}

#[test]
fn adam_is_that_of_64_bits_on_every_level_and_number_of_threads() {
    let averaged = || Averaged {
        keep: KEEP,
        take: KEEP.map(|keep| 1.0 - keep),
        root: 0.7,
        eps: 0.1,
        lr: LR,
    };
    let expected = |[p, m, s]: [f64; 3], g: f64| {
        let keep = KEEP.map(f64::from);
        let m = keep[0] * m + (1.0 - keep[0]) * g;
        let s = keep[1] * s + (1.0 - keep[1]) * g * g;
        let deviation = s.sqrt() / f64::from(0.7f32) + f64::from(0.1f32);
        [p - f64::from(LR) * m / deviation, m, s]
    };
    let kept = Decoupled {
        averaged: averaged(),
        kept: 1.0 - DECAY,
    };
    check("adamw", &kept, |[p, m, s], [g]| {
        expected([p * f64::from(1.0 - DECAY), m, s], g)
    });
    for decay in [0.0, DECAY] {
        let pass = Penalised {
            averaged: averaged(),
            decay,
        };
        check("adam", &pass, |[p, m, s], [g]| {
            expected([p, m, s], g + p * f64::from(decay))
        });
    }
}

#[test]
fn averages_and_factors_are_those_of_64_bits() {
    let share = f64::from(DECAY);
    check("lerp", &Lerp(DECAY), |[mean], [new]| {
        [mean + (new - mean) * share]
    });
    check("scale", &Scale(DECAY), |[value], []| [value * share]);
}

#[test]
fn sums_of_squares_are_exact_to_32_bits_and_the_same_everywhere() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for length in lengths(&mut rng) {
        let values = numbers(&mut rng, length);
        let expected: f64 = values.iter().map(|&v| f64::from(v).powi(2)).sum();
        let found = sum(&values);
        assert!((found - expected).abs() <= 1e-12 * expected, "{length}");
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            assert_eq!(pool.unwrap().install(|| sum(&values)), found, "{length}");
        }
        let levels = Level::all().into_iter();
        let mut sums = levels.map(|level| sum_of_chunk(level, &values));
        let first = sums.next().unwrap();
        assert!(sums.all(|sum| sum == first), "{length}");
    }
}

fn tensor(values: &[f32]) -> Tensor<1> {
    let data = TensorData::new(values.to_vec(), [values.len()]);
    Tensor::from_data(data, &Device::flex())
}

fn values(tensor: Tensor<1>) -> Vec<f32> {
    tensor.try_into_vec_as().unwrap()
}

/// Where the values of a tensor lie.
fn place(tensor: &Tensor<1>) -> *const f32 {
    tensors::slice(&tensors::on_flex(tensor).unwrap()).as_ptr()
}

#[test]
fn a_tensor_is_changed_where_it_lies_and_a_shared_one_is_not() {
    crate::set_enabled(true);
    let mut mean = tensor(&[1.0, 2.0, 3.0]);
    let new = tensor(&[3.0, 2.0, 1.0]);
    let before = place(&mean);
    assert!(lerp(&mut mean, &new, 0.5));
    assert_eq!(place(&mean), before);
    let shared = mean.clone();
    assert!(scale(&mut mean, 2.0));
    assert_eq!(values(shared), [2.0; 3]);
    assert_eq!(values(mean.clone()), [4.0; 3]);
    // By itself, and a part of another.
    let own = mean.clone();
    assert!(lerp(&mut mean, &own, 0.5));
    assert_eq!(values(mean), [4.0; 3]);
    let whole = tensor(&[0.0, 1.0, 2.0, 3.0, 4.0]);
    let mut part = whole.clone().narrow(0, 1, 2);
    assert!(lerp(&mut part, &whole.clone().narrow(0, 3, 2), 1.0));
    assert_eq!(values(part), [3.0, 4.0]);
    assert_eq!(values(whole.clone()), [0.0, 1.0, 2.0, 3.0, 4.0]);
    // Not beside each other.
    let every_second = whole.reshape([1, 5]).slice(burn::tensor::s![.., 0..5;2]);
    let sum = sum_of_squares(&every_second.flatten(0, 1)).unwrap();
    assert_eq!(values(sum), [20.0]);
}

#[test]
fn what_is_not_covered_stays_as_it_is() {
    let mut mean = tensor(&[1.0, 2.0]);
    assert!(!lerp(&mut mean, &tensor(&[1.0; 3]), 0.5));
    assert!(!lerp(&mut mean, &tensor(&[4.0; 2]).cast(DType::F64), 0.5));
    assert!(!scale_by(&mut mean, &tensor(&[2.0; 2])));
    assert_eq!(values(mean.clone()), [1.0, 2.0]);
    assert!(sum_of_squares(&mean.clone().cast(DType::F16)).is_none());
    let mut on_graph = mean.autodiff();
    assert!(!scale(&mut on_graph, 2.0));
    assert_eq!(values(on_graph.without_autodiff()), [1.0, 2.0]);
}
