//! Many runs of one configuration with other settings: a grid or a random search over
//! its keys, each with several seeds.
//!
//! A [`Sweep`] is read from a file of TOML and checked as a whole; what it has done
//! stands in its folder as a [`SweepRecord`], with which the same sweep goes on.

mod draw;
mod error;
mod file;
mod random;
mod ranking;
mod record;
mod run;

use std::path::Path;

pub use self::{
    error::SweepError,
    ranking::{Mean, Ranked},
    record::{RunStatus, SweepRecord, SweptRun, SweptTrial},
    run::{SweepEnd, SweepObserver},
};
use crate::{
    TrainError,
    config::{ConfigError, Layer, TrainConfig, check_threads, place, read_text},
};

/// A setting of one key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setting {
    /// `optimizer.lr`.
    pub key: String,
    /// A TOML value.
    pub value: toml::Value,
    /// The line of the file, from 1.
    pub line: usize,
}

impl Setting {
    /// `optimizer.lr=0.1`.
    fn text(&self) -> String {
        format!("{}={}", self.key, plain(&self.value))
    }
}

/// A value as TOML; text without its quotes.
fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The settings of a trial, which is run once with each seed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trial(pub Vec<Setting>);

impl Trial {
    /// What tells it from the others: `batch_size=32 optimizer.lr=0.1`.
    pub fn name(&self) -> String {
        let texts: Vec<String> = self.0.iter().map(Setting::text).collect();
        texts.join(" ")
    }
}

/// What a file of a sweep asks for.
///
/// ```
/// let sweep = trainer::Sweep::from_toml(
///     "seeds = [1, 2]\n[config]\nepochs = 3\n[grid]\noptimizer.lr = [0.1, 0.05]",
///     "my.toml",
/// )?;
/// assert_eq!((sweep.trials(), sweep.seeds()), (2, &[1, 2][..]));
/// # Ok::<(), trainer::TrainError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Sweep {
    /// What errors call it.
    name: String,
    /// What the settings go over.
    base: Vec<Layer>,
    /// The keys that it sets, in the order of the file.
    keys: Vec<String>,
    trials: Vec<Trial>,
    seeds: Vec<u64>,
}

impl Sweep {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError::Read`], or as [`from_toml`](Self::from_toml).
    pub fn read(file: &Path) -> Result<Self, TrainError> {
        Self::from_toml(&read_text(file)?, &file.display().to_string())
    }

    /// Reads TOML; `name` is what errors call it. Of every trial, keys and values are
    /// checked as far as that needs no look at images and network.
    ///
    /// - `recipe`: the name of a recipe, which the runs follow; left out, the default.
    /// - `[config]`: a configuration that goes over it.
    /// - `seeds`: the seeds that every trial is run with; left out, that of the
    ///   configuration alone.
    /// - `[grid]`: keys of the configuration, each with a list of values. A trial for
    ///   every combination; the last key changes first.
    /// - or `[random]`: `trials`, their number, `seed` of the draws (left out: 0), and
    ///   keys, each with where its values are drawn from: `{ uniform = [from, to] }`,
    ///   `{ log_uniform = [from, to] }` (in four significant digits), `{ int = [from,
    ///   to] }` (both included) or `{ choice = [value, …] }`. More `trials` leave the
    ///   earlier ones as they were.
    ///
    /// # Errors
    /// [`TrainError::Config`] with line and key, [`TrainError::Unknown`] for the recipe.
    pub fn from_toml(text: &str, name: &str) -> Result<Self, TrainError> {
        let sweep = file::read(text, name)?;
        for trial in &sweep.trials {
            for &seed in &sweep.seeds {
                let layers = sweep.layers(trial)?;
                let config = sweep.config_of(&layers, seed)?;
                let checked = config.validate().map_err(TrainError::from);
                checked.map_err(|error| located(error, &layers))?;
            }
        }
        Ok(sweep)
    }

    /// Looks for the files of named data sets in `dir`, whatever the configuration says.
    #[must_use]
    pub fn data_dir(mut self, dir: &Path) -> Self {
        let dir = toml::Value::String(dir.display().to_string());
        let layer = Layer::setting("--data-dir".into(), "data_dir", &dir);
        self.base.push(layer.expect("it is a key"));
        self
    }

    /// Computes with so many threads on the CPU, whatever the configuration says.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if they are 0 or too many.
    pub fn threads(mut self, threads: usize) -> Result<Self, ConfigError> {
        check_threads(Some(threads))?;
        let value = toml::Value::Integer(threads as i64);
        let layer = Layer::setting("--threads".into(), "threads", &value);
        self.base.push(layer.expect("it is a key"));
        Ok(self)
    }

    /// The number of trials: of settings, whatever the seed.
    #[must_use]
    pub fn trials(&self) -> usize {
        self.trials.len()
    }

    /// The seeds that every trial is run with.
    #[must_use]
    pub fn seeds(&self) -> &[u64] {
        &self.seeds
    }

    /// The number of runs.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.trials.len() * self.seeds.len()
    }

    /// What a trial is made of.
    fn layers(&self, trial: &Trial) -> Result<Vec<Layer>, ConfigError> {
        let mut layers = self.base.clone();
        for Setting { key, value, line } in &trial.0 {
            let place = format!("{}, line {line}", self.name);
            let layer = Layer::setting(place.clone(), key, value);
            layers.push(layer.map_err(|problem| ConfigError::Parse {
                file: place,
                message: problem,
            })?);
        }
        Ok(layers)
    }

    fn config_of(&self, layers: &[Layer], seed: u64) -> Result<TrainConfig, ConfigError> {
        let mut config = TrainConfig::from_layers(layers)?;
        config.seed = seed;
        Ok(config)
    }
}

/// An error of a value, with where that was given.
fn located(mut error: TrainError, layers: &[Layer]) -> TrainError {
    if let TrainError::Config(ConfigError::Value { key, origin, .. }) = &mut error {
        *origin = place(layers, key);
    }
    error
}

#[cfg(test)]
mod tests;
