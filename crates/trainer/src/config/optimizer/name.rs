use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An optimizer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum OptimizerName {
    /// Adagrad (Duchi, Hazan and Singer, 2011).
    Adagrad,
    /// Adam (Kingma and Ba, 2015).
    Adam,
    /// AdamW (Loshchilov and Hutter, 2019).
    AdamW,
    /// Lion (Chen et al., 2023): the sign of an average of the gradient.
    Lion,
    /// Muon (Jordan, 2024) for parameters of two dimensions or more (convolutions as
    /// matrices `[out, in · height · width]`), AdamW for the others.
    Muon,
    /// RMSprop (Tieleman and Hinton, 2012).
    RmsProp,
    /// Stochastic gradient descent with momentum, without dampening.
    Sgd,
}

impl OptimizerName {
    /// The constants that it has.
    pub(super) fn constants(self) -> &'static [&'static str] {
        match self {
            Self::Adagrad => &["eps", "lr_decay", "initial_accumulator"],
            Self::Adam | Self::AdamW => &["betas", "eps"],
            Self::Lion => &["betas"],
            Self::Muon => &[
                "momentum",
                "nesterov",
                "betas",
                "eps",
                "adjust_lr",
                "adamw_parameters",
                "adamw_lr_scale",
            ],
            Self::RmsProp => &["momentum", "eps", "alpha", "centered"],
            Self::Sgd => &["momentum", "nesterov"],
        }
    }
}

impl fmt::Display for OptimizerName {
    /// As in a configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Adagrad => "adagrad",
            Self::Adam => "adam",
            Self::AdamW => "adamw",
            Self::Lion => "lion",
            Self::Muon => "muon",
            Self::RmsProp => "rmsprop",
            Self::Sgd => "sgd",
        })
    }
}

/// What the shape of a matrix, `[rows, columns]`, does to its learning rate in Muon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdjustLr {
    /// √max(1, rows / columns), as in Jordan's.
    #[default]
    Original,
    /// 0.2 · √max(rows, columns), for steps as long as AdamW's (Liu et al., "Muon is
    /// Scalable for LLM Training", 2025).
    MatchRmsAdamw,
}
