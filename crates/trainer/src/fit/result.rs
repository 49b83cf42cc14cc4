use std::sync::Arc;

use models::StateDict;
use serde::{Deserialize, Serialize};

use super::{EndedBy, Reached};
use crate::event::EpochDone;

/// What a training came to.
#[derive(Debug, Clone)]
pub struct FitResult {
    /// What ended it.
    pub ended_by: EndedBy,
    /// Its epochs, those before it was resumed included.
    pub history: Vec<EpochDone>,
    /// The best epoch: the highest validation accuracy, of equals the lowest
    /// validation loss; without validation images the last. `None` if no epoch was
    /// finished.
    pub best: Option<EpochDone>,
    /// The weights of the best epoch, averaged where the configuration says so.
    pub best_weights: Option<Arc<StateDict>>,
    /// When the target accuracy was reached, if there is one and it was.
    pub reached: Option<Reached>,
    /// Updates of the parameters.
    pub updates: u64,
    /// Seconds of training and validation.
    pub seconds: f64,
    /// The digests of the files of weights, if there is a folder.
    pub sha256: Option<WeightDigests>,
}

/// SHA-256 of files of weights, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightDigests {
    /// Of `last.safetensors`, if it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Of `best.safetensors`, if an epoch was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<String>,
}
