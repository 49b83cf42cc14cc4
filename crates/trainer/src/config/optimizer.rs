use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, check};

/// The optimizer and its constants, as in `torch.optim`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// Which one.
    pub name: OptimizerName,
    /// The largest learning rate of the schedule, above 0. Left out: 0.05 for
    /// SGD, 0.002 for Adam and AdamW.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lr: Option<f64>,
    /// Weight decay, at least 0: decoupled in AdamW, part of the gradient
    /// elsewhere. Left out: 5e-4 for SGD, 0 for Adam, 0.01 for AdamW.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub weight_decay: Option<f64>,
    /// Momentum of SGD, 0 ≤ momentum < 1. The others do not use it.
    pub momentum: f64,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            name: OptimizerName::Sgd,
            lr: None,
            weight_decay: None,
            momentum: 0.9,
        }
    }
}

impl OptimizerConfig {
    /// The largest learning rate: the given one, or the optimizer's own.
    #[must_use]
    pub fn lr(&self) -> f64 {
        self.lr.unwrap_or(match self.name {
            OptimizerName::Sgd => 0.05,
            OptimizerName::Adam | OptimizerName::AdamW => 2e-3,
        })
    }

    /// The weight decay: the given one, or the optimizer's own.
    #[must_use]
    pub fn weight_decay(&self) -> f64 {
        self.weight_decay.unwrap_or(match self.name {
            OptimizerName::Sgd => 5e-4,
            OptimizerName::Adam => 0.0,
            OptimizerName::AdamW => 0.01,
        })
    }
}

/// An optimizer. Constants that are not in [`OptimizerConfig`] are PyTorch's defaults.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum OptimizerName {
    /// Adam (Kingma and Ba, 2015), with β = (0.9, 0.999) and ε = 1e-8.
    Adam,
    /// AdamW (Loshchilov and Hutter, 2019), with the constants of Adam.
    AdamW,
    /// Stochastic gradient descent with momentum, without dampening.
    Sgd,
}

impl OptimizerConfig {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let (lr, weight_decay) = (self.lr(), self.weight_decay());
        check(
            "optimizer.lr",
            lr,
            lr.is_finite() && lr > 0.0,
            "it must be a number above 0",
        )?;
        check(
            "optimizer.weight_decay",
            weight_decay,
            weight_decay.is_finite() && weight_decay >= 0.0,
            "it must be a number of at least 0",
        )?;
        check(
            "optimizer.momentum",
            self.momentum,
            (0.0..1.0).contains(&self.momentum),
            "it must be at least 0 and below 1",
        )
    }
}
