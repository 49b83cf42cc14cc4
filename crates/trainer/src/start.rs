//! Weights of a file in the place of those that a seed gives.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use models::{Mismatch, Network, StateDict, WeightsError};
use serde::Serialize;

use crate::{TrainError, config::TrainConfig};

/// What a network took of a file of weights. Displays as a line for the file, and
/// one for each tensor that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StartedFrom {
    /// The file.
    pub file: PathBuf,
    /// How many tensors, running statistics of batch norms included, it gave.
    pub taken: usize,
    /// What did not fit: of the network, it starts anew.
    pub not_taken: Mismatch,
}

impl fmt::Display for StartedFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch {
            missing,
            unexpected,
            shapes,
        } = &self.not_taken;
        write!(f, "{}: {} tensors taken", self.file.display(), self.taken)?;
        let anew = missing.len() + shapes.len();
        if anew > 0 {
            write!(f, ", {anew} start anew")?;
        }
        if !unexpected.is_empty() {
            write!(f, ", {} left out", unexpected.len())?;
        }
        for name in missing {
            write!(f, "\nstarts anew: {name}, which the file has not")?;
        }
        for (name, network, file) in shapes {
            write!(
                f,
                "\nstarts anew: {name}, {network:?}; the file has {file:?}"
            )?;
        }
        for name in unexpected {
            write!(f, "\nleft out: {name}, which the network has not")?;
        }
        Ok(())
    }
}

/// Weights to start from.
pub(crate) struct Start {
    pub file: PathBuf,
    pub state: StateDict,
    /// Whether it is enough that some tensors fit.
    pub partial: bool,
}

impl Start {
    /// Reads what a configuration names, if it names a file.
    pub fn of(config: &TrainConfig) -> Result<Option<Self>, TrainError> {
        let Some(file) = &config.weights else {
            return Ok(None);
        };
        Self::read(file, config.partial_weights).map(Some)
    }

    pub fn read(file: &Path, partial: bool) -> Result<Self, TrainError> {
        Ok(Self {
            file: file.into(),
            state: StateDict::read(file).map_err(|e| wrong_file(file, e))?,
            partial,
        })
    }

    /// `network` with these weights.
    pub fn apply(&self, network: Network) -> Result<(Network, StartedFrom), TrainError> {
        let summary = network.summary();
        let title = match summary.form {
            Some(form) => format!("{} in its form `{form}`", summary.network),
            None => summary.network.clone(),
        };
        let (network, mismatch) = network.with_part_of(&self.state);
        let not_fitting = mismatch.unexpected.len() + mismatch.shapes.len();
        let taken = self.state.len() - not_fitting;
        if !mismatch.is_empty() && (!self.partial || taken == 0) {
            return Err(TrainError::OtherWeights {
                path: self.file.clone(),
                network: title,
                advice: advice(network.name(), &mismatch, taken),
                mismatch,
            });
        }
        let started = StartedFrom {
            file: self.file.clone(),
            taken,
            not_taken: mismatch,
        };
        Ok((network, started))
    }
}

/// Looks that the file that a configuration starts from is there, before anything
/// is fetched.
pub(crate) fn look(config: &TrainConfig) -> Result<(), TrainError> {
    let Some(path) = &config.weights else {
        return Ok(());
    };
    let looked = std::fs::metadata(path);
    looked
        .map(drop)
        .map_err(|e| wrong_file(path, WeightsError::Read(e)))
}

/// An error of a file, which it may name itself.
fn wrong_file(path: &Path, error: WeightsError) -> TrainError {
    let source = match error {
        WeightsError::File { source, .. } => *source,
        other => other,
    };
    let path = path.into();
    TrainError::Weights { path, source }
}

fn advice(network: &str, mismatch: &Mismatch, taken: usize) -> &'static str {
    let of_heads = |name: &String| name.starts_with("aux1.") || name.starts_with("aux2.");
    let heads = network == "googlenet" && mismatch.unexpected.iter().any(of_heads);
    match (heads, taken) {
        (_, 0) => "nothing of it fits: is it of this network, in this form and width?",
        (true, _) => {
            "aux1 and aux2 are auxiliary heads: --auxiliary-heads (auxiliary_heads = true in the \
             table `network` of a configuration) builds them, --partial leaves them out"
        }
        _ => "to take what fits, and start the rest anew: --partial (partial_weights = true)",
    }
}
