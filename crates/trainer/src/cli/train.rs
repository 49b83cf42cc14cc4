use std::{
    io::{IsTerminal, stderr, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
};

use data::HoldOut;
use models::NetworkFileError;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};
use trainer::{
    Experiment, Plan, RunDir, Status, StopFlag, TrainConfig, TrainError,
    backend::{AdapterKind, BackendChoice},
    config::{ConfigError, OptimizerName, ScheduleName, line_of},
    observers::{Console, Json, dashboard, leave_dashboard},
};

use super::{network::OptionArgs, store::StoreArgs};

/// A flag that SIGINT (Ctrl-C) and SIGTERM set. A second one does not wait for the end
/// of the update.
fn on_signals() -> std::io::Result<StopFlag> {
    let stop = StopFlag::new();
    let again = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        let code = i32::from(exit_code_of(signal as usize));
        // In this order: the first signal finds `again` not set yet.
        flag::register_conditional_shutdown(signal, code, Arc::clone(&again))?;
        flag::register(signal, Arc::clone(&again))?;
        flag::register_usize(signal, stop.shared(), signal as usize)?;
    }
    Ok(stop)
}

/// As shells give it: 128 and the number of the signal.
fn exit_code_of(signal: usize) -> u8 {
    u8::try_from(signal).map_or(u8::MAX, |signal| signal.saturating_add(128))
}

fn interrupted(signal: Option<usize>) -> ExitCode {
    ExitCode::from(exit_code_of(signal.unwrap_or(SIGINT as usize)))
}

#[derive(clap::Args)]
pub struct Args {
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
    store: StoreArgs,
    /// Read the configuration from a file, such as a run's config.toml; flags go over it
    #[arg(help_heading = "How", long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// Go on with the run in a folder, from its newest checkpoint that is whole
    #[arg(help_heading = "How", long, value_name = "RUN", conflicts_with_all = ["config", "out"])]
    resume: Option<PathBuf>,
    /// Times to go through the training images [default: 15]
    #[arg(help_heading = "How", long, value_name = "N")]
    epochs: Option<usize>,
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
    /// Largest learning rate [default: 0.05 for sgd, 0.002 for adam and adamw, 0.001 for rmsprop, 0.01 for adagrad, 0.0002 for lion, 0.02 for muon]
    #[arg(
        help_heading = "How",
        long,
        value_name = "RATE",
        allow_negative_numbers = true
    )]
    lr: Option<f64>,
    /// Weight decay [default: 0.0005 for sgd, 0.01 for adamw and muon, 0.1 for lion, 0 for the others]
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
    /// Folder in which the run makes its own
    #[arg(
        help_heading = "Output",
        long,
        value_name = "DIR",
        default_value = "runs"
    )]
    out: PathBuf,
    /// Write event files for TensorBoard as well, into the run folder
    #[arg(help_heading = "Output", long)]
    tensorboard: bool,
    /// Show Burn's dashboard while the run lasts; q asks whether to stop (feature `tui`)
    #[arg(help_heading = "Output", long, conflicts_with_all = ["json", "quiet"])]
    tui: bool,
    /// Print nothing but the result
    #[arg(help_heading = "Output", long, short)]
    quiet: bool,
    /// Print one JSON event a line
    #[arg(help_heading = "Output", long, conflicts_with = "quiet")]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let (config, origins) = self.config()?;
        let datasets = self.store.load(&config);
        let datasets = datasets.map_err(|error| origins.locate(self.with_copy(error)))?;
        let experiment = Experiment::with_datasets(config, datasets);
        let experiment = experiment.map_err(|error| origins.locate(error))?;
        self.warn_of_another_network(experiment.plan());
        self.warn_of_other_weights(&experiment);
        let backend = experiment.plan().selected.backend;

        let stop = on_signals()?;
        let experiment = experiment.stop_when(&stop);
        let experiment = if self.json {
            experiment.observe(Json::new(stdout()))
        } else {
            let console = Console::new(stdout(), super::program(backend));
            experiment.observe(if self.quiet {
                console.quiet()
            } else if stdout().is_terminal() && stderr().is_terminal() {
                console.with_bar()
            } else {
                console
            })
        };
        let summary = match &self.resume {
            Some(run) => experiment.resume(RunDir::open(run)?),
            None => experiment.run(&self.out),
        };
        let summary = summary.map_err(|error| origins.locate(error))?;
        Ok(match (summary.status, stop.signal()) {
            (Status::Interrupted, signal) => interrupted(signal),
            (Status::Done, _) => ExitCode::SUCCESS,
        })
    }

    /// The run whose configuration this is.
    fn repeated(&self) -> Option<RunDir> {
        let folder = self.config.as_ref()?.parent()?;
        // Of a bare name, there is nothing before it.
        let here = Path::new(".");
        let folder = if folder == Path::new("") {
            here
        } else {
            folder
        };
        RunDir::open(folder).ok()
    }

    /// The copy of the network that the run kept whose configuration this is.
    fn copy(&self) -> Option<PathBuf> {
        match self.model {
            None => self.repeated()?.network(),
            Some(_) => None,
        }
    }

    /// A network that is not to be read, with the copy that the run kept of it.
    fn with_copy(&self, error: TrainError) -> TrainError {
        match (error, self.copy()) {
            (TrainError::NetworkFile(source @ NetworkFileError::Read { .. }), Some(copy)) => {
                TrainError::NetworkMoved { source, copy }
            }
            (error, _) => error,
        }
    }

    /// A run is repeated only if the weights that it starts from are what they were.
    fn warn_of_other_weights(&self, experiment: &Experiment<'_>) {
        if let (None, Some(sha256), Some(run)) =
            (&self.weights, experiment.weights_sha256(), self.repeated())
            && let Ok(Some(then)) = run.started_from()
            && then.sha256 != sha256
        {
            eprintln!(
                "warning: {} has changed since that run: its SHA-256 was {}, and is {sha256}",
                then.file.display(),
                then.sha256,
            );
        }
    }

    /// A run is repeated only if its network is what it was.
    fn warn_of_another_network(&self, plan: &Plan) {
        if let (Some(file), Some(copy)) = (&plan.network_file, self.copy())
            && std::fs::read_to_string(&copy).is_ok_and(|text| text != file.to_toml())
        {
            eprintln!(
                "warning: {} has changed since that run, which kept a copy: --model {}",
                plan.config.model,
                copy.display()
            );
        }
    }

    /// The configuration: the file, or the default, with the flags over it; and
    /// where its values were given.
    fn config(&self) -> Result<(TrainConfig, Origins), TrainError> {
        let own = self.resume.as_ref().map(|run| run.join("config.toml"));
        let (mut config, file) = match own.as_ref().or(self.config.as_ref()) {
            Some(path) => {
                let (config, text) = TrainConfig::read(path)?;
                (config, Some((path.clone(), text)))
            }
            None => (TrainConfig::default(), None),
        };
        let flags = self.override_with_flags(&mut config);
        let origins = Origins { flags, file };
        let valid = config.validate();
        valid.map_err(|error| origins.locate(error.into()))?;
        Ok((config, origins))
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
        flag!(epochs => epochs, "epochs");
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
        if self.no_augment {
            config.augment.clear();
        }
        given
    }
}

/// Where the values of a configuration were given.
struct Origins {
    /// Keys, each with its flag.
    flags: Vec<(&'static str, &'static str)>,
    /// The file and its text.
    file: Option<(PathBuf, String)>,
}

impl Origins {
    /// The error of a value, with where that was given.
    fn locate(&self, mut error: TrainError) -> TrainError {
        if let TrainError::Config(ConfigError::Value { key, origin, .. }) = &mut error {
            let flag = self.flags.iter().find(|(given, _)| *given == key.as_ref());
            *origin = match (flag, &self.file) {
                (Some((_, flag)), _) => Some(format!("--{flag}")),
                (None, Some((path, text))) => line_of(text, key.as_ref())
                    .map(|line| format!("{}, line {line}", path.display())),
                (None, None) => None,
            };
        }
        error
    }
}
