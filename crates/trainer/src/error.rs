use std::{
    io,
    path::{Path, PathBuf},
};

use models::suggest;

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
    /// No model or data set of that name.
    #[error("there is no {what} `{name}`{}", suggest(.name, .known))]
    Unknown {
        /// `model` or `data set`.
        what: &'static str,
        /// The name that was asked for.
        name: String,
        /// All known names.
        known: Vec<&'static str>,
    },
    /// No model or data set whose name matches a pattern.
    #[error("no {what} matches `{pattern}`{}", suggest(.pattern, .known))]
    NoMatch {
        /// `model` or `data set`.
        what: &'static str,
        /// The pattern.
        pattern: String,
        /// All known names.
        known: Vec<&'static str>,
    },
    /// The data set is broken or too small.
    #[error(transparent)]
    Data(data::DataError),
    /// The model does not fit the images.
    #[error(transparent)]
    Model(models::ModelError),
    /// The file that `model` names is no network.
    #[error(transparent)]
    NetworkFile(#[from] models::NetworkFileError),
    /// The file of the network of a run is not where it was.
    #[error("{source}; the run kept a copy: --model {}", copy.display())]
    NetworkMoved {
        /// What the system says.
        source: models::NetworkFileError,
        /// The copy.
        copy: PathBuf,
    },
    /// It is not said which images a network from a file is for.
    #[error(
        "{network} is from a file, which does not say for which images: add --input, such as --input 3x32x32"
    )]
    NoImage {
        /// The network.
        network: String,
    },
    /// A weights file does not fit the model.
    #[error("{}: {source}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: models::WeightsError,
    },
    /// A weights file is not that of the network.
    #[error("{} does not hold the weights of {network}:\n{mismatch}\n{advice}", path.display())]
    OtherWeights {
        /// The file.
        path: PathBuf,
        /// The network.
        network: String,
        /// What does not fit.
        mismatch: models::Mismatch,
        /// What to do.
        advice: String,
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
    /// A table to which rows are to be appended has other columns.
    #[error(
        "cannot append to {}: its first line is `{found}`, and not `{expected}`; move it away, or \
         name another folder with --csv", path.display()
    )]
    OtherTable {
        /// The file.
        path: PathBuf,
        /// Its first line, as it has to be.
        expected: String,
        /// As it is, or the beginning of it.
        found: String,
    },
    /// A folder is not that of a run.
    #[error("{} is not a run folder: {problem}", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// What is missing or wrong.
        problem: String,
    },
    /// A run folder in which another process trains.
    #[error("another process trains in {}: wait for its end, or stop it", run.display())]
    InUse {
        /// The folder.
        run: PathBuf,
    },
    /// A checkpoint that may be whole and cannot be read.
    #[error(
        "the checkpoint {} cannot be read: {problem}; to go on from an older one, move it away",
        path.display()
    )]
    Checkpoint {
        /// Its folder.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// A run cannot go on: no checkpoint is whole.
    #[error(
        "no checkpoint of {} is whole ({problem}); to begin anew: {}",
        run.display(), anew(run, "")
    )]
    NoCheckpoint {
        /// The folder of the run.
        run: PathBuf,
        /// What is wrong with the newest.
        problem: String,
    },
    /// A file of weights in a run folder is another than the run wrote.
    #[error(
        "{} is not what the run wrote: its SHA-256 was {written}, and is {found}; copy the run \
         again from where it is whole", path.display()
    )]
    ChangedWeights {
        /// The file.
        path: PathBuf,
        /// The digest in `summary.json`.
        written: String,
        /// Its own.
        found: String,
    },
    /// A run cannot begin anew: the weights that it started from are others by now.
    #[error(
        "{} has no checkpoint yet, and cannot begin again: {} is not the file any more that it \
         started from", run.display(), file.display()
    )]
    OtherStart {
        /// The folder of the run.
        run: PathBuf,
        /// The file of weights.
        file: PathBuf,
    },
    /// A run cannot go on with another configuration.
    #[error(
        "{} cannot go on with other values than it was begun with:\n{}\nto train anew with the \
         new ones: {}", run.display(), changes.join("\n"),
        anew(run, " in the place of --resume")
    )]
    OtherConfig {
        /// The folder of the run.
        run: PathBuf,
        /// A line for each key: what it was and what it would be.
        changes: Vec<String>,
    },
    /// A sweep cannot begin or go on.
    #[error(transparent)]
    Sweep(#[from] crate::sweep::SweepError),
    /// Something of a network cannot be shown.
    #[error(transparent)]
    Inspect(#[from] crate::inspect::InspectError),
    /// The source of the images fails.
    #[error("the images cannot be had: {problem}")]
    Source {
        /// What is wrong.
        problem: String,
    },
    /// A run cannot go on with other images.
    #[error("{} cannot go on: {problem}", run.display())]
    OtherImages {
        /// The folder of the run.
        run: PathBuf,
        /// What is another.
        problem: String,
    },
    /// A part of the images of a run cannot be found again.
    #[error(
        "the images of {} have changed: {problem}; what trained and what was held out cannot be \
         told apart any more (--split test, or --dataset with a folder of new images, can be \
         scored)", run.display()
    )]
    OtherPart {
        /// The folder of the run.
        run: PathBuf,
        /// What is another.
        problem: String,
    },
    /// There is nothing to train.
    #[error("the network has no parameters: there is nothing to train")]
    NoParameters,
    /// A run was trained on other classes than those of the data set.
    #[error(
        "{} was trained on the classes {}, and `{dataset}` has {}: {}",
        run.display(), trained.join(", "), found.join(", "), differing(trained, found)
    )]
    OtherClasses {
        /// The folder of the run.
        run: PathBuf,
        /// Its classes.
        trained: Vec<String>,
        /// The data set.
        dataset: String,
        /// The classes of the data set.
        found: Vec<String>,
    },
    /// A data set has no validation images, and none were held out.
    #[error(
        "`{dataset}` has no validation images of its own, and the run held none of it out: take \
         another part"
    )]
    NoValidation {
        /// The data set.
        dataset: String,
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
    /// A report cannot be made.
    #[error("the report cannot be made: {0}")]
    Report(String),
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
    /// The dashboard cannot be shown.
    #[error("no dashboard: {0}")]
    Dashboard(String),
    /// An observer failed.
    #[error("cannot report on the run: {0}")]
    Observer(io::Error),
}

/// How to train anew with what is in a folder: of a run, or of a library user's own.
fn anew(run: &Path, instead: &str) -> String {
    let config = run.join("config.toml");
    match config.is_file() {
        true => format!("--config {}{instead}", config.display()),
        false => "take another folder".into(),
    }
}

/// What two lists of classes do not share.
fn differing(trained: &[String], found: &[String]) -> String {
    let lacks = |these: &[String], those: &[String]| {
        let names = these.iter().filter(|name| !those.contains(name));
        names.cloned().collect::<Vec<_>>().join(", ")
    };
    match (lacks(found, trained), lacks(trained, found)) {
        (unknown, missing) if unknown.is_empty() && missing.is_empty() => {
            "their order is another".into()
        }
        (unknown, missing) if missing.is_empty() => format!("unknown to the run: {unknown}"),
        (unknown, missing) if unknown.is_empty() => format!("missing: {missing}"),
        (unknown, missing) => format!("unknown to the run: {unknown}; missing: {missing}"),
    }
}

fn weights_left(path: &Option<PathBuf>) -> String {
    match path {
        Some(path) => format!("The last good weights are in {}", path.display()),
        None => "No weights had been written yet".into(),
    }
}

impl From<data::DataError> for TrainError {
    fn from(error: data::DataError) -> Self {
        match error {
            data::DataError::UnknownDataset { name, known } => Self::Unknown {
                what: "data set",
                name,
                known,
            },
            other => Self::Data(other),
        }
    }
}

impl From<models::ModelError> for TrainError {
    fn from(error: models::ModelError) -> Self {
        match error {
            models::ModelError::UnknownModel { name, known } => Self::Unknown {
                what: "model",
                name,
                known,
            },
            other => Self::Model(other),
        }
    }
}

impl TrainError {
    /// Whether the user asked for something that cannot be (exit code 2), as
    /// against something that went wrong (exit code 1).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Config(_)
            | Self::Unknown { .. }
            | Self::Model(_)
            | Self::NetworkFile(_)
            | Self::NoImage { .. }
            | Self::NetworkMoved { .. }
            | Self::OtherTable { .. }
            | Self::NotARun { .. }
            | Self::NoValidation { .. }
            | Self::OtherClasses { .. }
            | Self::OtherConfig { .. }
            | Self::Dashboard(_) => true,
            Self::Sweep(error) => error.is_usage(),
            Self::Inspect(error) => error.is_usage(),
            // A file that the user names; those of a run are looked for by name.
            Self::Weights { source, .. } => matches!(
                source,
                models::WeightsError::Read(_) | models::WeightsError::NotCompiledIn
            ),
            Self::Backend(error) => matches!(
                error,
                BackendError::Unknown { .. } | BackendError::NotCompiledIn { .. }
            ),
            Self::Data(error) => matches!(
                error,
                data::DataError::Split { .. }
                    | data::DataError::Augment { .. }
                    | data::DataError::AugmentOrder { .. }
                    | data::DataError::Folder { .. }
                    | data::DataError::FolderOption { .. }
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
