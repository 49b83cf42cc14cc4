use crate::config::{
    AverageConfig, CheckpointConfig, EvaluationConfig, LossConfig, OptimizerConfig, ScheduleConfig,
    StopConfig, TrainConfig,
};

/// What of a [`TrainConfig`] is about training itself, whatever the network and
/// the images are.
#[derive(Debug, Clone, PartialEq)]
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
    /// How images are scored.
    pub evaluation: EvaluationConfig,
    /// When checkpoints are written.
    pub checkpoint: CheckpointConfig,
    /// What ends the run before its last epoch.
    pub stop: StopConfig,
    /// Steps after which the scores are read from the device and reported.
    pub report_every: usize,
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
            evaluation: self.evaluation.clone(),
            checkpoint: self.checkpoint.clone(),
            stop: self.stop.clone(),
            report_every: self.log.every_steps.unwrap_or(report_every),
        }
    }
}
