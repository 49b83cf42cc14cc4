//! The times of the operations.

use std::time::Duration;

use burn::tensor::{Device, Distribution, Tensor, ops::ConvOptions};

use super::{Convolution, Op, OpTime, OpsConfig, OpsMeasurement, Pass};
use crate::{
    TrainError, backend,
    bench::{
        clock::{Repeats, Timing, repeat, repeat_prepared},
        flops, gemm, processor,
    },
};

const REPEATS: Repeats = Repeats {
    at_least: 5,
    at_most: 1000,
    time: Duration::from_millis(100),
};
/// Calls before these: memory is got, threads wake, GPUs compile and try out kernels.
const WARMUP: Repeats = Repeats {
    at_least: 2,
    at_most: 2,
    time: Duration::ZERO,
};

impl OpsConfig {
    /// Measures every operation at least 5 times and for at least 0.1 seconds, after two
    /// times that do not count.
    ///
    /// # Errors
    /// As [`check`](Self::check); [`TrainError::Backend`] if there is nothing to compute
    /// on, [`TrainError::Device`] if the device fails.
    pub fn run(&self) -> Result<OpsMeasurement, TrainError> {
        let convolutions = self.convolutions()?;
        let threads = backend::use_threads(self.threads)?;
        let selected = backend::select(self.backend, self.adapter)?;
        let device = &selected.device;
        let mut operations = Vec::new();
        for &n in &self.sizes {
            let timing = gemm::product(n, REPEATS, device)?;
            operations.push(timed(Op::Matmul { n }, gemm::operations(n), timing));
        }
        for shape in convolutions {
            let batch = self.batch_size;
            let forward = 2.0 * shape.multiply_adds() as f64 * batch as f64;
            for (pass, work, timing) in [
                (Pass::Forward, forward, of_forward(&shape, batch, device)?),
                (
                    Pass::Backward,
                    2.0 * forward,
                    of_backward(&shape, batch, &device.clone().autodiff())?,
                ),
            ] {
                let shape = shape.clone();
                operations.push(timed(Op::Conv2d { shape, batch, pass }, work, timing));
            }
        }
        Ok(OpsMeasurement {
            backend: selected.backend,
            device: selected.name,
            processor: processor(),
            threads,
            kernels: kernels::is_enabled(),
            operations,
        })
    }
}

/// An operation with its time, in which it does so many floating-point operations.
fn timed(op: Op, work: f64, timing: Timing) -> OpTime {
    OpTime {
        op,
        ms: timing.median_ms,
        ms_quartiles: timing.quartiles_ms,
        calls: timing.count,
        gflops: flops::gflops(work, timing.median_ms),
    }
}

fn of_forward(shape: &Convolution, batch: usize, device: &Device) -> Result<Timing, TrainError> {
    let [images, weights] = tensors(shape, batch, device);
    let mut action = || Ok(convolve(&images, &weights, shape));
    repeat(device, WARMUP, &mut action)?;
    repeat(device, REPEATS, action)
}

/// Of both gradients. `device` is one with autodiff.
fn of_backward(shape: &Convolution, batch: usize, device: &Device) -> Result<Timing, TrainError> {
    let [images, weights] = tensors(shape, batch, device).map(Tensor::require_grad);
    let mut prepare = || Ok(convolve(&images, &weights, shape));
    let mut action = |output: Tensor<4>| {
        let mut gradients = output.backward();
        // Taken out, so that no backend can leave them undone.
        Ok((
            images.grad_remove(&mut gradients),
            weights.grad_remove(&mut gradients),
        ))
    };
    repeat_prepared(device, WARMUP, &mut prepare, &mut action)?;
    repeat_prepared(device, REPEATS, prepare, action)
}

fn convolve(images: &Tensor<4>, weights: &Tensor<4>, shape: &Convolution) -> Tensor<4> {
    let Convolution {
        stride,
        padding,
        groups,
        ..
    } = *shape;
    let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], groups);
    kernels::conv2d(images.clone(), weights.clone(), None, options)
}

/// A batch and weights of noise.
fn tensors(shape: &Convolution, batch: usize, device: &Device) -> [Tensor<4>; 2] {
    let [channels, height, width] = shape.input;
    let side = shape.kernel;
    let sizes = [
        [batch, channels, height, width],
        [shape.output[0], channels / shape.groups, side, side],
    ];
    sizes.map(|size| Tensor::random(size, Distribution::Uniform(-1.0, 1.0), device))
}
