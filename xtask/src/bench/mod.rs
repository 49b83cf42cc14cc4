//! `cargo xtask bench`: measurements, with the peer's in the same run.

pub mod cases;
pub mod compare;
pub mod data;
pub mod machine;
pub mod overhead;
mod place;
pub mod time_to_accuracy;
pub mod train;

use std::{fs, path::PathBuf};

use anyhow::bail;
use clap::Subcommand;

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    all: All,
}

/// Without a verb: the set that the README quotes, one after the other.
#[derive(clap::Args)]
struct All {
    /// A Python with PyTorch and torchvision, to measure them in the same run
    #[arg(long)]
    python: Option<PathBuf>,
    /// Folder with `cifar-10-batches-bin/` and `MNIST/raw/` [default: $KILN_DATA, or kiln/data in the user's cache]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Verb {
    /// The same training on flex, ndarray and wgpu on a software adapter
    Compare(compare::Args),
    /// The loader, in images a second and in memory, on CIFAR-10
    Data(data::Args),
    /// The training loop beside a bare one on Burn, on the CPU
    Overhead(overhead::Args),
    /// A training step on the CPU beside PyTorch's, and with and without Kiln's own kernels
    Train(train::Args),
    /// LeNet-5 on MNIST until 99 % of the held-out images, on the CPU beside PyTorch
    TimeToAccuracy(time_to_accuracy::Args),
}

impl Args {
    pub fn run(&self) -> anyhow::Result<()> {
        match &self.verb {
            Some(Verb::Compare(args)) => args.run(),
            Some(Verb::Data(args)) => args.run(),
            Some(Verb::Overhead(args)) => args.run(),
            Some(Verb::Train(args)) => args.run(),
            Some(Verb::TimeToAccuracy(args)) => args.run(),
            None => self.all.run(),
        }
    }
}

impl All {
    /// One that fails is told at the end; the others are measured.
    fn run(&self) -> anyhow::Result<()> {
        let train = train::Args::of_readme(self.python.clone());
        let time = time_to_accuracy::Args::of_readme(self.data_dir.clone(), self.python.clone());
        let data = data::Args::of_readme(self.data_dir.clone(), self.python.clone());
        let overhead = overhead::Args::default();
        let compare = compare::Args::default();
        let set: [(&str, &dyn Fn() -> anyhow::Result<()>); 5] = [
            ("train", &|| train.run()),
            ("time-to-accuracy", &|| time.run()),
            ("data", &|| data.run()),
            ("overhead", &|| overhead.run()),
            ("compare", &|| compare.run()),
        ];
        let mut failed = Vec::new();
        for (verb, run) in set {
            println!("== cargo xtask bench {verb}");
            if let Err(error) = run() {
                println!("{error:#}");
                failed.push(format!("{verb}: {error:#}"));
            }
            println!();
        }
        match failed.is_empty() {
            true => {
                println!("into the README: cargo xtask readme");
                Ok(())
            }
            false => bail!("not all could be measured\n{}", failed.join("\n")),
        }
    }
}

/// The physical cores, as far as this process may use them.
fn cores() -> usize {
    num_cpus::get_physical().min(num_cpus::get())
}

/// Of a flag.
fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number >= 1 => Ok(number),
        _ => Err("expected a whole number of at least 1".into()),
    }
}

/// The median of `values`.
///
/// # Panics
/// If there are none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => (values[middle - 1] + values[middle]) / 2.0,
        _ => values[middle],
    }
}

/// A line of /proc/self/status in megabytes (10⁶ bytes); none where there is no
/// such file.
fn memory(line: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with(line))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}
