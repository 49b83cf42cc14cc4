//! The command line: verbs and flags into configurations.

mod bench;
mod columns;
mod compare;
mod completions;
mod config;
mod config_args;
mod data;
mod devices;
mod eval;
mod export;
mod features;
mod graph;
mod import;
mod invert;
mod lr_find;
mod models;
mod network;
mod picked;
mod predict;
mod recipes;
mod report;
mod run;
mod runs;
mod saliency;
mod schedule;
mod signals;
mod store;
mod summary;
mod sweep;
mod train;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Parser, Subcommand};
use trainer::{
    RunDir, TrainError,
    backend::{Backend, threads_of_environment},
    config::ConfigError,
};

/// The program, as its user calls it and with `backend` compiled in: for the
/// commands that it suggests.
fn program(backend: Backend) -> String {
    // Cargo names the package in the environment of what it runs.
    match std::env::var("CARGO_PKG_NAME").as_deref() {
        Ok(env!("CARGO_PKG_NAME")) if backend == Backend::DEFAULT => {
            "cargo run -p trainer --".into()
        }
        Ok(env!("CARGO_PKG_NAME")) => format!("cargo run -p trainer --features {backend} --"),
        _ => "kiln".into(),
    }
}

/// Trains image classifiers, on the CPU and on GPUs.
///
/// Without a verb, `train`.
#[derive(Parser)]
#[command(
    name = "kiln",
    version,
    args_conflicts_with_subcommands = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    train: train::Args,
}

#[derive(Subcommand)]
enum Verb {
    /// Train a network and leave a run folder: configuration, history, curves, weights, summary.
    Train(Box<train::Args>),
    /// Print the configuration that such flags make, whole; or its JSON Schema.
    Config(Box<config::Args>),
    /// List the recipes in the program, or print one.
    Recipes(recipes::Args),
    /// Score the weights of a run on the test set, another part, or another data set.
    Eval(Box<eval::Args>),
    /// Tell what a run says of images, or draw images of a data set with what they are taken for.
    Predict(Box<predict::Args>),
    /// Draw the feature maps of an image and the filters of a run, or hand-made filters.
    Features(Box<features::Args>),
    /// Draw which parts of an image a class is told by: Grad-CAM and input gradients.
    Saliency(Box<saliency::Args>),
    /// List runs, or put some beside each other.
    Runs(runs::Args),
    /// Write a page on a run, or on several beside each other.
    Report(report::Args),
    /// Draw the learning rate of a run, and tell it.
    Schedule(Box<schedule::Args>),
    /// Try ever larger learning rates for some steps, draw the loss, and suggest one.
    LrFind(Box<lr_find::Args>),
    /// Try settings of a configuration: a grid or a random search, each with several seeds.
    Sweep(sweep::Args),
    /// Turn weights of PyTorch into a safetensors file, once they are found to be a network's.
    Import(import::Args),
    /// Write the weights of a run for PyTorch's `load_state_dict`.
    Export(export::Args),
    /// List, fetch, verify, describe and draw data sets.
    Data(data::Args),
    /// List the networks that are known by name.
    Models(models::Args),
    /// Tell what a network is made of, layer by layer.
    Summary(summary::Args),
    /// Draw a network.
    Graph(graph::Args),
    /// Train the same run on several backends: speed, memory, and whether they agree.
    ///
    /// Each has a process of its own. All start from the same weights and get the same batches;
    /// dropout is switched off, since every backend draws other numbers. --model takes several
    /// networks, with commas between them. A backend that fails is a row, and exit code 1.
    Compare(Box<compare::Args>),
    /// One backend of a comparison, in its own process.
    #[command(hide = true)]
    CompareBackend(compare::BackendArgs),
    /// Measure how fast networks train, or infer, on a fixed random batch.
    Bench(Box<bench::Args>),
    /// Print what completes words of the command line, for a shell; or the pages for `man`.
    ///
    /// bash: kiln completions bash > ~/.local/share/bash-completion/completions/kiln;
    /// zsh: as _kiln in a folder of $fpath; fish: as ~/.config/fish/completions/kiln.fish.
    Completions(completions::Args),
    /// List the backends compiled in, the adapters found, and what `auto` takes.
    Devices(devices::Args),
}

impl Cli {
    /// Does what was asked for.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        check_environment()?;
        match self.verb.unwrap_or(Verb::Train(Box::new(self.train))) {
            Verb::Train(args) => args.run(),
            Verb::Config(args) => args.run(),
            Verb::Recipes(args) => args.run(),
            Verb::Eval(args) => args.run(),
            Verb::Predict(args) => args.run(),
            Verb::Features(args) => args.run(),
            Verb::Saliency(args) => args.run(),
            Verb::Runs(args) => args.run(),
            Verb::Report(args) => args.run(),
            Verb::Schedule(args) => args.run(),
            Verb::LrFind(args) => args.run(),
            Verb::Sweep(args) => args.run(),
            Verb::Import(args) => args.run(),
            Verb::Export(args) => args.run(),
            Verb::Data(args) => args.run(),
            Verb::Models(args) => args.run(),
            Verb::Summary(args) => args.run(),
            Verb::Graph(args) => args.run(),
            Verb::Compare(args) => args.run(),
            Verb::CompareBackend(args) => args.run(),
            Verb::Bench(args) => args.run(),
            Verb::Completions(args) => args.run(),
            Verb::Devices(args) => args.run(),
        }
    }
}

/// 2 for bad usage or configuration, 1 for what went wrong.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<TrainError>() {
        Some(error) if error.is_usage() => 2,
        _ => 1,
    }
}

/// Looks at the variables that the kernels and rayon go by.
fn check_environment() -> Result<(), TrainError> {
    threads_of_environment()?;
    kernels::check_environment().map_err(|wrong| {
        TrainError::Config(ConfigError::Value {
            key: wrong.name.into(),
            value: wrong.value,
            problem: format!("in the environment it can be {}", wrong.known.join(", ")),
            origin: None,
        })
    })
}

/// The error of a value, as one of the flag of its name.
fn of_flag(error: impl Into<TrainError>) -> TrainError {
    let mut error = error.into();
    if let TrainError::Config(ConfigError::Value { key, .. }) = &mut error {
        *key = format!("--{}", key.replace('_', "-")).into();
    }
    error
}

/// A file that can be drawn to.
fn svg_file(path: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(path);
    match path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("svg"))
    {
        true => Ok(path),
        false => Err("it is drawn as SVG: name a file that ends in .svg".into()),
    }
}

/// Looks that there is a folder for a file, before the work that it is to hold.
fn in_a_folder(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    anyhow::ensure!(
        folder.as_os_str().is_empty() || folder.is_dir(),
        "{} cannot be written: there is no folder {}",
        file.display(),
        folder.display()
    );
    Ok(())
}

/// The file to write: the one that was asked for, of a link what it leads to, or
/// `default` if nothing is there yet. Not in the folder of a run.
fn new_file(asked: Option<PathBuf>, default: PathBuf) -> anyhow::Result<PathBuf> {
    let file = match asked {
        Some(path) => asked_file(path)?,
        None => {
            anyhow::ensure!(
                default.symlink_metadata().is_err(),
                "{} is there already: name a file to write, or this one, with --out",
                default.display()
            );
            default
        }
    };
    outside_runs(&file)?;
    Ok(file)
}

/// The file to write that was asked for, of a link what it leads to.
fn asked_file(path: PathBuf) -> anyhow::Result<PathBuf> {
    let Ok(there) = path.metadata() else {
        anyhow::ensure!(
            !path.is_symlink(),
            "--out {} is a link to what is not there",
            path.display()
        );
        in_a_folder(&path)?;
        return Ok(path);
    };
    anyhow::ensure!(
        there.is_file(),
        "--out {} is there, and is no file",
        path.display()
    );
    // A file is written beside its name and renamed, which would replace the link.
    match path.is_symlink() {
        true => path
            .canonicalize()
            .with_context(|| format!("cannot follow --out {}", path.display())),
        false => Ok(path),
    }
}

/// Looks that `out` is not the file that was read.
fn not_the_same(out: &Path, input: &Path) -> anyhow::Result<()> {
    let same = out.canonicalize().is_ok_and(|out| {
        let input = input.canonicalize();
        input.is_ok_and(|input| input == out)
    });
    anyhow::ensure!(
        !same,
        "--out {} is the file that was read: name another one",
        out.display()
    );
    Ok(())
}

/// Looks that `out` does not lie in the folder of a run, be it another one than is read:
/// none is written to again.
fn outside_runs(out: &Path) -> anyhow::Result<()> {
    let inside = folder_of(out).is_ok_and(|folder| folder.ancestors().any(RunDir::is_one));
    anyhow::ensure!(
        !inside,
        "{} would lie in the folder of a run, which is left as it is: name another place",
        out.display()
    );
    Ok(())
}

/// The folder that `file` is to lie in, if that is there.
fn folder_of(file: &Path) -> std::io::Result<PathBuf> {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder.canonicalize(),
        _ => Path::new(".").canonicalize(),
    }
}

/// A number of classes, in words.
fn classes(count: usize) -> String {
    match count {
        1 => "1 class".into(),
        count => format!("{count} classes"),
    }
}

/// Writes to standard output. That its reader has gone is no error.
fn print(text: &str) -> std::io::Result<()> {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
