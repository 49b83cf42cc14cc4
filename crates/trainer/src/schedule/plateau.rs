//! A learning rate that falls when the validation loss no longer does.

use serde::{Deserialize, Serialize};

use crate::{config::ScheduleConfig, exact};

/// A change of the rate that is smaller is not made, as in PyTorch.
const SMALLEST_CHANGE: f64 = 1e-8;

/// What a schedule has to remember, for a checkpoint. It comes back from JSON and TOML
/// with the same bits: numbers are written as text, for their readers may round.
///
/// Only plateau has something to remember; of the others it is the default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleState {
    /// The rate; `None` if it is a function of the update alone.
    #[serde(
        default,
        with = "exact::option",
        skip_serializing_if = "Option::is_none"
    )]
    lr: Option<f64>,
    /// The lowest validation loss; `None` before the first.
    #[serde(
        default,
        with = "exact::option",
        skip_serializing_if = "Option::is_none"
    )]
    best: Option<f64>,
    /// Epochs since, without those of the cool-down.
    #[serde(default)]
    bad_epochs: u64,
    /// Epochs of the cool-down that are left.
    #[serde(default)]
    cooldown_left: u64,
}

/// PyTorch's `ReduceLROnPlateau` with `mode="min"` and `threshold_mode="rel"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plateau {
    factor: f64,
    patience: u64,
    threshold: f64,
    cooldown: u64,
    lowest: f64,
    lr: f64,
    best: Option<f64>,
    bad_epochs: u64,
    cooldown_left: u64,
}

impl Plateau {
    pub fn new(config: &ScheduleConfig, peak: f64) -> Self {
        Self {
            factor: config.factor(),
            patience: config.patience(),
            threshold: config.threshold(),
            cooldown: config.cooldown(),
            lowest: config.min_lr(),
            lr: peak,
            best: None,
            bad_epochs: 0,
            cooldown_left: 0,
        }
    }

    pub fn lr(&self) -> f64 {
        self.lr
    }

    pub fn epoch_done(&mut self, loss: f64) {
        let limit = self
            .best
            .map_or(f64::INFINITY, |best| best * (1.0 - self.threshold));
        if loss < limit {
            self.best = Some(loss);
            self.bad_epochs = 0;
        } else {
            self.bad_epochs = self.bad_epochs.saturating_add(1);
        }
        if self.cooldown_left > 0 {
            self.cooldown_left -= 1;
            self.bad_epochs = 0;
        }
        if self.bad_epochs > self.patience {
            let lower = (self.lr * self.factor).max(self.lowest);
            if self.lr - lower > SMALLEST_CHANGE {
                self.lr = lower;
            }
            self.cooldown_left = self.cooldown;
            self.bad_epochs = 0;
        }
    }

    pub fn state(&self) -> ScheduleState {
        ScheduleState {
            lr: Some(self.lr),
            best: self.best,
            bad_epochs: self.bad_epochs,
            cooldown_left: self.cooldown_left,
        }
    }

    pub fn restore(&mut self, state: ScheduleState) {
        self.lr = state.lr.unwrap_or(self.lr);
        self.best = state.best;
        self.bad_epochs = state.bad_epochs;
        self.cooldown_left = state.cooldown_left;
    }
}
