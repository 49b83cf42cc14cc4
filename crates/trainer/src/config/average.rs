use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, check};

/// Weights averaged over training, which are validated, kept and tested in the
/// place of the last ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AverageConfig {
    /// Which average. Default: `none`.
    pub name: AverageName,
    /// How much of itself the average keeps in an update, 0 ≤ decay < 1. For
    /// `ema`. Left out: 0.999.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    pub decay: Option<f64>,
    /// Whether the average keeps less at first: min(`decay`, (1 + t) / (10 + t)) in
    /// its update t, counted from 0. For `ema`. Left out: true. Without it the weights
    /// that the run began with stay in the average for some 5 / (1 − `decay`) updates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<bool>,
    /// The first epoch, from 1 to the epochs of the run, whose weights are
    /// averaged. For `swa`. Left out: the first after three quarters of the
    /// epochs that the run is begun with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub start_epoch: Option<usize>,
}

/// An average of weights.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum AverageName {
    /// The last weights are what counts.
    None,
    /// An exponential moving average after each update. Running statistics of batch
    /// norms are averaged as well.
    Ema,
    /// Stochastic weight averaging (Izmailov et al., 2018): the mean of the weights
    /// at the ends of epochs. Running statistics of batch norms are computed anew
    /// from the training images.
    Swa,
}

impl Default for AverageConfig {
    fn default() -> Self {
        Self {
            name: AverageName::None,
            decay: None,
            warmup: None,
            start_epoch: None,
        }
    }
}

impl AverageConfig {
    /// How much the exponential average keeps.
    #[must_use]
    pub fn decay(&self) -> f64 {
        self.decay.unwrap_or(0.999)
    }

    /// Whether the exponential average keeps less at first.
    #[must_use]
    pub fn warmup(&self) -> bool {
        self.warmup.unwrap_or(true)
    }

    /// The first epoch, from 1, of those that are averaged in a run of `epochs`.
    #[must_use]
    pub fn start_epoch(&self, epochs: usize) -> usize {
        self.start_epoch.unwrap_or(epochs * 3 / 4 + 1)
    }

    /// Puts its own values where they are left out, for a run that is begun with `epochs`.
    pub(crate) fn complete(&mut self, epochs: usize) {
        match self.name {
            AverageName::None => {}
            AverageName::Ema => {
                self.decay = Some(self.decay());
                self.warmup = Some(self.warmup());
            }
            AverageName::Swa => self.start_epoch = Some(self.start_epoch(epochs)),
        }
    }

    /// `epochs` are those of the run.
    pub(crate) fn validate(&self, epochs: usize) -> Result<(), ConfigError> {
        let (is_ema, is_swa) = (self.name == AverageName::Ema, self.name == AverageName::Swa);
        let only = |name| format!("it is for name = \"{name}\" alone");
        if let Some(decay) = self.decay {
            check("average.decay", decay, is_ema, &only("ema"))?;
            check(
                "average.decay",
                decay,
                (0.0..1.0).contains(&decay),
                "it must be at least 0 and below 1",
            )?;
        }
        if let Some(warmup) = self.warmup {
            check("average.warmup", warmup, is_ema, &only("ema"))?;
        }
        if let Some(start) = self.start_epoch {
            check("average.start_epoch", start, is_swa, &only("swa"))?;
            check(
                "average.start_epoch",
                start,
                (1..=epochs).contains(&start),
                &format!("it must be at least 1 and at most the {epochs} epochs of the run"),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_values_are_refused() {
        for (text, key) in [
            ("decay = 0.9", "average.decay"),
            ("name = \"ema\"\ndecay = 1.0", "average.decay"),
            ("name = \"ema\"\ndecay = nan", "average.decay"),
            ("name = \"swa\"\nwarmup = true", "average.warmup"),
            ("name = \"ema\"\nstart_epoch = 2", "average.start_epoch"),
            ("name = \"swa\"\nstart_epoch = 0", "average.start_epoch"),
            ("name = \"swa\"\nstart_epoch = 9", "average.start_epoch"),
        ] {
            let config: AverageConfig = toml::from_str(text).unwrap();
            match config.validate(8) {
                Err(ConfigError::Value { key: found, .. }) => assert_eq!(found, key, "{text}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn the_last_quarter_is_averaged() {
        let starts = [1, 2, 4, 10, 100].map(|epochs| AverageConfig::default().start_epoch(epochs));
        assert_eq!(starts, [1, 2, 4, 8, 76]);
    }
}
