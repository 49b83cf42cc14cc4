//! Times of the passes, and of what they are held to.

use std::time::Instant;

use burn::tensor::{Device, Distribution, Tensor, ops::ConvOptions};
use rayon::prelude::*;

use crate::layers::{Layer, Pass};

/// Rows, depth and columns of the matrix product that stands for all the machine can do.
const PRODUCT: [usize; 3] = [512, 2048, 512];
/// Values of each of the three arrays that stand for its memory: more than caches hold.
const ARRAY: usize = 16 << 20;

/// Seconds of everything.
pub struct Measurements {
    /// Of each layer, in the order of [`Pass::ALL`].
    pub passes: Vec<[f64; 3]>,
    product: f64,
    triad: f64,
}

impl Measurements {
    /// Measures every pass of every layer `rounds` times. The machine is measured beside
    /// every layer again: what else it does meets all alike.
    pub fn take(layers: &[Layer], rounds: usize) -> Self {
        let (mut products, mut triads) = (Vec::new(), Vec::new());
        let mut arrays = [0.0, 1.0, 2.0].map(|value| vec![value; ARRAY]);
        let device = Device::flex();
        let [rows, depth, columns] = PRODUCT;
        let left = random([rows, depth], &device);
        let right = random([depth, columns], &device);
        let mut passes = Vec::new();
        for layer in layers {
            passes.push(Pass::ALL.map(|pass| of_pass(layer, pass, rounds)));
            for _ in 0..rounds.div_ceil(2) {
                products.push(seconds(|| left.clone().matmul(right.clone())));
                triads.push(seconds(|| triad(&mut arrays)));
            }
        }
        Self {
            passes,
            product: median(products),
            triad: median(triads),
        }
    }

    /// 10⁹ additions and multiplications a second in a matrix product.
    pub fn gflops(&self) -> f64 {
        2.0 * PRODUCT.iter().product::<usize>() as f64 / self.product / 1e9
    }

    /// 10⁹ bytes a second from and to memory.
    pub fn gbytes(&self) -> f64 {
        (3 * ARRAY * size_of::<f32>()) as f64 / self.triad / 1e9
    }
}

/// `a = b + 3 c`, as in McCalpin's STREAM.
fn triad([a, b, c]: &mut [Vec<f32>; 3]) {
    const PART: usize = 1 << 16;
    let sources = b.par_chunks(PART).zip(c.par_chunks(PART));
    a.par_chunks_mut(PART).zip(sources).for_each(|(a, (b, c))| {
        for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
            *a = b + 3.0 * c;
        }
    });
}

/// Seconds of a pass.
///
/// A gradient's time is that of a backward pass in which nothing else is computed, less
/// what it takes to make the gradient that it begins with.
fn of_pass(layer: &Layer, pass: Pass, rounds: usize) -> f64 {
    let device = match pass {
        Pass::Forward => Device::flex(),
        _ => Device::flex().autodiff(),
    };
    let tracked = |t: Tensor<4>, by: Pass| if pass == by { t.require_grad() } else { t };
    let x = tracked(random(layer.input(), &device), Pass::InputGradient);
    let weight = tracked(random(layer.weight(), &device), Pass::WeightGradient);
    let options = ConvOptions::new([layer.stride; 2], [layer.padding(); 2], [1; 2], 1);
    let forward = || kernels::conv2d(x.clone(), weight.clone(), None, options.clone());
    let output = random(layer.output(), &device);
    let (mut times, mut beginnings) = (Vec::new(), Vec::new());
    // The first round is not counted: its memory is new.
    for round in 0..=rounds {
        let (time, beginning) = match pass {
            Pass::Forward => (seconds(forward), 0.0),
            _ => {
                let y = forward();
                let alone = output.clone().require_grad().reshape([-1]);
                (seconds(|| y.backward()), seconds(|| alone.backward()))
            }
        };
        if round > 0 {
            times.push(time);
            beginnings.push(beginning);
        }
    }
    let time = median(times);
    // Noise must not make it nothing.
    (time - median(beginnings)).max(0.01 * time)
}

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), device)
}

/// Seconds of an action, without those of dropping what it gives.
fn seconds<T>(action: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let result = action();
    let time = start.elapsed().as_secs_f64();
    drop(result);
    time
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
