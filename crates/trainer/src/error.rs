use std::{io, path::PathBuf};

use crate::{backend::BackendError, config::ConfigError};

/// Why a run cannot begin, or did not end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The configuration cannot be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nothing to compute on.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The data set is unknown, broken or too small.
    #[error(transparent)]
    Data(#[from] data::DataError),
    /// The model is unknown or does not fit the images.
    #[error(transparent)]
    Model(#[from] models::ModelError),
    /// A weights file does not fit the model.
    #[error("{}: {source}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: models::WeightsError,
    },
    /// A file or folder cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A folder is not that of a run.
    #[error("{} is not a run folder: {problem}", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// What is missing or wrong.
        problem: String,
    },
    /// The loss is NaN or infinite.
    #[error(
        "the loss is {loss} in epoch {epoch}, {place}: training has diverged; try a smaller \
         learning rate. {}", weights_left(.last_good)
    )]
    Diverged {
        /// The loss.
        loss: f64,
        /// The epoch, from 1.
        epoch: usize,
        /// Where in the epoch: the step, or validation.
        place: String,
        /// The last weights that were written, if any were.
        last_good: Option<PathBuf>,
    },
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
    /// An observer failed.
    #[error("cannot report on the run: {0}")]
    Observer(io::Error),
}

fn weights_left(path: &Option<PathBuf>) -> String {
    match path {
        Some(path) => format!("The last good weights are in {}", path.display()),
        None => "No weights had been written yet".into(),
    }
}

impl TrainError {
    /// Whether the user asked for something that cannot be (exit code 2), as
    /// against something that went wrong (exit code 1).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Config(_) | Self::Model(_) | Self::NotARun { .. } => true,
            Self::Backend(error) => matches!(
                error,
                BackendError::Unknown { .. } | BackendError::NotCompiledIn { .. }
            ),
            Self::Data(error) => matches!(
                error,
                data::DataError::UnknownDataset { .. }
                    | data::DataError::Split { .. }
                    | data::DataError::Augment { .. }
                    | data::DataError::Loader { .. }
            ),
            _ => false,
        }
    }

    /// An [`Io`](Self::Io) error, for `map_err`.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
