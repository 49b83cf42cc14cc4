//! The flags that make a configuration, for every verb that needs one.

use std::path::{Path, PathBuf};

use data::HoldOut;
use trainer::{
    Recipe, TrainConfig, TrainError,
    backend::{AdapterKind, BackendChoice},
    config::{ConfigError, Layer, OptimizerName, Precision, ScheduleName, overlap, place},
    is_folder,
};

use super::{network::OptionArgs, store::StoreArgs};

/// What a configuration is made of: the default, a recipe or a file, keys that are
/// set, and flags.
#[derive(clap::Args)]
pub struct ConfigArgs {
    /// Network: a name that `kiln models` lists, or a file that describes one [default: lenet5]
    #[arg(help_heading = "What", long, value_name = "NAME|FILE.toml")]
    model: Option<String>,
    #[command(flatten, next_help_heading = "What")]
    options: OptionArgs,
    /// Data set: mnist-mini (6,000 digits in the program), mnist, fashion-mnist, kmnist, cifar10,
    /// cifar100, or folder:PATH with a folder of images for each class [default: mnist-mini]
    #[arg(help_heading = "What", long, value_name = "NAME")]
    dataset: Option<String>,
    /// Side of the images of a folder, in pixels [default: 64]
    #[arg(help_heading = "What", long, value_name = "N")]
    image_size: Option<usize>,
    /// Train on the images as they are [default: random shifts of up to 2 pixels]
    #[arg(help_heading = "What", long)]
    no_augment: bool,
    /// Training images held out for validation, a number or a share [default: 0.1]
    #[arg(
        help_heading = "What",
        long,
        value_name = "N|SHARE",
        allow_negative_numbers = true
    )]
    valid: Option<HoldOut>,
    /// Use only N training images, for a quick try
    #[arg(help_heading = "What", long, value_name = "N")]
    limit: Option<usize>,
    /// Start from the weights in a file: of a run, of `kiln import`, or of PyTorch
    #[arg(help_heading = "What", long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Take the weights that fit, and list those that start anew: for other classes
    #[arg(help_heading = "What", long)]
    partial: bool,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Read the configuration from a file, such as a run's config.toml; flags go over it
    #[arg(help_heading = "How", long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// Follow a recipe that `kiln recipes` lists; flags go over it
    #[arg(
        help_heading = "How",
        long,
        value_name = "NAME",
        conflicts_with = "config"
    )]
    recipe: Option<String>,
    /// Set any key of the configuration, such as optimizer.lr=0.05 or 'augment=[]'; can be repeated
    #[arg(help_heading = "How", long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Times to go through the training images [default: 15]
    #[arg(help_heading = "How", long, value_name = "N")]
    epochs: Option<usize>,
    /// End after so many updates: for a verb that has a flag of that name for it
    #[arg(skip)]
    pub steps: Option<u64>,
    /// Images in a step [default: 64]
    #[arg(help_heading = "How", long, value_name = "N")]
    batch_size: Option<usize>,
    /// Optimizer: sgd, adam, adamw, rmsprop, adagrad, lion, muon [default: sgd]
    #[arg(
        help_heading = "How",
        long,
        value_name = "NAME",
        hide_possible_values = true
    )]
    optimizer: Option<OptimizerName>,
    /// Largest learning rate [default: 0.05 for sgd, 0.002 for adam and adamw, 0.001 for
    /// rmsprop, 0.01 for adagrad, 0.0002 for lion, 0.02 for muon]
    #[arg(
        help_heading = "How",
        long,
        value_name = "RATE",
        allow_negative_numbers = true
    )]
    lr: Option<f64>,
    /// Weight decay [default: 0.0005 for sgd, 0.01 for adamw and muon, 0.1 for lion, 0 for the
    /// others]
    #[arg(
        help_heading = "How",
        long,
        value_name = "RATE",
        allow_negative_numbers = true
    )]
    weight_decay: Option<f64>,
    /// Momentum [default: 0.9 for sgd, 0.95 for muon, 0 for rmsprop; the others have none]
    #[arg(
        help_heading = "How",
        long,
        value_name = "SHARE",
        allow_negative_numbers = true
    )]
    momentum: Option<f64>,
    /// Course of the learning rate: constant, step, multi-step, exponential, cosine, one-cycle,
    /// linear, polynomial, plateau [default: cosine]
    #[arg(
        help_heading = "How",
        long,
        value_name = "NAME",
        hide_possible_values = true
    )]
    schedule: Option<ScheduleName>,
    /// Epochs over which the learning rate first rises [default: 0.5, 0 for one-cycle]
    #[arg(
        help_heading = "How",
        long,
        value_name = "N",
        allow_negative_numbers = true
    )]
    warmup_epochs: Option<f64>,
    /// Decides first weights, split, order of images and dropout [default: 42]
    #[arg(help_heading = "How", long, value_name = "N")]
    seed: Option<u64>,
    /// Write event files for TensorBoard as well, into the run folder
    #[arg(help_heading = "Output", long)]
    tensorboard: bool,
    /// Write no report.html at the end
    #[arg(help_heading = "Output", long)]
    no_report: bool,
    /// Where to compute: auto, flex, wgpu, vulkan, metal, webgpu, cuda, rocm, ndarray [default: auto]
    #[arg(help_heading = "Where", long, value_name = "NAME")]
    backend: Option<BackendChoice>,
    /// Adapter that a wgpu backend takes: gpu, or cpu for a software one [default: gpu]
    #[arg(
        help_heading = "Where",
        long,
        value_name = "KIND",
        hide_possible_values = true
    )]
    adapter: Option<AdapterKind>,
    /// Threads that the CPU computes with [default: $RAYON_NUM_THREADS, or one for each physical
    /// core]
    #[arg(help_heading = "Where", long, value_name = "N")]
    threads: Option<usize>,
    /// Numbers to compute in: f32, bf16, f16 [default: f32]
    #[arg(
        help_heading = "Where",
        long,
        value_name = "TYPE",
        hide_possible_values = true
    )]
    precision: Option<Precision>,
}

impl ConfigArgs {
    /// The configuration, its values checked; and where they were given.
    ///
    /// # Errors
    /// [`TrainError::Config`] with the place of what is wrong, or if a flag and
    /// `--set` give the same key; [`TrainError::Unknown`] for the recipe.
    pub fn config(&self) -> Result<(TrainConfig, Origins), TrainError> {
        self.config_over(self.config.as_deref())
    }

    /// As [`config`](Self::config), over the file `base`.
    ///
    /// # Errors
    /// As [`config`](Self::config).
    pub fn config_over(&self, base: Option<&Path>) -> Result<(TrainConfig, Origins), TrainError> {
        let mut layers = Vec::new();
        if let Some(file) = base {
            layers.push(Layer::file(file)?);
        }
        if let Some(name) = &self.recipe {
            layers.push(Recipe::find(name)?.layer());
        }
        for assignment in &self.set {
            layers.push(Layer::set(assignment)?);
        }
        let mut named = layers.clone();
        for (key, name) in [
            (
                "optimizer.name",
                self.optimizer.map(|name| name.to_string()),
            ),
            (
                "schedule.name",
                self.schedule.map(|name| name.name().into()),
            ),
        ] {
            // Here already: what is there of another name falls away.
            if let Some(name) = name {
                named.push(Layer::set(&format!("{key}={name}"))?);
            }
        }
        let mut config = TrainConfig::from_layers(&named)?;
        let flags = self.override_with_flags(&mut config);
        let origins = Origins { flags, layers };
        origins.check()?;
        check_image_size(&config, self.image_size)?;
        let valid = config.validate();
        valid.map_err(|error| origins.locate(error.into()))?;
        Ok((config, origins))
    }

    /// The file of the configuration, if there is one.
    pub fn file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// Whether a flag or `--set` gives `key`.
    pub fn gives(&self, key: &str) -> bool {
        let flags = self.override_with_flags(&mut TrainConfig::default());
        let mut set = self.set.iter().filter_map(|given| given.split_once('='));
        flags.iter().any(|(given, _)| *given == key)
            || set.any(|(given, _)| overlap(given.trim(), key))
    }

    /// Puts the flags that were given into `config`; the keys that they set, each with its flag.
    fn override_with_flags(&self, config: &mut TrainConfig) -> Vec<(&'static str, &'static str)> {
        let mut given = Vec::new();
        macro_rules! flag {
            ($($flag:ident).+ => $($key:ident).+, $name:literal) => {
                if let Some(value) = &self.$($flag).+ {
                    config.$($key).+ = value.clone().into();
                    given.push((concat_key!($($key).+), $name));
                }
            };
        }
        macro_rules! concat_key {
            ($first:ident) => {
                stringify!($first)
            };
            ($table:ident . $key:ident) => {
                concat!(stringify!($table), ".", stringify!($key))
            };
        }
        flag!(model => model, "model");
        flag!(options.form => network.form, "form");
        flag!(options.width => network.width, "width");
        flag!(dataset => dataset, "dataset");
        flag!(image_size => folder.size, "image-size");
        flag!(backend => backend, "backend");
        flag!(adapter => adapter, "adapter");
        flag!(threads => threads, "threads");
        flag!(precision => precision, "precision");
        flag!(epochs => epochs, "epochs");
        flag!(steps => stop.steps, "steps");
        flag!(batch_size => batch_size, "batch-size");
        flag!(lr => optimizer.lr, "lr");
        flag!(optimizer => optimizer.name, "optimizer");
        flag!(weight_decay => optimizer.weight_decay, "weight-decay");
        flag!(momentum => optimizer.momentum, "momentum");
        flag!(schedule => schedule.name, "schedule");
        flag!(warmup_epochs => schedule.warmup_epochs, "warmup-epochs");
        flag!(valid => valid, "valid");
        flag!(limit => limit, "limit");
        flag!(weights => weights, "weights");
        flag!(seed => seed, "seed");
        if let Some(dir) = &self.store.data_dir {
            config.data_dir = Some(dir.clone());
            given.push(("data_dir", "data-dir"));
        }
        if self.partial {
            config.partial_weights = true;
            given.push(("partial_weights", "partial"));
        }
        if self.options.auxiliary_heads {
            config.network.auxiliary_heads = true;
            given.push(("network.auxiliary_heads", "auxiliary-heads"));
        }
        if self.tensorboard {
            config.log.tensorboard = true;
            given.push(("log.tensorboard", "tensorboard"));
        }
        if self.no_report {
            config.log.report = false;
            given.push(("log.report", "no-report"));
        }
        if self.no_augment {
            config.augment.clear();
            given.push(("augment", "no-augment"));
        }
        given
    }
}

/// Looks that a side of images is asked for of a folder alone: those of other data sets
/// come as they are.
pub fn check_image_size(config: &TrainConfig, side: Option<usize>) -> Result<(), ConfigError> {
    match side {
        Some(side) if !is_folder(&config.dataset) => Err(ConfigError::Value {
            key: "--image-size".into(),
            value: side.to_string(),
            problem: format!(
                "only for folder:PATH, and the data set is {}: add a step `resize` under augment",
                config.dataset
            ),
            origin: None,
        }),
        _ => Ok(()),
    }
}

/// Where the values of a configuration were given.
pub struct Origins {
    /// Keys, each with its flag.
    flags: Vec<(&'static str, &'static str)>,
    /// What they go over.
    layers: Vec<Layer>,
}

impl Origins {
    /// That no key is given twice: it would not be clear which one counts.
    fn check(&self) -> Result<(), ConfigError> {
        let sets: Vec<&str> = self.layers.iter().filter_map(Layer::key).collect();
        for (at, set) in sets.iter().copied().enumerate() {
            if let Some(other) = sets[..at].iter().find(|other| overlap(set, other)) {
                return Err(ConfigError::Set {
                    given: set.into(),
                    problem: format!("--set {other} sets that too: leave one of them out"),
                });
            }
            if let Some((_, flag)) = self.flags.iter().find(|(key, _)| overlap(set, key)) {
                return Err(ConfigError::Set {
                    given: set.into(),
                    problem: format!("--{flag} sets that too: leave one of them out"),
                });
            }
        }
        Ok(())
    }

    /// The error of a value, with where that was given.
    pub fn locate(&self, mut error: TrainError) -> TrainError {
        if let TrainError::Config(ConfigError::Value { key, origin, .. }) = &mut error {
            let flag = self.flags.iter().find(|(given, _)| given == key);
            *origin = match flag {
                Some((_, flag)) => Some(format!("--{flag}")),
                None => place(&self.layers, key),
            };
        }
        error
    }
}
