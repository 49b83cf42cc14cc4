use serde::{Deserialize, Serialize};

use crate::{
    event::Scores,
    fit::{EndedBy, Reached, WeightDigests},
    machine::Machine,
    start::StartedFrom,
};

/// What `summary.json` says of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Whether it came to its end.
    pub status: Status,
    /// What ended it.
    pub ended_by: EndedBy,
    /// The architecture.
    pub model: String,
    /// The data set.
    pub dataset: String,
    /// The backend.
    pub backend: String,
    /// The device, as the backend names it.
    pub device: String,
    /// The seed.
    pub seed: u64,
    /// Number of parameters of the network, those that are frozen as well.
    pub parameters: usize,
    /// The file of weights that it started from, if it did not start anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<StartedFrom>,
    /// Epochs that were finished.
    pub epochs: usize,
    /// Updates of the parameters.
    pub updates: u64,
    /// The epoch, from 1, whose weights are the best: the highest validation
    /// accuracy, of equals the lowest validation loss; without validation images
    /// the last. `None` if no epoch was finished.
    pub best_epoch: Option<usize>,
    /// When the target accuracy was reached, if there is one and it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<Reached>,
    /// What of its settings was changed when it was resumed, a line each, so that its
    /// configuration would not give the same run from the beginning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
    /// Seconds of training and validation, over all its parts if it was resumed.
    pub seconds: f64,
    /// The most memory that its last process had, in megabytes (10⁶ bytes), where the
    /// system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_rss_mb: Option<f64>,
    /// What computed it.
    pub versions: Versions,
    /// Where it was computed, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Box<Machine>>,
    /// The digests of its files of weights.
    pub sha256: Option<WeightDigests>,
    /// Of the best epoch on the validation images.
    pub valid: Option<Scores>,
    /// Of the best epoch on the test set, which is read once, at the end.
    /// `None` if the run was interrupted.
    pub test: Option<Scores>,
    /// Images that trained, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_images: Option<usize>,
    /// Images that the best epoch was chosen by, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_images: Option<usize>,
    /// Images of the test set.
    pub test_images: usize,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It ended by itself: all epochs were done, or what `stop` says came before.
    Done,
    /// It was asked to stop before.
    Interrupted,
}

/// Versions of what computed a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Kiln.
    pub kiln: String,
    /// Burn.
    pub burn: String,
}

impl Versions {
    /// The versions that are compiled in.
    #[must_use]
    pub fn current() -> Self {
        Self {
            kiln: env!("CARGO_PKG_VERSION").into(),
            burn: BURN.into(),
        }
    }
}

/// Burn's version, which the workspace pins. A test compares it with Cargo.toml.
const BURN: &str = "0.22.1";

#[cfg(test)]
mod tests {
    #[test]
    fn burns_version_is_the_pinned_one() {
        let manifest = include_str!("../../../Cargo.toml");
        let pin = format!("version = \"={}\"", super::BURN);
        assert!(manifest.contains(&pin), "Cargo.toml has no burn {pin}");
    }
}
