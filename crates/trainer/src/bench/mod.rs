//! How fast a network computes: a step on a fixed random batch, many times.
//!
//! No images are read and nothing is written. A step of [`BenchMode::Train`] is forward,
//! cross-entropy, backward, SGD with momentum 0.9 and reading the loss, as in a training
//! run; one of [`BenchMode::Infer`] is forward and reading the logits. Before a clock
//! starts, and before it stops, the device has done all that it was given.

mod config;
mod measurement;
mod memory;
mod quantile;
mod step;

use std::time::Instant;

use self::{
    config::Checked,
    step::{Infer, Step, Train, synchronise},
};
pub use self::{
    config::{BenchConfig, BenchMode},
    measurement::Measurement,
    memory::peak_rss_mb,
    quantile::{quantile, sorted},
};
use crate::{TrainError, backend};

impl BenchConfig {
    /// Measures. The peak of the memory is that of the process since its beginning: for
    /// that of a network, it has a process of its own.
    ///
    /// # Errors
    /// As [`check`](Self::check); [`TrainError::Backend`] if there is nothing to compute
    /// on, [`TrainError::Device`] if the device fails.
    pub fn run(&self) -> Result<Measurement, TrainError> {
        let Checked { spec, image } = self.checked()?;
        let threads = backend::use_threads(self.threads)?;
        let selected = backend::select(self.backend, self.adapter)?;
        let device = match self.mode {
            BenchMode::Train => selected.device.clone().autodiff(),
            BenchMode::Infer => selected.device.clone(),
        };
        let network = spec.build(image, &device)?;
        let mut step: Box<dyn Step> = match self.mode {
            BenchMode::Train => Box::new(Train::new(network, self.batch_size, &device)?),
            BenchMode::Infer => Box::new(Infer::new(network, self.batch_size, &device)),
        };

        for _ in 0..self.warmup {
            step.run()?;
        }
        let mut took = Vec::with_capacity(self.steps);
        for _ in 0..self.steps {
            synchronise(&device)?;
            let start = Instant::now();
            step.run()?;
            synchronise(&device)?;
            took.push(1e3 * start.elapsed().as_secs_f64());
        }
        let took = sorted(took);
        let ms_per_step = quantile(&took, 0.5);
        Ok(Measurement {
            model: spec.name().into(),
            batch: self.batch_size,
            backend: selected.backend,
            threads,
            mode: self.mode,
            ms_per_step,
            images_per_s: 1e3 * self.batch_size as f64 / ms_per_step,
            peak_rss_mb: peak_rss_mb(),
            ms_quartiles: [quantile(&took, 0.25), quantile(&took, 0.75)],
            steps: self.steps,
            image,
            classes: self.classes,
            device: selected.name,
            kernels: kernels::is_enabled(),
        })
    }
}
