//! `cargo xtask bench compare`: the same training on several backends, by `kiln compare`.

pub mod record;

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};

use self::record::Record;
use super::{at_least_one, machine::Machine, place};
use crate::{csv_file::write_whole, program};

const FILE: &str = "compare.json";
const PICTURE: &str = "compare.svg";
/// As the tests on every backend, so that the same build serves both.
const FEATURES: [&str; 3] = ["wgpu", "ndarray", "tui"];
const BACKENDS: &str = "flex,ndarray,wgpu";
/// What the README quotes: a plain network, and one with batch norms and residual blocks, that
/// the slowest backend trains in minutes.
const MODELS: &str = "lenet5,resnet-mnist";
const STEPS: usize = 30;
/// What learns something in so few steps.
const LEARNING: [&str; 4] = ["--optimizer", "adam", "--set", "schedule.warmup_epochs=0.0"];
const BATCH: usize = 32;

#[derive(clap::Args, Default)]
pub struct Args {
    /// Networks, with commas between them [default: lenet5,resnet-mnist]
    #[arg(long, value_name = "NAME,…")]
    models: Option<String>,
    /// Backends, with commas between them [default: flex,ndarray,wgpu]
    #[arg(long, value_name = "NAME,…")]
    backends: Option<String>,
    /// Steps to train [default: 30]
    #[arg(long, value_parser = at_least_one)]
    steps: Option<usize>,
    /// Images in a step [default: 32]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    batch_size: Option<usize>,
    /// A program that is built already with those backends [default: what cargo builds with
    /// --features wgpu,ndarray,tui]
    #[arg(long, value_name = "FILE")]
    kiln: Option<PathBuf>,
    /// Folder for compare.json and compare.svg, written anew [default: assets/bench and
    /// assets/figures; target/bench if other flags than --kiln ask for another set]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Args {
    /// Builds, compares, and writes record and picture. A backend that fails is in them.
    pub fn run(&self) -> anyhow::Result<()> {
        let kiln = program::kiln(self.kiln.as_deref(), &FEATURES)?;
        let machine = Machine::with(&kiln, self.kiln.is_some())?;
        let folder = crate::root().join("target/bench/compare");
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        let words = self.words();
        let status = program::measuring(&kiln)
            .args(&words)
            .arg("--out")
            .arg(&folder)
            // On a software adapter, most of the time would go into finding the fastest of
            // many kernels.
            .env("CUBECL_AUTOTUNE_LEVEL", "minimal")
            .status()
            .with_context(|| format!("cannot run {}", kiln.display()))?;
        let written = fs::read_to_string(folder.join(FILE));
        let written = written.with_context(|| format!("kiln compare left no {FILE}: {status}"))?;
        let command = format!("CUBECL_AUTOTUNE_LEVEL=minimal kiln {}", words.join(" "));
        let record = Record::new(&written, &machine, &command)?;

        let others = self.others();
        let places = [(FILE, "bench"), (PICTURE, "figures")].map(|(name, assets)| {
            let own = self.out.as_ref().map(|folder| folder.join(name));
            match own.is_none() && others.is_empty() {
                true => crate::root().join("assets").join(assets).join(name),
                false => place::file(own.as_deref(), name, &others),
            }
        });
        record.write(&places[0])?;
        write_whole(&places[1], &fs::read(folder.join(PICTURE))?)?;
        println!("{}\n{}", places[0].display(), places[1].display());
        if let Some(note) = place::note(self.out.as_deref(), &others) {
            println!("{note}");
        }
        ensure!(
            status.success(),
            "kiln compare ended with {status}: a backend failed"
        );
        Ok(())
    }

    /// What stands behind the program, but for the folder.
    fn words(&self) -> Vec<String> {
        let backends = self.backends.as_deref().unwrap_or(BACKENDS);
        let models = self.models.as_deref().unwrap_or(MODELS);
        let steps = self.steps.unwrap_or(STEPS).to_string();
        let batch = self.batch_size.unwrap_or(BATCH).to_string();
        let words = ["compare", "--backends", backends, "--adapter", "cpu"];
        let sizes = ["--model", models, "--steps", &steps, "--batch-size", &batch];
        let all = words.into_iter().chain(sizes).chain(LEARNING);
        all.map(Into::into).collect()
    }

    /// The flags by which it is another set than the README's.
    fn others(&self) -> Vec<&'static str> {
        place::given([
            ("--models", self.models.is_some()),
            ("--backends", self.backends.is_some()),
            ("--steps", self.steps.is_some()),
            ("--batch-size", self.batch_size.is_some()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_that_of_the_program() {
        let args = Args {
            models: Some("mlp".into()),
            steps: Some(3),
            ..Args::default()
        };
        assert_eq!(
            args.words().join(" "),
            "compare --backends flex,ndarray,wgpu --adapter cpu --model mlp --steps 3 --batch-size 32 \
             --optimizer adam --set schedule.warmup_epochs=0.0"
        );
        assert_eq!(args.others(), ["--models", "--steps"]);
        assert!(Args::default().others().is_empty());
    }
}
