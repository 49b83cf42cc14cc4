//! What a sweep has done: `sweep.json` and `sweep.csv` in its folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Sweep, SweepError, Trial};
use crate::{
    TrainError, config::TrainConfig, event::Scores, fit::EndedBy, resume, whole_file::write_whole,
};

const RECORD: &str = "sweep.json";
const TABLE: &str = "sweep.csv";

/// What of the common configuration may change while a sweep is under way: it does not
/// change what a run computes. The seeds are compared by themselves.
const HARMLESS: &[&str] = &[
    "seed",
    "data_dir",
    "threads",
    "loader.threads",
    "loader.ahead",
    "log",
    "checkpoint",
];

/// What a sweep is to do and has done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepRecord {
    /// The keys that it sets, in the order of its file.
    pub keys: Vec<String>,
    /// The seeds that every trial is run with.
    pub seeds: Vec<u64>,
    /// The settings that are tried.
    pub trials: Vec<SweptTrial>,
    /// The runs that were begun, in the order in which they were.
    pub runs: Vec<SweptRun>,
    /// The configuration that the settings go over, as TOML.
    pub base: String,
}

/// Settings that are tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweptTrial {
    /// Its number, from 1, which it keeps when others are added.
    pub trial: usize,
    /// What tells it from the others, as TOML: `batch_size=32 optimizer.lr=0.1`.
    pub name: String,
    /// The values, in the order of the keys.
    pub settings: Vec<Value>,
}

/// A run of a sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweptRun {
    /// The number of its trial.
    pub trial: usize,
    /// Its seed.
    pub seed: u64,
    /// Its run folder, in that of the sweep.
    pub run: PathBuf,
    /// How far it is.
    pub status: RunStatus,
    /// What ended it, if it is done.
    pub ended_by: Option<EndedBy>,
    /// Epochs that were finished. Of a diverged run, the one in which it was.
    pub epochs: usize,
    /// The epoch, from 1, with the best weights.
    pub best_epoch: Option<usize>,
    /// Of the best epoch on the validation images.
    pub valid: Option<Scores>,
    /// Of the best epoch on the test set.
    pub test: Option<Scores>,
    /// Seconds of training and validation; 0 of a diverged run.
    pub seconds: f64,
    /// What there is to say of a run that diverged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// How far a run of a sweep is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// It came to its end.
    Done,
    /// Its loss was NaN or infinite: it is at its end as well.
    Diverged,
    /// It was stopped, and goes on with the sweep.
    Interrupted,
}

impl SweepRecord {
    /// That of a sweep of which nothing is done.
    pub(super) fn new(sweep: &Sweep, base: &TrainConfig) -> Result<Self, TrainError> {
        let trials = sweep.trials.iter().enumerate();
        Ok(Self {
            keys: sweep.keys.clone(),
            seeds: sweep.seeds.clone(),
            trials: trials.map(|(at, trial)| swept(at + 1, trial)).collect(),
            runs: Vec::new(),
            base: base.to_toml()?,
        })
    }

    /// What stands in the folder of a sweep.
    ///
    /// # Errors
    /// [`SweepError::NotASweep`] if there is none, or it cannot be understood;
    /// [`TrainError::Io`].
    pub fn read(folder: &Path) -> Result<Self, TrainError> {
        let not_a_sweep = |problem: String| SweepError::NotASweep {
            folder: folder.into(),
            problem,
        };
        let path = folder.join(RECORD);
        let text = match fs::read_to_string(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(not_a_sweep(format!("there is no {RECORD} in it")).into());
            }
            other => other.map_err(TrainError::io("read", &path))?,
        };
        let read = serde_json::from_str(&text);
        Ok(read.map_err(|e| not_a_sweep(format!("{RECORD}: {e}")))?)
    }

    /// As [`read`](Self::read); `None` if nothing of a sweep is there.
    pub(super) fn find(folder: &Path) -> Result<Option<Self>, TrainError> {
        match folder.join(RECORD).exists() {
            true => Self::read(folder).map(Some),
            false => Ok(None),
        }
    }

    /// Takes up what `new` asks for beyond this.
    ///
    /// # Errors
    /// [`SweepError::Changed`] if it asks for something else, or for less.
    pub(super) fn extended(mut self, new: Self, folder: &Path) -> Result<Self, TrainError> {
        let mut changes = Vec::new();
        if self.keys != new.keys {
            let (was, is) = (self.keys.join(", "), new.keys.join(", "));
            changes.push(format!("the keys were {was}, and would be {is}"));
        } else {
            let has = |trial: &SweptTrial| new.trials.iter().any(|other| other.name == trial.name);
            let gone = self.trials.iter().filter(|trial| !has(trial));
            changes.extend(gone.map(|trial| format!("{} would be left out", trial.name)));
        }
        let gone = self.seeds.iter().filter(|seed| !new.seeds.contains(seed));
        changes.extend(gone.map(|seed| format!("seed {seed} would be left out")));
        let was = TrainConfig::from_toml(&self.base, &folder.join(RECORD))?;
        let is = TrainConfig::from_toml(&new.base, &folder.join(RECORD))?;
        changes.extend(resume::changes(&was, &is, HARMLESS)?);
        if !changes.is_empty() {
            return Err(SweepError::Changed {
                folder: folder.into(),
                changes,
            }
            .into());
        }
        for trial in new.trials {
            if self.trials.iter().all(|there| there.name != trial.name) {
                let number = self.trials.len() + 1;
                self.trials.push(SweptTrial {
                    trial: number,
                    ..trial
                });
            }
        }
        self.seeds = new.seeds;
        self.base = new.base;
        Ok(self)
    }

    /// Every run that it asks for, trial and seed: all trials with the first seed first.
    pub(super) fn asked(&self) -> Vec<(SweptTrial, u64)> {
        let seeds = self.seeds.iter();
        seeds
            .flat_map(|&seed| self.trials.iter().map(move |trial| (trial.clone(), seed)))
            .collect()
    }

    /// Whether a run is at its end.
    pub(super) fn is_over(&self, trial: usize, seed: u64) -> bool {
        let mut runs = self.runs.iter();
        runs.any(|run| {
            run.trial == trial && run.seed == seed && run.status != RunStatus::Interrupted
        })
    }

    /// The number of runs that are at their end.
    #[must_use]
    pub fn over(&self) -> usize {
        let over = |run: &&SweptRun| run.status != RunStatus::Interrupted;
        self.runs.iter().filter(over).count()
    }

    /// The number of runs that it asks for.
    #[must_use]
    pub fn asked_for(&self) -> usize {
        self.trials.len() * self.seeds.len()
    }

    /// Adds a run, or what has become of it.
    pub(super) fn put(&mut self, run: SweptRun) {
        let same = |there: &&mut SweptRun| there.trial == run.trial && there.seed == run.seed;
        match self.runs.iter_mut().find(same) {
            Some(there) => *there = run,
            None => self.runs.push(run),
        }
    }

    /// Writes both files.
    pub(super) fn write(&self, folder: &Path) -> Result<(), TrainError> {
        let mut text = serde_json::to_string_pretty(self).expect("a record is plain values");
        text.push('\n');
        write_whole(&folder.join(TABLE), self.csv().as_bytes())?;
        write_whole(&folder.join(RECORD), text.as_bytes())
    }

    /// A row for each run.
    fn csv(&self) -> String {
        let mut text = String::from("trial,seed");
        for key in &self.keys {
            text += &format!(",{}", cell(key));
        }
        text += ",status,epochs,best_epoch,valid_loss,valid_accuracy,test_loss,test_accuracy,\
                 seconds,run\n";
        for run in &self.runs {
            text += &format!("{},{}", run.trial, run.seed);
            let trial = self.trials.iter().find(|trial| trial.trial == run.trial);
            for value in trial.into_iter().flat_map(|trial| &trial.settings) {
                text += &format!(",{}", cell(&shown(value)));
            }
            let scores = |scores: Option<Scores>| match scores {
                Some(Scores { loss, accuracy }) => format!("{loss},{accuracy}"),
                None => ",".into(),
            };
            let status = match run.status {
                RunStatus::Done => "done",
                RunStatus::Diverged => "diverged",
                RunStatus::Interrupted => "interrupted",
            };
            text += &format!(
                ",{status},{},{},{},{},{:.3},{}\n",
                run.epochs,
                run.best_epoch
                    .map_or(String::new(), |epoch| epoch.to_string()),
                scores(run.valid),
                scores(run.test),
                run.seconds,
                cell(&run.run.display().to_string()),
            );
        }
        text
    }
}

fn swept(number: usize, trial: &Trial) -> SweptTrial {
    let values = trial.0.iter().map(|setting| {
        // A date, which no key is, and what is not finite would be `null`.
        serde_json::to_value(&setting.value)
            .ok()
            .filter(|value| !value.is_null() && !setting.value.is_datetime())
            .unwrap_or_else(|| setting.value.to_string().into())
    });
    SweptTrial {
        trial: number,
        name: trial.name(),
        settings: values.collect(),
    }
}

/// A value as a person writes it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A cell of a table with commas (RFC 4180).
pub(crate) fn cell(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.into(),
    }
}
