use serde::{Deserialize, Serialize};

/// Where the time of a training step goes, in milliseconds: medians over steps of their
/// own, in which the device is waited for after each part.
///
/// The steps that give [`ms_per_step`](super::Measurement::ms_per_step) have no such
/// waits. On a device that works ahead of the program, as GPUs do, the parts add up to more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// The network, and cross-entropy.
    pub forward_ms: f64,
    /// The gradients of all parameters.
    pub backward_ms: f64,
    /// SGD with momentum, and reading the loss.
    pub optimizer_ms: f64,
}
