use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, check};

/// The course of the learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleConfig {
    /// Which course.
    pub name: ScheduleName,
    /// Epochs (also fractions) over which the rate first rises to its largest
    /// value, at least 0 and below the epochs of the run.
    pub warmup_epochs: f64,
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self {
            name: ScheduleName::Cosine,
            warmup_epochs: 0.5,
        }
    }
}

/// A course of the learning rate after warm-up.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum ScheduleName {
    /// It stays.
    Constant,
    /// It falls to 0 along half a cosine (Loshchilov and Hutter, 2017, without restarts).
    Cosine,
}

impl ScheduleConfig {
    /// `epochs` are those of the run.
    pub(super) fn validate(&self, epochs: usize) -> Result<(), ConfigError> {
        let warmup = self.warmup_epochs;
        check(
            "schedule.warmup_epochs",
            warmup,
            warmup >= 0.0 && warmup < epochs as f64,
            &format!("it must be at least 0 and below the {epochs} epochs of the run"),
        )
    }
}
