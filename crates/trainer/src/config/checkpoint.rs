use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, WRONG_TIME, check, is_possible_time};

/// When checkpoints are written, from which a run goes on, and which are kept.
/// None of it changes what a run computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointConfig {
    /// Write one after every so many epochs, 0 for not by epochs. When a run ends
    /// or is interrupted, one is written in any case.
    pub every_epochs: usize,
    /// Write one after every so many updates of the run, at least 1. Left out: not
    /// by updates.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub every_updates: Option<usize>,
    /// Write one when so many minutes have passed since the last, above 0 and up to
    /// 1e9. Left out: not by time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1e9), extend("exclusiveMinimum" = 0))]
    pub every_minutes: Option<f64>,
    /// How many of the newest to keep, at least 1. A second one is what a damaged
    /// newest falls back to.
    #[schemars(range(min = 1))]
    pub keep_last: usize,
    /// How many of the epochs with the highest validation accuracy to keep as well,
    /// with all that is needed to go on from there. The weights of the best epoch
    /// are kept in any case.
    pub keep_best: usize,
}

impl Default for CheckpointConfig {
    fn default() -> Self {
        Self {
            every_epochs: 1,
            every_updates: None,
            every_minutes: None,
            keep_last: 2,
            keep_best: 0,
        }
    }
}

impl CheckpointConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        let positive = "it must be at least 1";
        if let Some(updates) = self.every_updates {
            check("checkpoint.every_updates", updates, updates >= 1, positive)?;
        }
        if let Some(minutes) = self.every_minutes {
            check(
                "checkpoint.every_minutes",
                minutes,
                is_possible_time(minutes),
                WRONG_TIME,
            )?;
        }
        check(
            "checkpoint.keep_last",
            self.keep_last,
            self.keep_last >= 1,
            positive,
        )
    }

    /// Looks that there are validation images, if something here goes by them.
    pub(crate) fn check_images(&self, validation: usize) -> Result<(), ConfigError> {
        check(
            "checkpoint.keep_best",
            self.keep_best,
            self.keep_best == 0 || validation > 0,
            "there are no validation images to tell by: it needs `valid` above 0",
        )
    }
}
