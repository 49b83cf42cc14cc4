use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use data::{Batch, BatchLoader, DatasetInfo, Order, Pipeline, Pixels};
use trainer::{
    TrainConfig, TrainError,
    pictures::{Tile, grid, write_png},
};

use crate::cli::{outside_runs, picked, print, store::StoreArgs};

#[derive(clap::Args)]
pub struct Args {
    /// Data set: a name, or folder:PATH [default: that of the configuration]
    #[arg(value_name = "NAME")]
    dataset: Option<String>,
    /// Which part: train, valid, test
    #[arg(long, value_name = "PART", default_value = "train")]
    split: Part,
    /// Show the images as they are trained on, augmented
    #[arg(long)]
    augment: bool,
    /// Take augmentation, data set and seed from a file, such as a run's config.toml
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// Side of the images of a folder, in pixels [default: 64]
    #[arg(long, value_name = "N")]
    image_size: Option<usize>,
    /// Decides which images, and what is drawn at random [default: 42]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The epoch of the run whose changes are shown
    #[arg(long, value_name = "N", default_value_t = 1)]
    epoch: u64,
    /// Number of images, up to 1024
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=1024))]
    count: u32,
    /// Images in a row
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    columns: u32,
    /// The picture
    #[arg(long, value_name = "FILE.png", default_value = "preview.png", value_parser = picked::png_file)]
    out: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Train,
    Valid,
    Test,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        outside_runs(&self.out)?;
        let mut config = match &self.config {
            Some(file) => TrainConfig::read(file).map_err(TrainError::from)?,
            None => TrainConfig::default(),
        };
        if let Some(dataset) = self.dataset {
            config.dataset = dataset;
        }
        super::set_image_size(&mut config, self.image_size)?;
        config.seed = self.seed.unwrap_or(config.seed);
        let datasets = self.store.load_images(&config)?;
        let images = match self.split {
            Part::Train => datasets.train,
            Part::Test => datasets.test,
            Part::Valid => datasets.valid.with_context(|| {
                format!("`{}` has no validation images of its own", config.dataset)
            })?,
        };

        let info = images.info().clone();
        let pipeline = Pipeline::new(config.augment, info.clone()).map_err(super::report)?;
        let pipeline = match self.augment {
            true => pipeline,
            false => pipeline.for_evaluation(),
        };
        let normalization = pipeline.normalization().clone();
        let all = (0..images.len()).collect();
        let order = Order::Shuffled { seed: config.seed };
        let batch = BatchLoader::new(images, all, self.count as usize, order)
            .and_then(|loader| loader.augment(pipeline, config.seed))
            .map_err(super::report)?
            .epoch(self.epoch)
            .next()
            .context("the data set holds no image")?
            .map_err(super::report)?;
        // From what a network sees, back to what people see.
        let pixels = match &batch.pixels {
            Pixels::Values(values) => undo(values, &batch, &normalization),
            Pixels::Bytes(bytes, _) => bytes.clone(),
        };
        let tiles = tiles(&pixels, &batch, &info);
        let picture = grid(&tiles, self.columns as usize);
        write_png(&picture, &self.out)?;
        print(&format!(
            "{} images of {}, {}: {}\n",
            tiles.len(),
            info.name,
            match self.augment {
                true => "augmented",
                false => "not augmented",
            },
            self.out.display()
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn undo(values: &[f32], batch: &Batch, normalization: &data::augment::Normalization) -> Vec<u8> {
    let len = values.len() / batch.len();
    let images = values.chunks_exact(len);
    images.flat_map(|image| normalization.undo(image)).collect()
}

fn tiles(pixels: &[u8], batch: &Batch, info: &DatasetInfo) -> Vec<Tile> {
    let [_, channels, height, width] = batch.shape;
    let captions = (0..batch.len()).map(|at| caption(at, batch, info));
    pixels
        .chunks_exact(channels * height * width)
        .zip(captions)
        .map(|(pixels, caption)| Tile {
            pixels: pixels.to_vec(),
            shape: [channels, height, width],
            caption,
        })
        .collect()
}

/// The class of image `at`; of a mixture, the two classes with their shares.
fn caption(at: usize, batch: &Batch, info: &DatasetInfo) -> Vec<String> {
    let name = |class: usize| info.classes[class].clone();
    let Some(targets) = &batch.soft_targets else {
        return vec![name(batch.labels[at].into())];
    };
    let classes = info.classes.len();
    let mut shares: Vec<(usize, f32)> = targets[at * classes..][..classes]
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, share)| *share > 0.0)
        .collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    let line = |&(class, share): &(usize, f32)| format!("{:.0}% {}", 100.0 * share, name(class));
    shares.iter().take(2).map(line).collect()
}
