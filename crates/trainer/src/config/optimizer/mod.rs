mod defaults;
mod group;
mod name;
mod validate;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error};

pub use self::{
    group::ParameterGroup,
    name::{AdjustLr, OptimizerName},
};
use super::{
    ConfigError, NOT_NEGATIVE, POSITIVE, check, check_given, is_not_negative, is_positive,
};

/// The optimizer and its constants, as in `torch.optim`. A constant that the
/// optimizer does not have is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// Which one.
    pub name: OptimizerName,
    /// The largest learning rate of the schedule, above 0. Left out: 0.05 for
    /// SGD, 0.002 for Adam and AdamW, 0.001 for RMSprop, 0.01 for Adagrad, 0.0002
    /// for Lion, 0.02 for Muon.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub lr: Option<f64>,
    /// Weight decay, at least 0: decoupled (times the learning rate) in AdamW, Lion
    /// and Muon, part of the gradient elsewhere. Left out: 5e-4 for SGD, 0.01 for
    /// AdamW and Muon, 0.1 for Lion, 0 for the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub weight_decay: Option<f64>,
    /// Whether weight decay is for the scales of norms and for biases too, which
    /// have one dimension, as in PyTorch; `false` leaves it off them, as timm does.
    /// Default: true. A group's own `weight_decay` goes before this.
    pub decay_norm_and_bias: bool,
    /// Momentum, 0 ≤ momentum < 1. For SGD (left out: 0.9), RMSprop (left out: 0)
    /// and Muon (left out: 0.95).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    pub momentum: Option<f64>,
    /// Whether momentum looks ahead, as Nesterov's does; it needs momentum. For
    /// SGD (left out: false) and Muon (left out: true).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nesterov: Option<bool>,
    /// How much the moving averages keep, two numbers of at least 0 and below 1: of
    /// the gradient and of its square; in Lion, for the step and for the average.
    /// For Adam and AdamW (left out: [0.9, 0.999]), Lion (left out: [0.9, 0.99])
    /// and the AdamW beside Muon (left out: [0.9, 0.95]).
    #[serde(deserialize_with = "two", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("items" = {
        "type": "number", "format": "double", "minimum": 0, "exclusiveMaximum": 1
    }))]
    pub betas: Option<[f64; 2]>,
    /// What is added to the deviation of the gradient before dividing by it, above
    /// 0. For Adam, AdamW and RMSprop (left out: 1e-8), and for Adagrad and the
    /// AdamW beside Muon (left out: 1e-10).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub eps: Option<f64>,
    /// How much the average of the squared gradient keeps, 0 ≤ alpha < 1. For
    /// RMSprop. Left out: 0.99.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    pub alpha: Option<f64>,
    /// Whether the mean of the gradient is taken off its square. For RMSprop. Left
    /// out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub centered: Option<bool>,
    /// By how much the rate falls beside the schedule: it is divided by
    /// 1 + `lr_decay` · (updates before), at least 0. For Adagrad. Left out: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub lr_decay: Option<f64>,
    /// Where the sum of the squared gradients begins, at least 0. For Adagrad. Left
    /// out: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub initial_accumulator: Option<f64>,
    /// What the shape of a matrix does to its learning rate. For Muon. Left out:
    /// `original`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjust_lr: Option<AdjustLr>,
    /// Patterns of the names of parameters (`fc.*`, with `*` for any characters and
    /// `?` for one) that Muon leaves to AdamW, as it does with all of one
    /// dimension. Advised for the last layer. For Muon. Left out: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adamw_parameters: Option<Vec<String>>,
    /// The learning rate of the AdamW beside Muon over that of Muon, above 0. For
    /// Muon. Left out: 0.015, which makes 3e-4 of 0.02.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub adamw_lr_scale: Option<f64>,
    /// The largest magnitude of a value of a gradient, above 0; larger ones are cut
    /// off before `clip_norm`. Left out: no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub clip_value: Option<f64>,
    /// The largest L2 norm of the gradient over all parameters together, above 0; a
    /// longer one is shortened. Left out: no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub clip_norm: Option<f64>,
    /// Patterns of the names of parameters (`conv1.*`, with `*` for any characters
    /// and `?` for one) that are not trained: no update and no decay reaches them.
    /// Batch norms of frozen layers go on normalising by the batch, and their
    /// running statistics go on following it, as in PyTorch. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<String>,
    /// Parameters with rates of their own, by the patterns of their names. Of
    /// several groups that a parameter matches, the last holds. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<ParameterGroup>,
}

/// Two numbers, and no more: an array takes the first two of a longer list.
fn two<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[f64; 2]>, D::Error> {
    let numbers = Vec::<f64>::deserialize(deserializer)?;
    let wrong = |numbers: Vec<f64>| D::Error::invalid_length(numbers.len(), &"a list of 2 numbers");
    numbers.try_into().map(Some).map_err(wrong)
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            name: OptimizerName::Sgd,
            lr: None,
            weight_decay: None,
            decay_norm_and_bias: true,
            momentum: None,
            nesterov: None,
            betas: None,
            eps: None,
            alpha: None,
            centered: None,
            lr_decay: None,
            initial_accumulator: None,
            adjust_lr: None,
            adamw_parameters: None,
            adamw_lr_scale: None,
            clip_value: None,
            clip_norm: None,
            freeze: Vec::new(),
            groups: Vec::new(),
        }
    }
}
