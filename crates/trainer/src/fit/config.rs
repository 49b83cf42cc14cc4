use serde::Serialize;

use super::FitData;
use crate::{
    TrainError,
    config::{
        AverageConfig, CheckpointConfig, ConfigError, EvaluationConfig, LossConfig,
        OptimizerConfig, ScheduleConfig, StopConfig, TrainConfig, check, check_integer,
    },
};

/// What of a [`TrainConfig`] is about training itself, whatever the network and
/// the images are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FitConfig {
    /// Decides what is random in a step, such as dropout.
    pub seed: u64,
    /// How often to go through the training images.
    pub epochs: usize,
    /// Batches whose gradients an update takes the mean of.
    pub accumulate: usize,
    /// How the parameters are updated.
    pub optimizer: OptimizerConfig,
    /// How the learning rate goes over the run.
    pub schedule: ScheduleConfig,
    /// What is made small.
    pub loss: LossConfig,
    /// Averaged weights.
    pub average: AverageConfig,
    /// Updates after which the validation images are scored, beside the end of an epoch.
    pub valid_every_steps: Option<u64>,
    /// When checkpoints are written.
    pub checkpoint: CheckpointConfig,
    /// What ends the run before its last epoch.
    pub stop: StopConfig,
    /// Steps after which the scores are read from the device and reported.
    pub report_every: usize,
}

impl FitConfig {
    /// Checks every value, as those of a [`TrainConfig`] are.
    pub(super) fn validate(&self, data: &FitData<'_>) -> Result<(), TrainError> {
        let positive = "it must be at least 1";
        check_integer("seed", self.seed)?;
        check("epochs", self.epochs, self.epochs >= 1, positive)?;
        check(
            "accumulate",
            self.accumulate,
            self.accumulate >= 1,
            positive,
        )?;
        let every = self.report_every;
        check("report_every", every, every >= 1, positive)?;
        self.optimizer.validate()?;
        self.schedule.validate(self.epochs, self.optimizer.lr())?;
        self.loss.validate()?;
        self.average.validate(self.epochs)?;
        self.checkpoint.validate()?;
        self.stop.validate()?;
        self.evaluation().validate()?;
        let validation = data.valid.map_or(0, |valid| valid.images());
        self.check_images(validation)?;
        match data.train.batches() {
            0 => Err(TrainError::Source {
                problem: "an epoch has no batch".into(),
            }),
            _ => Ok(()),
        }
    }

    /// Looks that there are validation images, if something here goes by them.
    pub(crate) fn check_images(&self, validation: usize) -> Result<(), ConfigError> {
        self.stop.check_images(validation)?;
        self.evaluation().check_images(validation)?;
        self.checkpoint.check_images(validation)?;
        self.schedule.check_images(validation)
    }

    fn evaluation(&self) -> EvaluationConfig {
        EvaluationConfig {
            every_steps: self.valid_every_steps,
            ..EvaluationConfig::default()
        }
    }
}

impl Default for FitConfig {
    fn default() -> Self {
        TrainConfig::default().fit(1)
    }
}

impl TrainConfig {
    /// What of it is about training itself; `report_every` steps the scores are
    /// read from the device, unless `log.every_steps` says otherwise.
    #[must_use]
    pub fn fit(&self, report_every: usize) -> FitConfig {
        FitConfig {
            seed: self.seed,
            epochs: self.epochs,
            accumulate: self.accumulate,
            optimizer: self.optimizer.clone(),
            schedule: self.schedule.clone(),
            loss: self.loss.clone(),
            average: self.average.clone(),
            valid_every_steps: self.evaluation.every_steps,
            checkpoint: self.checkpoint.clone(),
            stop: self.stop.clone(),
            report_every: self.log.every_steps.unwrap_or(report_every),
        }
    }
}
