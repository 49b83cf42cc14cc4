//! The folder of a run. Files appear in it whole or not at all.

mod images;
mod read;
mod write;

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

pub(crate) use self::images::RunImages;
use data::DatasetInfo;
use models::{Network, StateDict};
use sha2::{Digest, Sha256};
use toml::de::DeTable;

use crate::{
    TrainError,
    config::{ConfigError, TrainConfig, read_text},
    network::is_file,
    resume,
    start::StartedFrom,
    summary::Versions,
};

/// Which weights of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Weights {
    /// Of the best epoch.
    #[default]
    Best,
    /// Of the last epoch, or of the step after which the run was interrupted.
    Last,
}

impl Weights {
    /// The name of the file in the run folder.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Best => "best.safetensors",
            Self::Last => "last.safetensors",
        }
    }
}

/// The folder of a run.
#[derive(Debug, Clone)]
pub struct RunDir {
    path: PathBuf,
    /// Held as long as a process trains in it.
    _lock: Option<Arc<File>>,
}

const NETWORK: &str = "network.toml";
const DATASET: &str = "dataset.json";
const IMAGES: &str = "images.json";
const CHANGES: &str = "changes.json";
const WEIGHTS: &str = "weights.json";
const CONFIG: &str = "config.toml";
/// What [`CONFIG`] has in any case, from its first line to its last table.
const WRITTEN: &[&str] = &[
    "model",
    "dataset",
    "seed",
    "epochs",
    "batch_size",
    "network",
    "optimizer",
    "schedule",
    "loss",
    "evaluation",
    "log",
];
const HISTORY: &str = "history.csv";
const VALIDATION: &str = "validation.csv";
const CURVES: &str = "curves.svg";
const SUMMARY: &str = "summary.json";
const EVALUATION: &str = "evaluation.json";
const PREDICTIONS: &str = "predictions.csv";
/// The page on the run.
pub(crate) const REPORT: &str = "report.html";
/// Locked by the process that trains in the folder; the file itself says nothing.
pub(crate) const LOCK: &str = ".lock";
/// Longer than a look at the lock takes.
const LOOK: Duration = Duration::from_millis(250);

impl RunDir {
    /// Makes `out/<model>-<dataset>-<local time>`, which did not exist before.
    ///
    /// # Errors
    /// [`TrainError::Io`] if the folder cannot be made.
    pub fn create(out: &Path, model: &str, dataset: &str) -> Result<Self, TrainError> {
        fs::create_dir_all(out).map_err(TrainError::io("make the folder", out))?;
        let time = chrono::Local::now().format("%Y%m%d-%H%M%S");
        let name = format!("{model}-{dataset}-{time}");
        let mut path = out.join(&name);
        let mut again = 1;
        loop {
            match fs::create_dir(&path) {
                Ok(()) => return Self { path, _lock: None }.locked(),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                    again += 1;
                    path = out.join(format!("{name}-{again}"));
                }
                Err(e) => return Err(TrainError::io("make the folder", path)(e)),
            }
        }
    }

    /// A folder that is made if it is not there, for training alone in it.
    ///
    /// # Errors
    /// [`TrainError::Io`], or [`TrainError::InUse`] if another process trains in it.
    pub fn at(path: &Path) -> Result<Self, TrainError> {
        fs::create_dir_all(path).map_err(TrainError::io("make the folder", path))?;
        Self {
            path: path.into(),
            _lock: None,
        }
        .locked()
    }

    /// The same, for training alone in it: as long as one of its clones lives, no
    /// other process gets it so. Its end, however it comes, gives it free.
    ///
    /// # Errors
    /// [`TrainError::InUse`] if another process trains in it, [`TrainError::Io`].
    pub fn locked(self) -> Result<Self, TrainError> {
        let path = self.path.join(LOCK);
        let file = File::create(&path).map_err(TrainError::io("make", &path))?;
        let mut locked = file.try_lock();
        if matches!(locked, Err(TryLockError::WouldBlock)) {
            // `kiln runs` holds it for a moment, to see whether somebody trains.
            thread::sleep(LOOK);
            locked = file.try_lock();
        }
        match locked {
            Ok(()) => Ok(Self {
                _lock: Some(Arc::new(file)),
                ..self
            }),
            Err(TryLockError::WouldBlock) => Err(TrainError::InUse { run: self.path }),
            // A disk that knows no locks, such as some network drives.
            Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => Ok(self),
            Err(TryLockError::Error(e)) => Err(TrainError::io("lock", path)(e)),
        }
    }

    /// The folder of a run that was made before.
    ///
    /// # Errors
    /// [`TrainError::NotARun`] if there is no such folder, or no configuration in it;
    /// [`TrainError::Io`] if it may not be looked at.
    pub fn open(path: &Path) -> Result<Self, TrainError> {
        let config = path.join(CONFIG);
        let problem = if !path.exists() {
            "there is nothing of that name"
        } else if !path.is_dir() {
            "it is a file"
        } else {
            match config.metadata() {
                Ok(file) if file.is_file() => {
                    return Ok(Self {
                        path: path.into(),
                        _lock: None,
                    });
                }
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(TrainError::io("look at", config)(e));
                }
                _ => "there is no config.toml in it",
            }
        };
        Err(TrainError::NotARun {
            path: path.into(),
            problem: problem.into(),
        })
    }

    /// Whether `folder` is that of a run, by the files that every run begins with. Other
    /// programs have a `config.toml` as well, which [`open`](Self::open) would take.
    #[must_use]
    pub fn is_one(folder: &Path) -> bool {
        [CONFIG, DATASET]
            .iter()
            .all(|file| folder.join(file).is_file())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The configuration of the run. A `model` that was a file is the copy of it
    /// in the run folder.
    ///
    /// # Errors
    /// [`TrainError::Config`], or [`TrainError::NotARun`] if the copy is not there.
    pub fn config(&self) -> Result<TrainConfig, TrainError> {
        let mut config = self.saved_config()?;
        if is_file(&config.model) {
            let copy = self.network().ok_or_else(|| TrainError::NotARun {
                path: self.path.clone(),
                problem: format!("there is no {NETWORK} in it"),
            })?;
            config.model = copy.display().to_string();
        }
        Ok(config)
    }

    /// Looks that a configuration to go on with names the data set of the run, which need
    /// not be fetched otherwise.
    ///
    /// # Errors
    /// [`TrainError::OtherConfig`] with all that is another, or as
    /// [`saved_config`](Self::saved_config).
    pub fn check_dataset(&self, config: &TrainConfig) -> Result<(), TrainError> {
        let was = self.saved_config()?;
        match was.dataset == config.dataset {
            true => Ok(()),
            false => resume::check(&self.path, &was, config),
        }
    }

    /// The configuration as it was written: its `model` may be a file.
    ///
    /// # Errors
    /// [`TrainError::Config`].
    pub fn saved_config(&self) -> Result<TrainConfig, TrainError> {
        let config = self
            .whole_config()
            .and_then(|config| config.validate().map(|()| config));
        Ok(config.map_err(|error| match (error, self.if_newer()) {
            (ConfigError::Parse { file, message }, Some(newer)) => ConfigError::Parse {
                file,
                message: format!("{message}\n{newer}"),
            },
            (error, _) => error,
        })?)
    }

    /// The configuration, if it has what every run writes: what is left out would be the
    /// default, of which the run knew nothing.
    fn whole_config(&self) -> Result<TrainConfig, ConfigError> {
        let file = self.path.join(CONFIG);
        let text = read_text(&file)?;
        let config = TrainConfig::from_toml(&text, &file)?;
        let root = DeTable::parse(&text);
        let has = |key: &str| {
            root.as_ref()
                .is_ok_and(|root| root.get_ref().contains_key(key))
        };
        match WRITTEN.iter().find(|key| !has(key)) {
            None => Ok(config),
            Some(key) => Err(ConfigError::Parse {
                file: file.display().to_string(),
                message: format!(
                    "there is no `{key}`, which every run writes: the file was cut off or changed. \
                     Take it from a copy, or write in what the run was trained with"
                ),
            }),
        }
    }

    /// What is to be said where something in the folder is not understood, if a newer
    /// Kiln wrote it. An interrupted run may not say which.
    pub(crate) fn if_newer(&self) -> Option<String> {
        let text = fs::read_to_string(self.path.join(SUMMARY)).ok()?;
        // Not as a summary: that may have changed, too.
        let summary: serde_json::Value = serde_json::from_str(&text).ok()?;
        let theirs = summary.pointer("/versions/kiln")?.as_str()?;
        let ours = Versions::current().kiln;
        let numbers = |version: &str| -> Option<Vec<u64>> {
            let core = version.split(['-', '+']).next()?;
            core.split('.').map(|number| number.parse().ok()).collect()
        };
        (numbers(theirs)? > numbers(&ours)?).then(|| {
            format!(
                "{} was written by Kiln {}, and this is {ours}: take that version, or a newer one",
                self.path.display(),
                theirs.escape_debug()
            )
        })
    }

    /// The copy of the file that the network was read from, if it was.
    #[must_use]
    pub fn network(&self) -> Option<PathBuf> {
        Some(self.path.join(NETWORK)).filter(|copy| copy.is_file())
    }

    /// What the data set was that the run was trained on.
    ///
    /// # Errors
    /// [`TrainError::NotARun`] or [`TrainError::Io`].
    pub fn trained_on(&self) -> Result<DatasetInfo, TrainError> {
        let path = self.path.join(DATASET);
        let not_a_run = |problem| TrainError::NotARun {
            path: self.path.clone(),
            problem,
        };
        let text = match fs::read_to_string(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(not_a_run(format!("there is no {DATASET} in it")));
            }
            other => other.map_err(TrainError::io("read", &path))?,
        };
        let info: DatasetInfo = serde_json::from_str(&text).map_err(|e| {
            let newer = self
                .if_newer()
                .map_or(String::new(), |newer| format!("\n{newer}"));
            not_a_run(format!("{DATASET}: {e}{newer}"))
        })?;
        // Sizes are multiplied everywhere; 32 bits hold more than any image has.
        let [channels, height, width] = info.shape();
        let pixels = channels
            .checked_mul(height)
            .and_then(|n| n.checked_mul(width));
        match pixels.is_some_and(|pixels| u32::try_from(pixels).is_ok()) {
            true => Ok(info),
            false => Err(not_a_run(format!(
                "{DATASET}: no image has {channels}×{height}×{width} values"
            ))),
        }
    }

    /// Which file of weights the run started from, if it did and says so.
    ///
    /// # Errors
    /// [`TrainError::NotARun`] or [`TrainError::Io`].
    pub fn started_from(&self) -> Result<Option<StartedFrom>, TrainError> {
        let path = self.path.join(WEIGHTS);
        let text = match fs::read_to_string(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(TrainError::io("read", &path))?,
        };
        let started = serde_json::from_str(&text).map_err(|e| TrainError::NotARun {
            path: self.path.clone(),
            problem: format!("{WEIGHTS}: {e}"),
        })?;
        Ok(Some(started))
    }

    /// What of its settings was changed on the way, so that its configuration gives another
    /// run. Empty if nothing was.
    ///
    /// # Errors
    /// [`TrainError::NotARun`] if the list is none, [`TrainError::Io`].
    pub(crate) fn changes(&self) -> Result<Vec<String>, TrainError> {
        let changes = self.parsed(CHANGES, read::from_json)?;
        Ok(changes.unwrap_or_default())
    }

    /// Removes what [`changes`](Self::changes) reads: of a run that begins anew.
    pub(crate) fn forget_changes(&self) -> Result<(), TrainError> {
        self.remove(&[CHANGES])
    }

    /// Removes history, curves and the weights of epochs: of a part of a training that
    /// is done again.
    pub(crate) fn forget_training(&self) -> Result<(), TrainError> {
        let [last, best] = [Weights::Last, Weights::Best].map(Weights::file_name);
        self.remove(&[HISTORY, VALIDATION, CURVES, last, best])
    }

    /// Removes summary, evaluation and report: of a run that goes on.
    pub(crate) fn forget_end(&self) -> Result<(), TrainError> {
        self.remove(&[SUMMARY, EVALUATION, PREDICTIONS, REPORT])
    }

    fn remove(&self, files: &[&str]) -> Result<(), TrainError> {
        for file in files {
            let path = self.path.join(file);
            match fs::remove_file(&path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(TrainError::io("remove", path)(e));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Where the page on the run lies, once it is written.
    #[must_use]
    pub fn report(&self) -> PathBuf {
        self.path.join(REPORT)
    }

    /// The weights of a file of this run.
    ///
    /// # Errors
    /// [`TrainError::NotARun`] if the file is not there, [`TrainError::Io`] or
    /// [`TrainError::Weights`] if it cannot be read, [`TrainError::ChangedWeights`] if it is
    /// not what the run wrote.
    pub fn state_dict(&self, which: Weights) -> Result<StateDict, TrainError> {
        let path = self.path.join(which.file_name());
        if !path.is_file() {
            let mut problem = format!("there is no {} in it", which.file_name());
            if which == Weights::Best && self.has_no_epoch() {
                problem += ": no epoch was finished; --which last takes the weights as they were \
                            when it ended";
            }
            return Err(TrainError::NotARun {
                path: self.path.clone(),
                problem,
            });
        }
        let bytes = fs::read(&path).map_err(TrainError::io("read", &path))?;
        let state = StateDict::from_safetensors(&bytes)
            .map_err(|source| TrainError::Weights { path, source })?;
        self.check_digest(which, &bytes)?;
        Ok(state)
    }

    /// Looks that a file of weights is what the run wrote, if it ended and says what that was.
    fn check_digest(&self, which: Weights, bytes: &[u8]) -> Result<(), TrainError> {
        let digests = self.summary()?.and_then(|summary| summary.sha256);
        let written = digests.and_then(|digests| match which {
            Weights::Best => digests.best,
            Weights::Last => digests.last,
        });
        let found = format!("{:x}", Sha256::digest(bytes));
        match written {
            Some(written) if written != found => Err(TrainError::ChangedWeights {
                path: self.path.join(which.file_name()),
                written,
                found,
            }),
            _ => Ok(()),
        }
    }

    /// Whether the run ended before its first epoch did.
    fn has_no_epoch(&self) -> bool {
        let summary = self.summary().ok().flatten();
        summary.is_some_and(|summary| summary.best_epoch.is_none())
    }

    /// `network` with the weights of a file of this run.
    ///
    /// # Errors
    /// As [`state_dict`](Self::state_dict), and if they are not those of `network`.
    pub fn load_weights(&self, which: Weights, network: Network) -> Result<Network, TrainError> {
        let path = self.path.join(which.file_name());
        network
            .with_state_dict(&self.state_dict(which)?)
            .map_err(|source| TrainError::Weights { path, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_at_the_lock_is_no_training() {
        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join(LOCK);
        let looking = File::create(&lock).unwrap();
        looking.lock_shared().unwrap();
        let look = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            looking.unlock().unwrap();
        });
        let training = RunDir::at(folder.path()).unwrap();
        look.join().unwrap();
        // And one that trains stays alone.
        let error = RunDir::at(folder.path()).unwrap_err();
        assert!(matches!(error, TrainError::InUse { .. }), "{error}");
        drop(training);
        RunDir::at(folder.path()).unwrap();
    }
}
