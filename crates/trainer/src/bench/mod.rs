//! How fast a network computes: a step on a fixed random batch, many times.
//!
//! No images are read and nothing is written. A step of [`BenchMode::Train`] is forward,
//! cross-entropy, backward, SGD with momentum 0.9 and reading the loss, as in a training
//! run; one of [`BenchMode::Infer`] is forward and reading the logits. Before a clock
//! starts, and before it stops, the device has done all that it was given.
//!
//! A measurement has four parts, in this order: steps for warming up, the steps that are
//! measured, steps in which the device is waited for after [each part](Parts), and products
//! of large matrices, the yardstick. The peak of the memory is that before the last two.
//!
//! [`ops`] measures single operations.

mod clock;
mod config;
mod csv;
mod flops;
mod gemm;
mod largest;
mod machine;
mod measurement;
mod memory;
pub mod ops;
mod parts;
mod quantile;
mod step;

use self::{
    clock::{Repeats, repeat},
    config::Checked,
    step::{Infer, Step, Train},
};
pub use self::{
    config::{BenchConfig, BenchMode},
    csv::{CsvFolder, CsvRow},
    largest::{LargestBatch, Trial, too_much},
    machine::{device_slug, kernels_switch, processor},
    measurement::Measurement,
    memory::{available_mb, peak_rss_mb, rss_mb},
    parts::Parts,
    quantile::{quantile, sorted},
};
use crate::{
    TrainError,
    backend::{self, Selected},
};
use burn::tensor::Device;

impl BenchConfig {
    /// Measures. The peak of the memory is that of the process since its beginning: for
    /// that of a network, it has a process of its own.
    ///
    /// # Errors
    /// As [`check`](Self::check); [`TrainError::Backend`] if there is nothing to compute
    /// on, [`TrainError::Device`] if the device fails.
    pub fn run(&self) -> Result<Measurement, TrainError> {
        let checked = self.checked()?;
        let Ready {
            threads,
            selected,
            device,
            mut step,
        } = self.ready(&checked)?;
        for _ in 0..self.warmup {
            step.run()?;
        }
        let timing = repeat(&device, Repeats::exactly(self.steps), || step.run())?;
        let peak_rss_mb = peak_rss_mb();
        let parts = step.parts(steps_of_parts(self.steps), &device)?;
        drop(step);

        let Checked {
            spec,
            summary,
            image,
        } = checked;
        let mut found = Measurement {
            model: spec.name().into(),
            batch: self.batch_size,
            backend: selected.backend,
            threads,
            mode: self.mode,
            ms_per_step: timing.median_ms,
            images_per_s: 0.0,
            gflops: 0.0,
            gemm_gflops: gemm::peak_gflops(&selected.device)?,
            gemm_share: 0.0,
            peak_rss_mb,
            ms_quartiles: timing.quartiles_ms,
            ms_rounds: vec![timing.median_ms],
            parts,
            steps: self.steps,
            warmup: self.warmup,
            form: spec.form().map(Into::into),
            image,
            classes: self.classes,
            parameters: summary.parameters(),
            macs: flops::multiply_adds(&summary, self.mode),
            device: selected.name,
            processor: processor(),
            kernels: kernels::is_enabled(),
        };
        found.derive();
        Ok(found)
    }

    /// Does two steps: after the second, all memory is there that a step needs, that of the
    /// momentum included. The peak of the memory of the process, as [`peak_rss_mb`].
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn try_out(&self) -> Result<Option<f64>, TrainError> {
        let Ready {
            mut step, device, ..
        } = self.ready(&self.checked()?)?;
        repeat(&device, Repeats::exactly(2), || step.run())?;
        Ok(peak_rss_mb())
    }

    fn ready(&self, checked: &Checked) -> Result<Ready, TrainError> {
        let threads = backend::use_threads(self.threads)?;
        let selected = backend::select(self.backend, self.adapter)?;
        let device = match self.mode {
            BenchMode::Train => selected.device.clone().autodiff(),
            BenchMode::Infer => selected.device.clone(),
        };
        let network = checked.spec.build(checked.image, &device)?;
        let step: Box<dyn Step> = match self.mode {
            BenchMode::Train => Box::new(Train::new(network, self.batch_size, &device)?),
            BenchMode::Infer => Box::new(Infer::new(network, self.batch_size, &device)),
        };
        Ok(Ready {
            threads,
            selected,
            device,
            step,
        })
    }
}

/// A network on a device.
struct Ready {
    threads: usize,
    selected: Selected,
    device: Device,
    step: Box<dyn Step>,
}

/// Steps by whose parts it is told where the time goes: a quarter of those that are
/// measured, 3 to 100 of them.
fn steps_of_parts(steps: usize) -> usize {
    steps.div_ceil(4).clamp(3, 100)
}
