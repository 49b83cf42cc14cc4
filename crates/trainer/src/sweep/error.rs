use std::path::PathBuf;

use crate::TrainError;

/// Why a sweep cannot begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// One of its trials cannot be run, or failed otherwise than by diverging.
    #[error("the trial {trial}: {source}")]
    Trial {
        /// Its settings.
        trial: String,
        /// Why.
        source: Box<TrainError>,
    },
    /// The folder has begun with something else.
    #[error(
        "{} holds a sweep that was begun otherwise:\n{}\na sweep goes on with more trials or \
         more seeds alone; to begin another one: --out DIR",
        folder.display(), changes.join("\n")
    )]
    Changed {
        /// The folder of the sweep.
        folder: PathBuf,
        /// A line for each thing that is not as it was.
        changes: Vec<String>,
    },
    /// A folder that is not that of a sweep.
    #[error("{} is no folder of a sweep: {problem}", folder.display())]
    NotASweep {
        /// The folder.
        folder: PathBuf,
        /// What is missing or wrong.
        problem: String,
    },
}

impl SweepError {
    /// Whether the user asked for something that cannot be.
    pub(crate) fn is_usage(&self) -> bool {
        match self {
            Self::Trial { source, .. } => source.is_usage(),
            Self::Changed { .. } | Self::NotASweep { .. } => true,
        }
    }
}
