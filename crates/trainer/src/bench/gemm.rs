//! What a backend's own matrix product reaches: the yardstick of everything else.

use std::time::Duration;

use burn::tensor::{Device, Distribution, Tensor};

use super::{
    clock::{Repeats, Timing, repeat},
    flops,
};
use crate::TrainError;

/// Side of the matrices: large enough that all of a CPU has work, and small enough that it
/// takes some tens of milliseconds on one core.
const SIDE: usize = 1024;
const REPEATS: Repeats = Repeats {
    at_least: 3,
    at_most: 50,
    time: Duration::from_millis(150),
};

/// Times of products of two matrices of `side` × `side`, in the device's own type of numbers.
///
/// Two before them are not counted: the first one compiles and is tuned, on GPUs, and has
/// its threads woken, on the CPU.
pub(super) fn product(
    side: usize,
    repeats: Repeats,
    device: &Device,
) -> Result<Timing, TrainError> {
    let random = || Tensor::<2>::random([side, side], Distribution::Uniform(-1.0, 1.0), device);
    let (left, right) = (random(), random());
    let mut multiply = || Ok(left.clone().matmul(right.clone()));
    repeat(device, Repeats::exactly(2), &mut multiply)?;
    repeat(device, repeats, multiply)
}

/// 2 n³: n² sums of n products.
pub(super) fn operations(side: usize) -> f64 {
    2.0 * (side as f64).powi(3)
}

/// 10⁹ operations a second in the fastest of several products of 1024 × 1024.
pub(super) fn peak_gflops(device: &Device) -> Result<f64, TrainError> {
    let timing = product(SIDE, REPEATS, device)?;
    Ok(flops::gflops(operations(SIDE), timing.shortest_ms))
}
