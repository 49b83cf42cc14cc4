use std::{
    io::{IsTerminal, stderr, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

use models::NetworkFileError;
use trainer::{
    Plan, RunDir, Status, TrainError, Trainer,
    observers::{Console, Json},
};

use super::config_args::ConfigArgs;

/// Set by Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);

/// The exit code of an interrupted run, as shells give it: 128 + SIGINT.
const INTERRUPTED: u8 = 130;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Folder in which the run makes its own
    #[arg(
        help_heading = "Output",
        long,
        value_name = "DIR",
        default_value = "runs"
    )]
    out: PathBuf,
    /// Print nothing but the result
    #[arg(help_heading = "Output", long, short)]
    quiet: bool,
    /// Print one JSON event a line
    #[arg(help_heading = "Output", long, conflicts_with = "quiet")]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let (config, origins) = self.config.config()?;
        let datasets = self.config.store.load(&config);
        let datasets = datasets.map_err(|error| origins.locate(self.with_copy(error)))?;
        let trainer = Trainer::with_datasets(config, datasets);
        let trainer = trainer.map_err(|error| origins.locate(error))?;
        self.warn_of_another_network(trainer.plan());
        self.warn_of_other_weights(&trainer);
        let backend = trainer.plan().selected.backend;

        // A second Ctrl-C does not wait for the end of the step.
        ctrlc::set_handler(|| {
            if STOP.swap(true, Ordering::Relaxed) {
                std::process::exit(INTERRUPTED.into());
            }
        })?;
        let trainer = trainer.stop_when(&STOP);
        let trainer = if self.json {
            trainer.observe(Json::new(stdout()))
        } else {
            let console = Console::new(stdout(), super::program(backend));
            trainer.observe(if self.quiet {
                console.quiet()
            } else if stdout().is_terminal() && stderr().is_terminal() {
                console.with_bar()
            } else {
                console
            })
        };
        let summary = trainer.run(&self.out)?;
        Ok(match summary.status {
            Status::Done => ExitCode::SUCCESS,
            Status::Interrupted => ExitCode::from(INTERRUPTED),
        })
    }

    /// The run whose configuration this is.
    fn repeated(&self) -> Option<RunDir> {
        let folder = self.config.file()?.parent()?;
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
        match self.config.gives("model") {
            false => self.repeated()?.network(),
            true => None,
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
    fn warn_of_other_weights(&self, trainer: &Trainer<'_>) {
        if let (false, Some(sha256), Some(run)) = (
            self.config.gives("weights"),
            trainer.weights_sha256(),
            self.repeated(),
        ) && let Ok(Some(then)) = run.started_from()
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
}
