//! `kiln compare`.

mod screen;
mod table;

use std::{
    io::{Write, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use trainer::{
    TrainConfig, TrainError,
    backend::{AdapterKind, Backend},
    compare::{self, Compare, Prober, RECORD},
    config::ConfigError,
};

use self::screen::Screen;
use super::{config_args::ConfigArgs, of_flag, print};

/// Steps of a comparison that is to be short.
const STEPS: usize = 100;
/// The verb of a backend's process.
const BACKEND_VERB: &str = "compare-backend";

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Backends, with commas between them [default: all that are compiled in and have a device,
    /// flex first]
    #[arg(
        help_heading = "Where",
        long,
        value_name = "NAME,…",
        value_delimiter = ',',
        conflicts_with = "backend"
    )]
    backends: Vec<String>,
    /// The backend that the others are held against [default: the first]
    #[arg(help_heading = "Where", long, value_name = "NAME")]
    reference: Option<String>,
    /// Steps to train [default: 100]
    #[arg(
        help_heading = "How",
        long,
        value_name = "N",
        conflicts_with = "epochs"
    )]
    steps: Option<usize>,
    /// Tell the time until this accuracy on the validation images, 0 to 1; needs --epochs
    #[arg(
        help_heading = "How",
        long,
        value_name = "SHARE",
        allow_negative_numbers = true
    )]
    target_accuracy: Option<f64>,
    /// Test images whose predictions are compared
    #[arg(help_heading = "How", long, value_name = "N", default_value_t = compare::TEST_IMAGES)]
    test_images: usize,
    /// The largest relative difference that is agreement: of outputs and gradients in the first
    /// step, and of the losses of the first 5
    #[arg(
        help_heading = "How",
        long,
        value_name = "SHARE",
        default_value_t = compare::TOLERANCE,
        allow_negative_numbers = true
    )]
    tolerance: f64,
    /// Exit with 1 if a backend is beyond the tolerance
    #[arg(help_heading = "How", long)]
    check: bool,
    /// Folder of compare.json, compare.csv and compare.svg, which is not there yet [default: one
    /// of the networks, the data and the time, in compare/]
    #[arg(help_heading = "Output", long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the record as one JSON object
    #[arg(help_heading = "Output", long)]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let (config, origins) = self.config.config()?;
        let (backends, left_out) = self.backends(config.adapter)?;
        let reference = match &self.reference {
            Some(name) => backend_named("reference", name)?,
            None => backends[0],
        };
        let whole = self.config.gives("epochs");
        let compare = Compare {
            models: config.model.split(',').map(str::to_string).collect(),
            backends,
            reference,
            steps: (!whole).then_some(self.steps.unwrap_or(STEPS)),
            tolerance: self.tolerance,
            target_accuracy: self.target_accuracy,
            test_images: self.test_images,
        };
        compare.validate().map_err(of_flag)?;
        if let Some(target) = self.target_accuracy.filter(|_| !whole) {
            // Clap's `requires` gives way to `conflicts_with` of the same flag.
            return Err(of_flag(ConfigError::Value {
                key: "target_accuracy".into(),
                value: target.to_string(),
                problem: "it is looked for at the end of every epoch: add --epochs".into(),
                origin: None,
            }))?;
        }
        let folder = self.folder(&compare.models, &config.dataset)?;
        let prober = Prober {
            program: std::env::current_exe().context("cannot find the program itself")?,
            words: vec![BACKEND_VERB.into()],
        };
        for note in left_out {
            tell!("{note}");
        }
        let load = |config: &TrainConfig| self.config.store.load(config);
        let mut screen = Screen::new(self.json, self.tolerance, self.target_accuracy);
        let found = compare.run(&config, load, &prober, &folder, &mut screen);
        let found = found.map_err(|error| origins.locate(error))?;
        match self.json {
            true => print(&(std::fs::read_to_string(folder.join(RECORD))?))?,
            false => print(&format!(
                "{}written: {}\n",
                table::legend(),
                folder.display()
            ))?,
        }
        let failed = found.any_failed() || (self.check && !found.agrees());
        Ok(ExitCode::from(u8::from(failed)))
    }

    /// The backends, and what there is to say of those that are left out.
    fn backends(&self, adapter: AdapterKind) -> Result<(Vec<Backend>, Vec<String>), TrainError> {
        if !self.backends.is_empty() {
            let named = self.backends.iter();
            let named: Result<_, _> = named.map(|name| backend_named("backends", name)).collect();
            return Ok((named?, Vec::new()));
        }
        let mut found = Vec::new();
        let mut left_out = Vec::new();
        // The reference first.
        let mut all = Backend::ALL;
        all.sort_by_key(|backend| *backend != Backend::DEFAULT);
        for backend in all.into_iter().filter(|b| b.is_compiled_in()) {
            if backend.has_device(adapter) {
                found.push(backend);
                continue;
            }
            left_out.push(match backend.adapters().first() {
                Some(other) => format!(
                    "{backend} is left out: it has {}, which --adapter {} takes",
                    other.name, other.kind
                ),
                None => format!("{backend} is left out: it finds no adapter"),
            });
        }
        if found.len() == 1 {
            left_out.push(format!(
                "there is only {}: to compare it, build with --features wgpu,ndarray",
                found[0]
            ));
        }
        match found.is_empty() {
            true => Err(ConfigError::Value {
                key: "--backends".into(),
                value: "none".into(),
                problem: format!("no backend has a device: {}", left_out.join("; ")),
                origin: None,
            }
            .into()),
            false => Ok((found, left_out)),
        }
    }

    /// Where the comparison goes: nothing is there yet.
    fn folder(&self, models: &[String], dataset: &str) -> anyhow::Result<PathBuf> {
        let folder = match &self.out {
            Some(folder) => folder.clone(),
            None => Path::new("compare").join(compare::folder_name(models, dataset)),
        };
        anyhow::ensure!(
            folder.symlink_metadata().is_err(),
            "{} is there already: name another folder with --out",
            folder.display()
        );
        Ok(folder)
    }
}

/// A backend by the name that a flag gives.
fn backend_named(flag: &'static str, name: &str) -> Result<Backend, TrainError> {
    use trainer::backend::BackendChoice;
    match name.parse()? {
        BackendChoice::Fixed(backend) => Ok(backend),
        BackendChoice::Auto => Err(ConfigError::Value {
            key: format!("--{flag}").into(),
            value: name.into(),
            problem: "it must name backends".into(),
            origin: None,
        }
        .into()),
    }
}

/// One backend of a comparison.
#[derive(clap::Args)]
pub struct BackendArgs {
    folder: PathBuf,
}

impl BackendArgs {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        // Unlike what is printed for a person: without its reader, the rest is for nobody.
        compare::answer(&self.folder, &mut |step| {
            let mut out = stdout().lock();
            writeln!(out, "{}", serde_json::to_string(step)?)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
