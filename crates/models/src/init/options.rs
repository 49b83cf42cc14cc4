//! What is chosen about an initialisation.

use serde::{Deserialize, Serialize};

use super::{Biases, Init, Weights};

/// What is chosen about how the parameters of a network start. What is left out
/// stays the network's own.
///
/// Values are drawn on the host, each layer from a generator of its own, keyed
/// by the seed and the layer's position: the same on every backend, and adding
/// a layer at the end changes none before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct InitOptions {
    /// Weights of convolutions. Left out: the network's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conv: Option<Weights>,
    /// Weights of fully connected layers. Left out: the network's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linear: Option<Weights>,
    /// Biases of both. Left out: the network's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bias: Option<Biases>,
    /// Whether the batch normalisation that ends each residual block starts with
    /// scale 0, so that the block starts as its shortcut (Goyal and others, 2017).
    /// Refused for networks whose blocks end in something else. Left out: the
    /// network's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zero_residual: Option<bool>,
}

impl InitOptions {
    /// Puts what is chosen over a network's own.
    #[must_use]
    pub fn over(self, own: Init) -> Init {
        Init {
            conv: self.conv.unwrap_or(own.conv),
            linear: self.linear.unwrap_or(own.linear),
            bias: self.bias.unwrap_or(own.bias),
            zero_residual: self.zero_residual.unwrap_or(own.zero_residual),
        }
    }
}

/// All of it is chosen.
impl From<Init> for InitOptions {
    fn from(init: Init) -> Self {
        Self {
            conv: Some(init.conv),
            linear: Some(init.linear),
            bias: Some(init.bias),
            zero_residual: Some(init.zero_residual),
        }
    }
}
