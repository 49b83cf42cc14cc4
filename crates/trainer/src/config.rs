//! What a run is asked to do: a [`TrainConfig`], written as TOML.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use data::{
    DatasetInfo, HoldOut,
    augment::{Augment, Normalize, RandomCrop},
    folder::FolderOptions,
};
use models::ModelOptions;
use serde::{Deserialize, Serialize};

pub use crate::lines::line_of;
use crate::{
    backend::{AdapterKind, BackendChoice},
    lines::{wrong_init, wrong_step},
};

/// Everything that decides what a training run computes.
///
/// Two runs of the same configuration on the same CPU backend end with the same
/// bytes. Keys left out of a TOML file keep their defaults; unknown keys are errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// The architecture, by a name that [`models::find`] knows, or a file that
    /// describes one ([`models::NetworkFile`]): what ends in `.toml` or has a path
    /// separator. A relative path begins in the working directory, wherever the
    /// configuration lies.
    pub model: String,
    /// The data set: a name that [`data::names`] lists, or `folder:PATH`.
    pub dataset: String,
    /// The folder under which the files of named data sets lie. Left out: as
    /// [`data::Store::new`] says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Where to compute.
    pub backend: BackendChoice,
    /// Which kind of adapter a wgpu backend takes.
    pub adapter: AdapterKind,
    /// Decides the first weights, the split, the order of the images and dropout.
    /// Up to 2⁶³ − 1, the largest integer of TOML.
    pub seed: u64,
    /// How often to go through the training images, 1 to 1,000,000.
    pub epochs: usize,
    /// Images in a step, at least 1. The last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// The training images held out for validation, unless the data set has
    /// images for that: a number (`5000`) or a share (`0.1`). The best epoch is
    /// chosen on them; with 0, the last epoch is the best.
    pub valid: HoldOut,
    /// Use only so many training images (before the validation part is split
    /// off), at least 1, as evenly over the classes as all of them are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// A file of weights to start from, in the place of those that the seed gives:
    /// safetensors, or PyTorch's own with the feature `pytorch`. Kept as it is
    /// given; relative to the folder that the program is called in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<PathBuf>,
    /// Whether it is enough that some tensors of `weights` fit the network. The
    /// others start from the seed, and are listed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
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
            seed: 42,
            epochs: 15,
            batch_size: 64,
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
        }
    }
}

/// How the batches of an epoch are filled. None of it but `drop_last` changes
/// what they hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoaderConfig {
    /// Threads that fill a batch, 1 to 256. Left out: one for each processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Batches that are ready ahead of the step that needs them, 1 to 64.
    pub ahead: usize,
    /// Leave out the last batch of an epoch if it is short.
    pub drop_last: bool,
}

impl Default for LoaderConfig {
    fn default() -> Self {
        Self {
            threads: None,
            ahead: 2,
            drop_last: false,
        }
    }
}

/// The optimizer and its constants, as in `torch.optim`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// Which one.
    pub name: OptimizerName,
    /// The largest learning rate of the schedule, above 0. Left out: 0.05 for
    /// SGD, 0.002 for Adam and AdamW.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lr: Option<f64>,
    /// Weight decay, at least 0: decoupled in AdamW, part of the gradient
    /// elsewhere. Left out: 5e-4 for SGD, 0 for Adam, 0.01 for AdamW.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Momentum of SGD, 0 ≤ momentum < 1. The others do not use it.
    pub momentum: f64,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            name: OptimizerName::Sgd,
            lr: None,
            weight_decay: None,
            momentum: 0.9,
        }
    }
}

impl OptimizerConfig {
    /// The largest learning rate: the given one, or the optimizer's own.
    #[must_use]
    pub fn lr(&self) -> f64 {
        self.lr.unwrap_or(match self.name {
            OptimizerName::Sgd => 0.05,
            OptimizerName::Adam | OptimizerName::AdamW => 2e-3,
        })
    }

    /// The weight decay: the given one, or the optimizer's own.
    #[must_use]
    pub fn weight_decay(&self) -> f64 {
        self.weight_decay.unwrap_or(match self.name {
            OptimizerName::Sgd => 5e-4,
            OptimizerName::Adam => 0.0,
            OptimizerName::AdamW => 0.01,
        })
    }
}

/// An optimizer. Constants that are not in [`OptimizerConfig`] are PyTorch's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum OptimizerName {
    /// Adam (Kingma and Ba, 2015), with β = (0.9, 0.999) and ε = 1e-8.
    Adam,
    /// AdamW (Loshchilov and Hutter, 2019), with the constants of Adam.
    AdamW,
    /// Stochastic gradient descent with momentum, without dampening.
    Sgd,
}

/// More is a slip of the keyboard, and steps would no longer count exactly.
const MOST_EPOCHS: usize = 1_000_000;

/// The course of the learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleConfig {
    /// Which course.
    pub name: ScheduleName,
    /// Epochs (also fractions) over which the rate first rises to its largest
    /// value, at least 0 and below the epochs of the run.
    pub warmup_epochs: f64,
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self {
            name: ScheduleName::Cosine,
            warmup_epochs: 0.5,
        }
    }
}

/// A course of the learning rate after warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ScheduleName {
    /// It stays.
    Constant,
    /// It falls to 0 along half a cosine (Loshchilov and Hutter, 2017, without restarts).
    Cosine,
}

/// A value or a line of a configuration that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {file}: {message}")]
    Read {
        /// The file.
        file: String,
        /// What the system says.
        message: String,
    },
    /// The text is not TOML, or not a configuration.
    #[error("{file}: {message}")]
    Parse {
        /// The file.
        file: String,
        /// Line, column, the line itself and what is wrong with it.
        message: String,
    },
    /// A value that cannot be.
    #[error("{}{key} = {value}: {problem}", place(.origin))]
    Value {
        /// The key, `optimizer.lr` for `lr` in the table `optimizer`.
        key: &'static str,
        /// Its value.
        value: String,
        /// What would be possible.
        problem: String,
        /// Where the value comes from, if that is known: `FILE:LINE` or a flag.
        origin: Option<String>,
    },
}

fn place(origin: &Option<String>) -> String {
    match origin {
        Some(origin) => format!("{origin}: "),
        None => String::new(),
    }
}

impl TrainConfig {
    /// Reads a file of TOML: the configuration, and the text, in which
    /// [`line_of`] finds a key.
    ///
    /// # Errors
    /// [`ConfigError::Read`], or as [`from_toml`](Self::from_toml).
    pub fn read(file: &Path) -> Result<(Self, String), ConfigError> {
        let text = std::fs::read_to_string(file).map_err(|e| ConfigError::Read {
            file: file.display().to_string(),
            message: e.to_string(),
        })?;
        Ok((Self::from_toml(&text, file)?, text))
    }

    /// Reads TOML. `file` names its source in errors.
    ///
    /// # Errors
    /// [`ConfigError::Parse`] with line and key. Values are checked by
    /// [`validate`](Self::validate), once flags have had their say.
    pub fn from_toml(text: &str, file: &Path) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|e| ConfigError::Parse {
            file: file.display().to_string(),
            message: wrong_step(text)
                .or_else(|| wrong_init(text))
                .unwrap_or_else(|| e.to_string().trim_end().to_string()),
        })
    }

    /// The whole configuration as TOML. [`from_toml`](Self::from_toml) gives it back.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if the seed is too large for TOML.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        check_seed(self.seed)?;
        Ok(toml::to_string(self).expect("a configuration is a table of plain values"))
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

    /// Checks every value that needs no look at the data or the model.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for the first value that cannot be.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let positive = "it must be at least 1";
        check_seed(self.seed)?;
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
        if let Some(threads) = self.loader.threads {
            check(
                "loader.threads",
                threads,
                (1..=256).contains(&threads),
                "it must be at least 1 and at most 256",
            )?;
        }
        check(
            "loader.ahead",
            self.loader.ahead,
            (1..=64).contains(&self.loader.ahead),
            "it must be at least 1 and at most 64",
        )?;
        let (lr, weight_decay) = (self.optimizer.lr(), self.optimizer.weight_decay());
        check(
            "optimizer.lr",
            lr,
            lr.is_finite() && lr > 0.0,
            "it must be a number above 0",
        )?;
        check(
            "optimizer.weight_decay",
            weight_decay,
            weight_decay.is_finite() && weight_decay >= 0.0,
            "it must be a number of at least 0",
        )?;
        let momentum = self.optimizer.momentum;
        check(
            "optimizer.momentum",
            momentum,
            (0.0..1.0).contains(&momentum),
            "it must be at least 0 and below 1",
        )?;
        let warmup = self.schedule.warmup_epochs;
        check(
            "schedule.warmup_epochs",
            warmup,
            warmup >= 0.0 && warmup < self.epochs as f64,
            &format!(
                "it must be at least 0 and below the {} epochs of the run",
                self.epochs
            ),
        )
    }
}

fn check_seed(seed: u64) -> Result<(), ConfigError> {
    let most = i64::MAX as u64;
    check(
        "seed",
        seed,
        seed <= most,
        &format!("it must be at most {most}"),
    )
}

fn check(
    key: &'static str,
    value: impl fmt::Display,
    possible: bool,
    problem: &str,
) -> Result<(), ConfigError> {
    if possible {
        return Ok(());
    }
    Err(ConfigError::Value {
        key,
        value: value.to_string(),
        problem: problem.into(),
        origin: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<TrainConfig, ConfigError> {
        TrainConfig::from_toml(text, Path::new("my.toml"))
    }

    #[test]
    fn comes_back_from_toml() {
        let config = TrainConfig {
            limit: Some(10),
            adapter: AdapterKind::Cpu,
            optimizer: OptimizerConfig {
                name: OptimizerName::AdamW,
                lr: Some(0.1 + 0.2),
                ..Default::default()
            },
            ..TrainConfig::default()
        };
        assert_eq!(parse(&config.to_toml().unwrap()), Ok(config));
        assert_eq!(parse(""), Ok(TrainConfig::default()));
    }

    #[test]
    fn errors_name_file_line_and_key() {
        for (text, words) in [
            ("epochs = 3\nepoch = 4", ["my.toml", "line 2", "epoch"]),
            ("\n[optimizer]\nrate = 1", ["my.toml", "line 3", "rate"]),
            ("epochs = -1", ["my.toml", "line 1", "epochs"]),
            ("epochs = [", ["my.toml", "line 1", "epochs"]),
            (
                "[schedule]\nname = \"cosinus\"",
                ["my.toml", "line 2", "cosinus"],
            ),
        ] {
            let message = parse(text).unwrap_err().to_string();
            for word in words {
                assert!(message.contains(word), "{text:?}: {message}");
            }
        }
    }

    #[test]
    fn normalises_by_the_numbers_of_a_run() {
        let info = DatasetInfo {
            name: "photos".into(),
            classes: vec!["a".into()],
            channels: 1,
            height: 2,
            width: 2,
            mean: vec![0.5],
            std: vec![0.25],
        };
        let after = |steps: &str| {
            let mut config = parse(steps).unwrap();
            config.normalize_as(&info);
            toml::to_string(&config.augment.last()).unwrap()
        };
        let own = "name = \"normalize\"\nmean = [0.5]\nstd = [0.25]\n";
        assert_eq!(after("[[augment]]\nname = \"random-horizontal-flip\""), own);
        assert_eq!(after("[[augment]]\nname = \"normalize\""), own);
        let given = "name = \"normalize\"\nmean = [0.5]\nstd = [1.0]\n";
        assert_eq!(
            after("[[augment]]\nname = \"normalize\"\nstd = [1.0]"),
            given
        );
        let mut mixed = parse("[[augment]]\nname = \"mixup\"").unwrap();
        mixed.normalize_as(&info);
        let names: Vec<_> = mixed.augment.iter().map(Augment::name).collect();
        assert_eq!(names, ["normalize", "mixup"]);
    }

    #[test]
    fn refuses_impossible_values() {
        for (text, key) in [
            ("epochs = 0", "epochs"),
            ("epochs = 1000001", "epochs"),
            ("batch_size = 0", "batch_size"),
            ("limit = 0", "limit"),
            ("valid = 1.0", "valid"),
            ("valid = -0.1", "valid"),
            ("valid = nan", "valid"),
            ("partial_weights = true", "partial_weights"),
            ("[loader]\nthreads = 0", "loader.threads"),
            ("[loader]\nahead = 65", "loader.ahead"),
            ("[optimizer]\nlr = 0.0", "optimizer.lr"),
            ("[optimizer]\nlr = nan", "optimizer.lr"),
            ("[optimizer]\nlr = inf", "optimizer.lr"),
            ("[optimizer]\nweight_decay = -1.0", "optimizer.weight_decay"),
            ("[optimizer]\nmomentum = 1.0", "optimizer.momentum"),
            (
                "epochs = 2\n[schedule]\nwarmup_epochs = 2.0",
                "schedule.warmup_epochs",
            ),
        ] {
            match parse(text).unwrap().validate() {
                Err(ConfigError::Value { key: found, .. }) => assert_eq!(found, key),
                other => panic!("{text:?}: {other:?}"),
            }
        }
        assert_eq!(TrainConfig::default().validate(), Ok(()));
        let seed = TrainConfig {
            seed: u64::MAX,
            ..TrainConfig::default()
        };
        assert!(seed.validate().is_err() && seed.to_toml().is_err());
    }
}
