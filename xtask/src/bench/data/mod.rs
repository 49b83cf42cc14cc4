//! `cargo xtask bench data`: the loader on CIFAR-10, against torchvision's.

pub mod rows;

use std::{
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, ensure};
use data::{
    BatchLoader, ImageDataset, Order, Pipeline, Store,
    augment::{
        Augment, Fill, Interpolation, Interval, RandomAffine, RandomCrop, RandomHorizontalFlip,
        Shear,
    },
};

use self::rows::{MEMORY, Row, heading, lines};
use super::{
    at_least_one, cases,
    machine::{Machine, warning_of_load},
    memory, place,
};
use crate::{csv_file, program};

const BATCH: usize = 256;
const THREADS: usize = 2;
const ROUNDS: usize = 5;
/// The script that measures torchvision, in the repository.
const PEER: &str = "xtask/peers/torchvision_loader.py";
const FILE: &str = "data.csv";

#[derive(clap::Args, Default)]
pub struct Args {
    /// Folder with `cifar-10-batches-bin/` [default: $KILN_DATA, or kiln/data in the user's cache]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// A Python with torchvision, to measure torchvision in the same run
    #[arg(long)]
    python: Option<PathBuf>,
    /// Threads of the loader, and workers of torchvision [default: 2]
    #[arg(long, value_parser = at_least_one)]
    threads: Option<usize>,
    /// Rounds, of which the median counts [default: 5]
    #[arg(long, value_parser = at_least_one)]
    rounds: Option<usize>,
    /// The file for the measurements, written anew [default: assets/bench/data.csv; in
    /// target/bench if --threads or --rounds ask for another set, or there is no --python]
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
}

impl Args {
    /// What the README quotes.
    pub fn of_readme(data_dir: Option<PathBuf>, python: Option<PathBuf>) -> Self {
        Self {
            data_dir,
            python,
            ..Self::default()
        }
    }

    /// Measures, prints a table as it is known, and writes the file.
    pub fn run(&self) -> anyhow::Result<()> {
        if let Some(warning) = warning_of_load() {
            eprintln!("{warning}");
        }
        let machine = Machine::here()?;
        let start = memory("VmRSS");
        let store = Store::new(self.data_dir.as_deref()).offline(true);
        let folder = store.root()?;
        let cifar = store.load("cifar10", &mut |_| {})?;
        let own = (cifar.train.len() + cifar.test.len()) * cifar.train.info().image_len();
        let before = start.map(|start| start + own as f64 / 1e6);

        println!("CIFAR-10, batches of {BATCH}, {} threads", self.threads());
        print!("{}", heading());
        let others = place::given([
            ("--threads", self.threads.is_some()),
            ("--rounds", self.rounds.is_some()),
            ("no --python", self.python.is_none()),
        ]);
        let out = place::file(self.out.as_deref(), FILE, &others);
        let mut rows = Vec::new();
        for recipe in recipes() {
            let of_recipe = self.rounds_of(&recipe, &cifar.train, &folder, before, &machine)?;
            print!("{}", lines(&of_recipe));
            rows.extend(of_recipe);
        }
        let floor = (1..=self.rounds()).map(|round| Row {
            images_per_s: Some(tenths(floor(&cifar.train))),
            threads: 1,
            ..self.row(&machine, "write", MEMORY, round)
        });
        let floor: Vec<Row> = floor.collect();
        print!("{}", lines(&floor));
        rows.extend(floor);
        csv_file::write(&out, &rows)?;
        println!("\n{} rows: {}", rows.len(), out.display());
        if let Some(note) = place::note(self.out.as_deref(), &others) {
            println!("{note}");
        }
        cases::ended(&rows)
    }

    fn threads(&self) -> usize {
        self.threads.unwrap_or(THREADS)
    }

    fn rounds(&self) -> usize {
        self.rounds.unwrap_or(ROUNDS)
    }

    /// All rounds of a recipe, in turn. If torchvision fails it has a row that says so, and no
    /// more turns. `before` is the memory of the process with the data set and nothing else.
    fn rounds_of(
        &self,
        recipe: &Recipe,
        images: &ImageDataset,
        folder: &Path,
        before: Option<f64>,
        machine: &Machine,
    ) -> anyhow::Result<Vec<Row>> {
        let mut rows = Vec::new();
        let mut peer = recipe.peer.zip(self.python.as_deref());
        for round in 1..=self.rounds() {
            // Where it cannot be forgotten, the peak is that of all rounds so far.
            let _ = fs::write("/proc/self/clear_refs", "5");
            let speed = self.images_per_second(images, &recipe.steps)?;
            let peak = memory("VmHWM").zip(before);
            rows.push(Row {
                images_per_s: Some(tenths(speed)),
                memory_mb: peak.map(|(peak, before)| tenths(peak - before)),
                ..self.row(machine, recipe.name, "kiln", round)
            });
            let Some((name, python)) = peer else { continue };
            let words = self.words(name);
            let row = Row {
                command: format!("python {PEER} DIR {}", words.join(" ")),
                ..self.row(machine, recipe.name, "torchvision", round)
            };
            rows.push(match torchvision(python, folder, &words, images.len()) {
                Ok((speed, version)) => Row {
                    images_per_s: Some(tenths(speed)),
                    torchvision: version,
                    ..row
                },
                Err(error) => {
                    peer = None;
                    Row {
                        error: format!("{error:#}"),
                        ..row
                    }
                }
            });
        }
        Ok(rows)
    }

    /// A row without measurement.
    fn row(&self, machine: &Machine, recipe: &str, contestant: &str, round: usize) -> Row {
        let mut command = String::from("cargo xtask bench data --data-dir DIR");
        for (flag, given) in [("--threads", self.threads), ("--rounds", self.rounds)] {
            command += &given.map_or(String::new(), |number| format!(" {flag} {number}"));
        }
        Row {
            date: machine.date.clone(),
            cpu: machine.cpu.clone(),
            cores: machine.cores,
            threads: self.threads(),
            kiln: machine.kiln.clone(),
            torchvision: String::new(),
            batch: BATCH,
            recipe: recipe.into(),
            contestant: contestant.into(),
            round,
            images_per_s: None,
            memory_mb: None,
            command,
            error: String::new(),
        }
    }

    fn images_per_second(&self, images: &ImageDataset, steps: &[Augment]) -> anyhow::Result<f64> {
        let pipeline = Pipeline::new(steps.to_vec(), Arc::clone(images.info()))?;
        let order = Order::Shuffled { seed: 1 };
        let loader = BatchLoader::new(images.clone(), (0..images.len()).collect(), BATCH, order)?
            .augment(pipeline, 1)?
            .threads(self.threads())?;
        let start = Instant::now();
        for batch in loader.epoch(1) {
            black_box(batch?);
        }
        Ok(images.len() as f64 / start.elapsed().as_secs_f64())
    }

    /// The flags of the peer's script.
    fn words(&self, recipe: &str) -> Vec<String> {
        let workers = self.threads().to_string();
        let batch = BATCH.to_string();
        ["--recipe", recipe, "--batch", &batch, "--workers", &workers]
            .map(Into::into)
            .to_vec()
    }
}

/// Images a second of torchvision's loader, and its version.
fn torchvision(
    python: &Path,
    folder: &Path,
    words: &[String],
    images: usize,
) -> anyhow::Result<(f64, String)> {
    let mut peer = Command::new(python);
    peer.arg(crate::root().join(PEER)).arg(folder).args(words);
    let object = program::json(&mut peer)?;
    ensure!(
        object["images"] == images,
        "it has read other images: {object}"
    );
    let speed = object["images_per_s"].as_f64();
    let version = object["torchvision"].as_str();
    let told = speed.zip(version).with_context(|| {
        format!("no images_per_s and torchvision in what {PEER} printed: {object}")
    })?;
    Ok((told.0, told.1.into()))
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// What is done with the images.
struct Recipe {
    name: &'static str,
    /// As the peer's script names it, if it knows it.
    peer: Option<&'static str>,
    steps: Vec<Augment>,
}

fn recipes() -> [Recipe; 3] {
    let flip = || RandomHorizontalFlip::default().into();
    let crop = RandomCrop {
        padding: 4,
        ..RandomCrop::default()
    };
    let affine = RandomAffine {
        degrees: Interval::Symmetric(15.0),
        translate: [0.1, 0.1],
        scale: [0.9, 1.1],
        shear: Shear::X(Interval::Symmetric(5.0)),
        interpolation: Interpolation::Bilinear,
        center: None,
        fill: Fill::default(),
    };
    [
        Recipe {
            name: "normalise",
            peer: None,
            steps: vec![],
        },
        Recipe {
            name: "crop, flip",
            peer: Some("crop"),
            steps: vec![crop.into(), flip()],
        },
        Recipe {
            name: "affine, flip",
            peer: Some("affine"),
            steps: vec![affine.into(), flip()],
        },
    ]
}

/// Images a second whose values are written to memory, in a batch that is there already:
/// what no loader can beat on one thread.
fn floor(images: &ImageDataset) -> f64 {
    let mut values = vec![1.0_f32; BATCH * images.info().image_len()];
    let batches = 200;
    let start = Instant::now();
    for batch in 0..batches {
        values.fill(batch as f32);
        black_box(&mut values);
    }
    (batches * BATCH) as f64 / start.elapsed().as_secs_f64()
}
