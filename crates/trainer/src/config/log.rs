use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, check};

/// What is written of the course of a run, beside its history. None of it
/// changes what the run computes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// Whether event files for TensorBoard are written, into the folder
    /// `tensorboard` of the run: loss, accuracy and learning rate of the steps and
    /// epochs, the configuration, and images of the first batch. Default: `false`.
    pub tensorboard: bool,
    /// Whether the event files also hold a histogram of each parameter at the end of
    /// each epoch, some 10 KB each; needs `tensorboard`. Default: `false`.
    pub histograms: bool,
    /// Whether start, epochs, checkpoints, warnings and end are written to `log.txt`
    /// in the run folder, each with its local time. Default: `true`.
    pub text: bool,
    /// Whether the run ends by writing `report.html` into its folder: curves, confusion
    /// matrix, mistakes, feature maps and all else in one page. Default: `true`.
    pub report: bool,
    /// Steps between two reports of loss and accuracy, 1 to 1,000,000. Each report
    /// reads numbers back from the device, which a GPU has to wait for. Left out: 1
    /// on the CPU, 10 on a GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub every_steps: Option<usize>,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            tensorboard: false,
            histograms: false,
            text: true,
            report: true,
            every_steps: None,
        }
    }
}

impl LogConfig {
    /// Steps between two reports, at least 1; `gpu` says whether the run is on a GPU.
    #[must_use]
    pub fn every_steps(&self, gpu: bool) -> usize {
        self.every_steps.unwrap_or(if gpu { 10 } else { 1 })
    }

    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        check(
            "log.histograms",
            self.histograms,
            self.tensorboard || !self.histograms,
            "histograms are written for TensorBoard: it needs `tensorboard = true`",
        )?;
        if let Some(steps) = self.every_steps {
            check(
                "log.every_steps",
                steps,
                (1..=1_000_000).contains(&steps),
                "it must be at least 1 and at most 1000000",
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_is_read_less_often_unless_told() {
        let config = LogConfig::default();
        assert_eq!([false, true].map(|gpu| config.every_steps(gpu)), [1, 10]);
        let told = LogConfig {
            every_steps: Some(3),
            ..config
        };
        assert_eq!([false, true].map(|gpu| told.every_steps(gpu)), [3, 3]);
    }
}
