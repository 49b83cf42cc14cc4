//! What a run is asked to do: a [`TrainConfig`], written as TOML.

mod average;
mod checkpoint;
mod error;
mod evaluation;
mod layers;
mod loader;
mod log;
mod loss;
mod optimizer;
mod precision;
mod recipes;
mod reference;
mod schedule;
mod schema;
mod stop;

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use data::{
    DataError, DatasetInfo, HoldOut,
    augment::{Augment, Normalize, RandomCrop},
    folder::FolderOptions,
};
use models::ModelOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use error::check;
use error::{
    NOT_NEGATIVE, POSITIVE, WRONG_TIME, check_given, is_not_negative, is_positive,
    is_possible_time, only_taken,
};
pub(crate) use layers::read_text;

pub use self::{
    average::{AverageConfig, AverageName},
    checkpoint::CheckpointConfig,
    error::ConfigError,
    evaluation::{EvaluationConfig, Tta},
    layers::{Layer, overlap, place},
    loader::LoaderConfig,
    log::LogConfig,
    loss::{ClassWeights, LossConfig, LossName},
    optimizer::{AdjustLr, OptimizerConfig, OptimizerName, ParameterGroup},
    precision::Precision,
    recipes::Recipe,
    reference::reference,
    schedule::{Anneal, ScheduleConfig, ScheduleName},
    schema::schema,
    stop::StopConfig,
};
use crate::backend::{AdapterKind, BackendChoice};
pub use crate::lines::line_of;

/// Everything that decides what a training run computes.
///
/// Two runs of the same configuration on the same CPU backend end with the same
/// bytes. Keys left out of a TOML file keep their defaults; unknown keys are errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// The network: a name that `kiln models` lists, or a file that describes one,
    /// which ends in `.toml` or has a path separator. A relative path begins in the
    /// working directory, wherever the configuration lies.
    pub model: String,
    /// The data set: a name that `kiln data list` tells, or `folder:PATH`.
    pub dataset: String,
    /// The folder under which the files of named data sets lie. Left out:
    /// `$KILN_DATA`, or `kiln/data` in the user's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Where to compute.
    pub backend: BackendChoice,
    /// Which kind of adapter a wgpu backend takes.
    pub adapter: AdapterKind,
    /// Threads that the CPU computes with, 1 to 1,024, which a process starts once. Left
    /// out: as many as `RAYON_NUM_THREADS` in the environment says, or one for each physical
    /// core. Those that fill batches are `loader.threads`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub threads: Option<usize>,
    /// Decides the first weights, the split, the order of the images and dropout.
    /// Up to 2⁶³ − 1, the largest integer of TOML.
    #[schemars(range(max = 9_223_372_036_854_775_807u64))]
    pub seed: u64,
    /// How often to go through the training images, 1 to 1,000,000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub epochs: usize,
    /// Images in a step, at least 1. The last batch of an epoch may be smaller.
    #[schemars(range(min = 1))]
    pub batch_size: usize,
    /// Batches whose gradients an update takes the mean of, every image with the
    /// same weight, at least 1. `batch_size` × `accumulate` images then do what one
    /// batch of so many would do (but for batch norms, which see a batch), in the
    /// memory of one. The last update of an epoch may have fewer.
    #[schemars(range(min = 1))]
    pub accumulate: usize,
    /// Compute again in the backward pass what is cheap (activations, norms) instead
    /// of keeping it from the forward pass: less memory, more time.
    pub gradient_checkpointing: bool,
    /// The type of the numbers that the network computes in: its weights, activations
    /// and gradients. Optimizer, averaged weights and losses stay in `f32`, and so do
    /// files of weights, exactly. With 16 bits a weight stays as it is if an update is
    /// too small for it (`bf16`: below 1/512 of the weight; `f16`: 1/4096), for none is
    /// kept in `f32` beside it. A backend that does not compute in it is an error; on
    /// the CPU (`flex`) 16 bits take half the memory and more time, `f16` far more.
    pub precision: Precision,
    /// The training images held out for validation, unless the data set has
    /// images for that: a number (`5000`) or a share (`0.1`). The best epoch is
    /// chosen on them; with 0, the last epoch is the best.
    pub valid: HoldOut,
    /// Use only so many training images (before the validation part is split
    /// off), at least 1, as evenly over the classes as all of them are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub limit: Option<usize>,
    /// A file of weights to start from, in the place of those that the seed gives:
    /// safetensors, or PyTorch's own with the feature `pytorch`. Kept as it is
    /// given; relative to the folder that the program is called in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<PathBuf>,
    /// Whether it is enough that some tensors of `weights` fit the network. The
    /// others start from the seed, and are listed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub partial_weights: bool,
    /// Changes of the training images, in order; none by an empty list.
    /// Validation and test images get those that are not random.
    pub augment: Vec<Augment>,
    /// What is chosen about the architecture beside its name; of a file, `dropout`
    /// and `init` alone.
    pub network: ModelOptions,
    /// How batches are filled.
    pub loader: LoaderConfig,
    /// How the images of a folder become a data set.
    pub folder: FolderOptions,
    /// How the parameters are updated.
    pub optimizer: OptimizerConfig,
    /// How the learning rate goes over the run.
    pub schedule: ScheduleConfig,
    /// When checkpoints are written and which are kept.
    pub checkpoint: CheckpointConfig,
    /// What ends the run before its last epoch.
    pub stop: StopConfig,
    /// Whether and how weights are averaged.
    pub average: AverageConfig,
    /// What training makes small.
    pub loss: LossConfig,
    /// How the test set is scored.
    pub evaluation: EvaluationConfig,
    /// What is written of the course of the run.
    pub log: LogConfig,
}

impl Default for TrainConfig {
    /// The recipe that `kiln train` follows when nothing else is said.
    fn default() -> Self {
        let shift = RandomCrop {
            padding: 2,
            ..RandomCrop::default()
        };
        Self {
            model: "lenet5".into(),
            dataset: "mnist-mini".into(),
            data_dir: None,
            backend: BackendChoice::Auto,
            adapter: AdapterKind::Gpu,
            threads: None,
            seed: 42,
            epochs: 15,
            batch_size: 64,
            accumulate: 1,
            gradient_checkpointing: false,
            precision: Precision::F32,
            valid: HoldOut::Share(0.1),
            limit: None,
            weights: None,
            partial_weights: false,
            augment: vec![shift.into()],
            network: ModelOptions::default(),
            loader: LoaderConfig::default(),
            folder: FolderOptions::default(),
            optimizer: OptimizerConfig::default(),
            schedule: ScheduleConfig::default(),
            checkpoint: CheckpointConfig::default(),
            stop: StopConfig::default(),
            average: AverageConfig::default(),
            loss: LossConfig::default(),
            evaluation: EvaluationConfig::default(),
            log: LogConfig::default(),
        }
    }
}

/// More is a slip of the keyboard, and steps would no longer count exactly.
pub(crate) const MOST_EPOCHS: usize = 1_000_000;

/// More is a slip of the keyboard too: no machine has as many cores.
pub(crate) const MOST_THREADS: usize = 1024;

impl TrainConfig {
    /// Reads a file of TOML.
    ///
    /// # Errors
    /// [`ConfigError::Read`], or as [`from_toml`](Self::from_toml).
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        Self::from_layers(&[Layer::file(file)?])
    }

    /// Reads TOML. `file` names its source in errors.
    ///
    /// # Errors
    /// As [`from_layers`](Self::from_layers).
    pub fn from_toml(text: &str, file: &Path) -> Result<Self, ConfigError> {
        Self::from_layers(&[Layer::text(file.display().to_string(), text)])
    }

    /// The whole configuration as TOML. [`from_toml`](Self::from_toml) gives it back.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if a number is too large for TOML, or a path is no Unicode.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        self.check_integers()?;
        self.check_paths()?;
        Ok(toml::to_string(self).expect("a configuration is a table of plain values"))
    }

    /// Puts what optimizer, schedule, loss and average are by themselves where it is left
    /// out, so that it says all of a run; but for what goes by the length of the run
    /// (`schedule.step_epochs` and `milestones`) and the number of processors. Where
    /// stochastic weight averaging begins stays as it is when more epochs follow.
    pub fn complete(&mut self) {
        self.optimizer.complete();
        self.schedule.complete();
        self.loss.complete();
        self.average.complete(self.epochs);
    }

    /// Normalises by the numbers of `info` where the augmentation does not say
    /// others: those of the images that a network was trained on.
    pub fn normalize_as(&mut self, info: &DatasetInfo) {
        let at = self.augment.iter().position(|step| {
            matches!(
                step,
                Augment::Normalize(_) | Augment::Mixup(_) | Augment::Cutmix(_)
            )
        });
        let numbers = |given: Option<Vec<f32>>, own: &[f32]| given.or_else(|| Some(own.to_vec()));
        let mut step = Normalize::default();
        let at = at.unwrap_or(self.augment.len());
        if let Some(Augment::Normalize(given)) = self.augment.get(at) {
            step = given.clone();
            self.augment.remove(at);
        }
        step.mean = numbers(step.mean, &info.mean);
        step.std = numbers(step.std, &info.std);
        self.augment.insert(at, step.into());
    }

    /// Looks that its integers can be written as TOML, which has 64 bits with a sign.
    fn check_integers(&self) -> Result<(), ConfigError> {
        // What is no Unicode is told by `check_paths`.
        let Ok(all) = serde_json::to_value(self) else {
            return Ok(());
        };
        match too_large("", &all) {
            Some((key, value)) => check_integer(key, value),
            None => Ok(()),
        }
    }

    /// Looks at the options of folders, also where the images are of none: they are kept.
    fn check_folder(&self) -> Result<(), ConfigError> {
        let Err(DataError::FolderOption { key, problem }) = self.folder.validate() else {
            return Ok(());
        };
        let folder = toml::Value::try_from(&self.folder).ok();
        let value = folder.and_then(|folder| Some(folder.get(key)?.to_string()));
        let key = format!("folder.{key}");
        check(key, value.unwrap_or_default(), false, &problem)
    }

    /// Looks that its paths can be written as text.
    fn check_paths(&self) -> Result<(), ConfigError> {
        for (key, path) in [("data_dir", &self.data_dir), ("weights", &self.weights)] {
            if let Some(path) = path {
                check(
                    key,
                    path.display(),
                    path.to_str().is_some(),
                    "a run keeps it as text, and this name is no Unicode: give the file or folder \
                     another name, or a link",
                )?;
            }
        }
        Ok(())
    }

    /// Checks every value that needs no look at the data or the model.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for the first value that cannot be.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let positive = "it must be at least 1";
        self.check_integers()?;
        self.check_paths()?;
        check_threads(self.threads)?;
        check(
            "epochs",
            self.epochs,
            (1..=MOST_EPOCHS).contains(&self.epochs),
            &format!("it must be at least 1 and at most {MOST_EPOCHS}"),
        )?;
        check(
            "batch_size",
            self.batch_size,
            self.batch_size >= 1,
            positive,
        )?;
        check(
            "accumulate",
            self.accumulate,
            self.accumulate >= 1,
            positive,
        )?;
        if let HoldOut::Share(share) = self.valid {
            check(
                "valid",
                share,
                (0.0..1.0).contains(&share),
                "it must be a number of images, or a share of at least 0.0 and below 1.0",
            )?;
        }
        if let Some(limit) = self.limit {
            check("limit", limit, limit >= 1, positive)?;
        }
        check(
            "partial_weights",
            self.partial_weights,
            self.weights.is_some() || !self.partial_weights,
            "there is no file of weights to take a part of: it needs `weights`",
        )?;
        self.loader.validate()?;
        self.check_folder()?;
        self.optimizer.validate()?;
        self.schedule.validate(self.epochs, self.optimizer.lr())?;
        self.loss.validate()?;
        self.average.validate(self.epochs)?;
        self.checkpoint.validate()?;
        self.stop.validate()?;
        self.evaluation.validate()?;
        self.log.validate()
    }
}

/// That the CPU can be asked to compute with so many threads.
pub(crate) fn check_threads(threads: Option<usize>) -> Result<(), ConfigError> {
    match threads {
        Some(threads) => check(
            "threads",
            threads,
            (1..=MOST_THREADS).contains(&threads),
            &format!("it must be at least 1 and at most {MOST_THREADS}"),
        ),
        None => Ok(()),
    }
}

/// The largest integer of TOML.
const MOST: u64 = i64::MAX as u64;

pub(crate) fn check_integer(
    key: impl Into<Cow<'static, str>>,
    value: u64,
) -> Result<(), ConfigError> {
    let problem = format!("it must be at most {MOST}");
    check(key, value, value <= MOST, &problem)
}

/// The first integer of `value`, which is that of `key`, that is larger than TOML's, with its key.
fn too_large(key: &str, value: &serde_json::Value) -> Option<(String, u64)> {
    use serde_json::Value;
    match value {
        Value::Number(number) => {
            let number = number.as_u64().filter(|&number| number > MOST)?;
            Some((key.into(), number))
        }
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(at, item)| too_large(&format!("{key}[{at}]"), item))
        }
        Value::Object(table) => table.iter().find_map(|(name, value)| {
            let dot = if key.is_empty() { "" } else { "." };
            too_large(&format!("{key}{dot}{name}"), value)
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
