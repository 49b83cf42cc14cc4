//! Weights of a file in the place of those that a seed gives.

use std::{
    fmt,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use models::{Mismatch, Network, StateDict, WeightsError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    TrainError,
    config::TrainConfig,
    other_form::{Drawn, anew, first_layer, is_of, is_of_head, last_layer},
};

/// What a network took of a file of weights. Displays as a line for the file, and
/// one for each tensor that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedFrom {
    /// The file.
    #[serde(serialize_with = "crate::path_text::lossy")]
    pub file: PathBuf,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// How many tensors, running statistics of batch norms included, it gave.
    pub taken: usize,
    /// How many tensors start anew that are not of the last layer: more than a
    /// new number of classes explains.
    pub anew_before_last: usize,
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
        match self.anew_before_last {
            0 => {}
            before if before == anew => write!(f, ", none of them of the last layer")?,
            before => write!(f, ", {before} of them not of the last layer")?,
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
    pub sha256: String,
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
        let state = StateDict::read(file).and_then(|state| state.check_finite().map(|()| state));
        let digest = || sha256(file).map_err(|e| wrong_file(file, WeightsError::Read(e)));
        Ok(Self {
            file: file.into(),
            state: state.map_err(|e| wrong_file(file, e))?,
            sha256: digest()?,
            partial,
        })
    }

    /// `network`, which is `drawn`, with these weights.
    ///
    /// Even a part is not taken of weights of another form that the first layer
    /// cannot use: what is behind a new first layer has learnt from another one.
    pub fn apply(
        mut self,
        network: Network,
        drawn: &Drawn<'_>,
    ) -> Result<(Network, StartedFrom), TrainError> {
        self.state = self.state.named_for(network.summary());
        let (network, mismatch) = network.with_part_of(&self.state);
        let summary = network.summary();
        let types = self.state.check_types(&mismatch.missing);
        types.map_err(|error| wrong_file(&self.file, error))?;
        let tensors = self.state.len() + self.state.others().count();
        let taken = tensors - mismatch.unexpected.len() - mismatch.shapes.len();
        let last = last_layer(summary).unwrap_or_default();
        let before_last = anew(&mismatch).filter(|name| !is_of(name, last)).count();
        let first = first_layer(summary).unwrap_or_default();
        let first_anew = anew(&mismatch).any(|name| is_of(name, first));

        let refused = !mismatch.is_empty() && (!self.partial || taken == 0);
        let other = match refused || first_anew {
            true => drawn.other_form(&network, &self.state),
            false => None,
        };
        if refused || other.is_some() {
            let advice = match other {
                Some(other) => other.advice(),
                None => advice(network.name(), &mismatch, taken, before_last),
            };
            return Err(TrainError::OtherWeights {
                path: self.file.clone(),
                network: match summary.form {
                    Some(form) => format!("{} in its form `{form}`", summary.network),
                    None => summary.network.clone(),
                },
                mismatch,
                advice,
            });
        }
        let started = StartedFrom {
            file: self.file.clone(),
            sha256: self.sha256.clone(),
            taken,
            anew_before_last: before_last,
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

/// SHA-256 of a file, in hexadecimal digits.
pub(crate) fn sha256(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(format!("{:x}", hasher.finalize()))
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

fn advice(network: &str, mismatch: &Mismatch, taken: usize, before_last: usize) -> String {
    let mut unexpected = mismatch.unexpected.iter();
    let heads = unexpected.any(|name| is_of_head(network, name));
    match (taken, heads) {
        (0, _) => "nothing of it fits: is it of this network, in this form and width?".into(),
        (_, true) => {
            "aux1 and aux2 are auxiliary heads: --auxiliary-heads (auxiliary_heads = true \
                      in the table `network` of a configuration) builds them, --partial leaves \
                      them out"
                .into()
        }
        _ => {
            let partial = "to take what fits, and start the rest anew: --partial (partial_weights \
                           = true)";
            match before_last {
                0 => partial.into(),
                _ => format!(
                    "{partial}; {before_last} tensors that would start anew are not of the last \
                     layer: is it of this network, in this form and width?"
                ),
            }
        }
    }
}
