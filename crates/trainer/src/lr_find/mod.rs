//! The learning-rate range test: train with an ever larger rate, and look where the
//! loss falls.
//!
//! Smith (2017), in the form that fastai (`Learner.lr_find`) and Lightning
//! (`Tuner.lr_find`) give it: the rate rises exponentially with every update.

mod curve;
mod picture;

use std::ops::ControlFlow;

use burn::tensor::Device;
use data::Batch;

pub use self::{
    curve::{LrCurve, LrPoint, LrSuggestion, NoSuggestion, RangeEnd},
    picture::lr_find_svg,
};
use crate::{
    BatchSource, Classifier, FitConfig, Loss, TrainError,
    backend::send,
    config::ConfigError,
    evaluate::{read_scores, training_loss},
    event::Scores,
    fit::step_seed,
    gradients::{GradientMean, Gradients},
    optim::{Optimizer, freeze},
};

/// A range test that is to be done. The default is fastai's.
///
/// ```no_run
/// use std::ops::ControlFlow;
/// use trainer::{Experiment, LrFind, TrainConfig};
///
/// let experiment = Experiment::new(TrainConfig::default())?;
/// let curve = experiment.find_lr(&LrFind::default(), &mut |_| ControlFlow::Continue(()))?;
/// match curve.suggestion() {
///     Ok(suggestion) => println!("{}", suggestion.lr()),
///     Err(none) => println!("{none}"),
/// }
/// # Ok::<(), trainer::TrainError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LrFind {
    /// The learning rate of the first update, above 0.
    pub from: f64,
    /// That of the last update, above `from`.
    pub to: f64,
    /// Updates, 20 to 10,000.
    pub steps: usize,
}

impl Default for LrFind {
    fn default() -> Self {
        Self {
            from: 1e-7,
            to: 10.0,
            steps: 100,
        }
    }
}

/// Below, too little is left to judge by; above, it is a training of its own.
const STEPS: std::ops::RangeInclusive<usize> = 20..=10_000;

impl LrFind {
    /// Looks that there is a range, and that it has updates enough.
    ///
    /// # Errors
    /// [`ConfigError::Value`] of `from`, `to` or `steps`.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let wrong = |key: &'static str, value: String, problem: String| ConfigError::Value {
            key: key.into(),
            value,
            problem,
            origin: None,
        };
        let Self { from, to, steps } = *self;
        if !(from.is_finite() && from > 0.0) {
            let problem = "it must be a number above 0";
            return Err(wrong("from", from.to_string(), problem.into()));
        }
        if !(to.is_finite() && to > from) {
            let problem = format!("it must be a number above that of --from, which is {from}");
            return Err(wrong("to", to.to_string(), problem));
        }
        if !STEPS.contains(&steps) {
            let problem = format!(
                "it must be at least {} and at most {}",
                STEPS.start(),
                STEPS.end()
            );
            return Err(wrong("steps", steps.to_string(), problem));
        }
        Ok(())
    }

    /// The learning rate of update `update`, counted from 0: each is the same factor
    /// above the one before, from `from` at the first to `to` at the last.
    #[must_use]
    pub fn rate(&self, update: usize) -> f64 {
        let last = self.steps.saturating_sub(1).max(1);
        self.from * (self.to / self.from).powf(update as f64 / last as f64)
    }

    /// Does the test on `network`, which is on an autodiff device, with the images of
    /// `train`, over again where an epoch is too short.
    ///
    /// An update is that of a training with `config`: its optimizer with clipping,
    /// frozen parameters, accumulation and seeds; the schedule is left out.
    /// `watch` is told every point, whose loss is that before the update with its
    /// rate, and ends the test by [`ControlFlow::Break`].
    ///
    /// The loss is read from the device after every update: the test has to know when
    /// to end. The weights are dropped in the end; the running statistics of batch
    /// norms, which Burn shares between clones of a network, have changed.
    ///
    /// # Errors
    /// [`TrainError`]: of a value, the images or the device. A loss that grows or is
    /// not finite is none: it ends the test.
    pub fn run<M: Classifier>(
        &self,
        config: &FitConfig,
        network: M,
        train: &dyn BatchSource,
        loss: &dyn Loss,
        watch: &mut dyn FnMut(&LrPoint) -> ControlFlow<()>,
    ) -> Result<LrCurve, TrainError> {
        self.validate()?;
        let mut network = freeze(network.train(), &config.optimizer.freeze)?;
        let device = network.devices().into_iter().next();
        let device = device.ok_or(TrainError::NoParameters)?;
        let mut optimizer = Optimizer::new(&config.optimizer, &network)?;
        let mut updates = Updates::new(train, config.accumulate);
        let mut curve = LrCurve::of(self.steps);
        loop {
            let (gradients, scores) = updates.next(&network, loss, &device, config.seed)?;
            let lr = self.rate(curve.points.len());
            let end = match curve.add(lr, scores) {
                Ok(point) if watch(&point).is_break() => Some(RangeEnd::Interruption),
                Ok(_) => curve.is_over(),
                Err(end) => Some(end),
            };
            if let Some(end) = end {
                curve.end = end;
                return Ok(curve);
            }
            network = optimizer.step(lr, network, gradients);
        }
    }
}

/// The updates of the epochs, one after the other.
struct Updates<'a> {
    train: &'a dyn BatchSource,
    accumulate: usize,
    source: crate::EpochBatches<'a>,
    /// From 1.
    epoch: u64,
    /// Batches of the epoch that were taken.
    taken: usize,
}

impl<'a> Updates<'a> {
    fn new(train: &'a dyn BatchSource, accumulate: usize) -> Self {
        Self {
            train,
            accumulate,
            source: train.epoch_from(1, 0),
            epoch: 1,
            taken: 0,
        }
    }

    /// The gradients of the next update, and the mean loss of its images.
    fn next<M: Classifier>(
        &mut self,
        network: &M,
        loss: &dyn Loss,
        device: &Device,
        seed: u64,
    ) -> Result<(Gradients, f64), TrainError> {
        let batches = self.train.batches();
        if self.taken == batches {
            self.epoch += 1;
            self.taken = 0;
            self.source = self.train.epoch_from(self.epoch, 0);
        }
        let mut mean = GradientMean::default();
        let mut told = Vec::new();
        loop {
            let batch = self.batch()?;
            let global = (self.epoch as usize - 1) * batches + self.taken - 1;
            device.seed(step_seed(seed, global));
            let images = batch.len();
            let weight = loss.weight(&batch.labels, batch.soft_targets.is_some());
            let (value, scores) = training_loss(network, send(batch, device), loss);
            mean.add(Gradients::of(&value, network), weight);
            told.push((scores, images));
            if self.taken.is_multiple_of(self.accumulate) || self.taken == batches {
                break;
            }
        }
        let images: Vec<usize> = told.iter().map(|(_, images)| *images).collect();
        let scores = read_scores(told)?;
        let weighted = |(scores, images): (&Scores, &usize)| scores.loss * *images as f64;
        let sum: f64 = scores.iter().zip(&images).map(weighted).sum();
        let all: usize = images.iter().sum();
        Ok((mean.finish(), sum / all as f64))
    }

    fn batch(&mut self) -> Result<Batch, TrainError> {
        let next = self.source.next().ok_or_else(|| TrainError::Source {
            problem: format!(
                "an epoch of {} batches ended after {}",
                self.train.batches(),
                self.taken
            ),
        })?;
        self.taken += 1;
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_by_the_same_factor() {
        let test = LrFind {
            from: 1e-4,
            to: 1.0,
            steps: 41,
        };
        assert_eq!(test.validate(), Ok(()));
        for (update, rate) in [(0, 1e-4), (10, 1e-3), (20, 1e-2), (40, 1.0)] {
            assert!((test.rate(update) / rate - 1.0).abs() < 1e-12, "{update}");
        }
    }

    #[test]
    fn impossible_ranges_are_refused() {
        let (from, to, steps) = (1e-7, 10.0, 100);
        for (test, key) in [
            (
                LrFind {
                    from: 0.0,
                    to,
                    steps,
                },
                "from",
            ),
            (
                LrFind {
                    from: f64::NAN,
                    to,
                    steps,
                },
                "from",
            ),
            (
                LrFind {
                    from,
                    to: 1e-7,
                    steps,
                },
                "to",
            ),
            (
                LrFind {
                    from,
                    to: f64::INFINITY,
                    steps,
                },
                "to",
            ),
            (
                LrFind {
                    from,
                    to,
                    steps: 19,
                },
                "steps",
            ),
            (
                LrFind {
                    from,
                    to,
                    steps: 10_001,
                },
                "steps",
            ),
        ] {
            match test.validate() {
                Err(ConfigError::Value { key: found, .. }) => assert_eq!(found, key),
                other => panic!("{test:?}: {other:?}"),
            }
        }
    }
}
