use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, WRONG_TIME, check, is_possible_time};

/// What ends a run before its last epoch. By default nothing does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StopConfig {
    /// Early stopping: end after so many epochs without a better one (Keras'
    /// `EarlyStopping`), at least 1. Needs validation images.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub patience: Option<usize>,
    /// End with the first epoch whose validation accuracy is at least this, above 0
    /// and up to 1; the time to it is reported. Needs validation images.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub target_accuracy: Option<f64>,
    /// End after so many minutes of training, validation included and summed over
    /// resumed parts, above 0 and up to 1e9. The update under way is finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1e9), extend("exclusiveMinimum" = 0))]
    pub minutes: Option<f64>,
    /// End after so many updates (Lightning's `max_steps`), at least 1. The epoch under
    /// way is not finished: without one that was, there is no best epoch and no test. The
    /// last batch is scored once more with the new weights. The schedule still spans all
    /// epochs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub steps: Option<u64>,
}

impl StopConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        if let Some(patience) = self.patience {
            check(
                "stop.patience",
                patience,
                patience >= 1,
                "it must be at least 1",
            )?;
        }
        if let Some(steps) = self.steps {
            check("stop.steps", steps, steps >= 1, "it must be at least 1")?;
        }
        if let Some(target) = self.target_accuracy {
            check(
                "stop.target_accuracy",
                target,
                target > 0.0 && target <= 1.0,
                "it must be a share, above 0 and up to 1",
            )?;
        }
        if let Some(minutes) = self.minutes {
            check(
                "stop.minutes",
                minutes,
                is_possible_time(minutes),
                WRONG_TIME,
            )?;
        }
        Ok(())
    }

    /// Looks that there are validation images, if something here goes by them.
    pub(crate) fn check_images(&self, validation: usize) -> Result<(), ConfigError> {
        let there = validation > 0;
        let problem = "there are no validation images to tell by: it needs `valid` above 0";
        if let Some(patience) = self.patience {
            check("stop.patience", patience, there, problem)?;
        }
        match self.target_accuracy {
            Some(target) => check("stop.target_accuracy", target, there, problem),
            None => Ok(()),
        }
    }
}
