//! `cargo xtask bench data`: the loader on CIFAR-10, against torchvision's.

use std::{
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

use super::{median, memory};

const BATCH: usize = 256;

#[derive(clap::Args)]
pub struct Args {
    /// Folder with `cifar-10-batches-bin/`
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// A Python with torchvision, to measure torchvision in the same run
    #[arg(long, requires = "peer")]
    python: Option<PathBuf>,
    /// The script that measures torchvision: prints a line of JSON with `images_per_s`
    #[arg(long, value_name = "torchvision_loader.py", requires = "python")]
    peer: Option<PathBuf>,
    /// Threads of the loader, and workers of torchvision
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Rounds, of which the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

impl Args {
    /// Measures and prints a table.
    pub fn run(&self) -> anyhow::Result<()> {
        ensure!(self.rounds > 0, "--rounds must be at least 1");
        let start = memory("VmRSS");
        let cifar = Store::new(Some(&self.data_dir))
            .offline(true)
            .load("cifar10", &mut |_| {})?;
        let own = (cifar.train.len() + cifar.test.len()) * cifar.train.info().image_len();

        println!("CIFAR-10, batches of {BATCH}, {} threads", self.threads);
        println!("recipe          images/s   ns/image   torchvision/s   ratio");
        for (recipe, peer, steps) in recipes() {
            let mut ours = Vec::new();
            let mut theirs = Vec::new();
            for _ in 0..self.rounds {
                ours.push(self.images_per_second(&cifar.train, &steps)?);
                if let (Some(peer), Some(python), Some(script)) = (peer, &self.python, &self.peer) {
                    theirs.push(self.torchvision(python, script, peer)?);
                }
            }
            let ours = median(ours);
            print!("{recipe:<14}{ours:>10.0} {:>10.0}", 1e9 / ours);
            if theirs.is_empty() {
                println!();
            } else {
                let theirs = median(theirs);
                println!(" {theirs:>15.0} {:>7.1}", ours / theirs);
            }
        }
        let floor = median((0..self.rounds).map(|_| floor(&cifar.train)).collect());
        println!(
            "writing the {} bytes of a normalised image, one thread: {floor:.0} ns",
            4 * cifar.train.info().image_len()
        );
        if let (Some(start), Some(peak)) = (start, memory("VmHWM")) {
            let own = own as f64 / 1e6;
            println!(
                "memory: {peak:.0} MB at the most, {start:.0} MB of them before the start; \
                 data set {own:.0} MB, so {:.0} MB above it",
                peak - start - own
            );
        }
        Ok(())
    }

    fn images_per_second(&self, images: &ImageDataset, steps: &[Augment]) -> anyhow::Result<f64> {
        let pipeline = Pipeline::new(steps.to_vec(), Arc::clone(images.info()))?;
        let order = Order::Shuffled { seed: 1 };
        let loader = BatchLoader::new(images.clone(), (0..images.len()).collect(), BATCH, order)?
            .augment(pipeline, 1)?
            .threads(self.threads)?;
        let start = Instant::now();
        for batch in loader.epoch(1) {
            black_box(batch?);
        }
        Ok(images.len() as f64 / start.elapsed().as_secs_f64())
    }

    fn torchvision(&self, python: &Path, script: &Path, recipe: &str) -> anyhow::Result<f64> {
        let output = Command::new(python)
            .arg(script)
            .arg(&self.data_dir)
            .args(["--recipe", recipe, "--batch", &BATCH.to_string()])
            .args(["--workers", &self.threads.to_string()])
            .output()
            .with_context(|| format!("cannot run {}", python.display()))?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{}: {errors}", script.display());
        let object: serde_json::Value = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("{} printed no JSON", script.display()))?;
        object["images_per_s"].as_f64().context("no images_per_s")
    }
}

/// Name, torchvision's name, steps.
fn recipes() -> [(&'static str, Option<&'static str>, Vec<Augment>); 3] {
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
        ("normalise", None, vec![]),
        ("crop, flip", Some("standard"), vec![crop.into(), flip()]),
        ("affine, flip", Some("affine"), vec![affine.into(), flip()]),
    ]
}

/// Nanoseconds to write the values of an image to memory, in a batch that is
/// there already: what no loader can beat on one thread.
fn floor(images: &ImageDataset) -> f64 {
    let mut values = vec![1.0_f32; BATCH * images.info().image_len()];
    let batches = 200;
    let start = Instant::now();
    for batch in 0..batches {
        values.fill(batch as f32);
        black_box(&mut values);
    }
    start.elapsed().as_nanos() as f64 / (batches * BATCH) as f64
}
