use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parameters with rates of their own: a table `[[optimizer.groups]]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterGroup {
    /// The pattern of the names of the parameters, as PyTorch has them: `conv*`,
    /// `*.bias`; `*` stands for any characters, `?` for one.
    pub parameters: String,
    /// Factor of the learning rate, above 0. Default: 1.
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub lr_scale: f64,
    /// Their weight decay, at least 0. Left out: that of the optimizer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub weight_decay: Option<f64>,
}

fn one() -> f64 {
    1.0
}
