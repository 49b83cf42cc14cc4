use std::{
    io::{IsTerminal, stderr, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

use models::NetworkFileError;
use trainer::{
    Experiment, Plan, RunDir, Status, TrainError,
    observers::{Console, Json, dashboard},
};

use super::{
    config_args::ConfigArgs,
    signals::{interrupted, on_signals, on_signals_with_dashboard},
};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Go on with the run in a folder, from its newest checkpoint that is whole
    #[arg(
        help_heading = "How",
        long,
        value_name = "RUN",
        conflicts_with_all = ["config", "recipe", "out"]
    )]
    resume: Option<PathBuf>,
    /// End after so many updates, and score the last batch again [default: all epochs]
    #[arg(help_heading = "How", long, value_name = "N")]
    steps: Option<u64>,
    /// Folder in which the run makes its own
    #[arg(
        help_heading = "Output",
        long,
        value_name = "DIR",
        default_value = "runs"
    )]
    out: PathBuf,
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
    pub fn run(mut self) -> anyhow::Result<ExitCode> {
        self.config.steps = self.steps;
        let own = self.resume.as_ref().map(|run| RunDir::open(run));
        let own = own.transpose()?;
        let (config, origins) = match &own {
            Some(run) => self
                .config
                .config_over(Some(&run.path().join("config.toml")))?,
            None => self.config.config()?,
        };
        let mut named = config.clone();
        if let Some(run) = &own {
            run.check_dataset(&config)?;
            // A run that goes on has kept both.
            named.weights = None;
            named.model = run.config()?.model;
        }
        let datasets = self.config.store.load(&named);
        let datasets = datasets.map_err(|error| origins.locate(self.with_copy(error)))?;
        let resumes = own.is_some();
        let experiment = match own {
            Some(run) => Experiment::resuming(run, config, datasets),
            None => Experiment::with_datasets(config, datasets),
        };
        let experiment = experiment.map_err(|error| origins.locate(error))?;
        self.warn_of_another_network(experiment.plan());
        self.warn_of_other_weights(&experiment);
        let backend = experiment.plan().selected.backend;

        let stop = match self.tui {
            true => on_signals_with_dashboard()?,
            false => on_signals()?,
        };
        let experiment = experiment.stop_when(&stop);
        let experiment = if self.json {
            experiment.observe(Json::new(stdout()))
        } else {
            let console = Console::new(stdout(), super::program(backend));
            if self.tui {
                experiment.observe(dashboard(&stop, console)?)
            } else if self.quiet {
                experiment.observe(console.quiet())
            } else if stdout().is_terminal() && stderr().is_terminal() {
                experiment.observe(console.with_bar())
            } else {
                experiment.observe(console)
            }
        };
        let summary = match resumes {
            true => experiment.go_on(),
            false => experiment.run(&self.out),
        };
        let summary = summary.map_err(|error| origins.locate(error))?;
        Ok(match (summary.status, stop.signal()) {
            (Status::Interrupted, signal) => interrupted(signal),
            (Status::Done, _) => ExitCode::SUCCESS,
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
    fn warn_of_other_weights(&self, experiment: &Experiment<'_>) {
        if let (false, Some(sha256), Some(run)) = (
            self.config.gives("weights"),
            experiment.weights_sha256(),
            self.repeated(),
        ) && let Ok(Some(then)) = run.started_from()
            && then.sha256 != sha256
        {
            tell!(
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
            tell!(
                "warning: {} has changed since that run, which kept a copy: --model {}",
                plan.config.model,
                copy.display()
            );
        }
    }
}
