//! Feature maps: what the layers of a trained network give for an image, as a picture.
//!
//! ```text
//! cargo run -p examples --bin feature_maps                     # feature-maps.png
//! cargo run -p examples --bin feature_maps -- 7.png 120        # of test image 120
//! ```
//!
//! Trains LeNet-5 on the embedded digits for three epochs, to 93.6 % of the test images, and
//! draws a test image, the 6 maps of its first convolution and the 16 of its second.
//! `kiln features` does it with a run.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use burn::{module::Module, tensor::Device};
use clap::Parser;
use data::{BatchLoader, Order};
use trainer::{
    FitConfig, FitData, Trainer,
    config::LossConfig,
    evaluate,
    inspect::{Scale, feature_maps},
    pictures::{Section, Tile, grid_of_side, sheet, write_png},
};

/// Draws the feature maps of a digit.
#[derive(Parser)]
struct Args {
    /// The picture
    #[arg(default_value = "feature-maps.png")]
    out: PathBuf,
    /// Test image, 0 to 999
    #[arg(default_value_t = 0)]
    image: usize,
}

fn main() -> anyhow::Result<()> {
    let Args { out, image } = Args::parse();
    let device = Device::flex();
    let digits = data::load("mnist-mini")?;
    let all = (0..digits.train.len()).collect();
    let train = BatchLoader::new(digits.train, all, 64, Order::Shuffled { seed: 42 })?;
    let all = (0..digits.test.len()).collect();
    let test = BatchLoader::new(digits.test.clone(), all, 250, Order::Sequential)?;
    // Also finds that there is no such image, before anything is trained.
    let one = BatchLoader::new(digits.test.clone(), vec![image], 1, Order::Sequential)?;

    let network = models::lenet5(10).seed(42);
    let mut network = network.build([1, 28, 28], &device.clone().autodiff())?;
    let config = FitConfig {
        epochs: 3,
        ..FitConfig::default()
    };
    let data = FitData {
        train: &train,
        valid: None,
    };
    Trainer::new(config).fit(&mut network, &data)?;
    let network = network.valid();
    let loss = LossConfig::default().init(&[], &device)?;
    let accuracy = evaluate(&network, &test, &*loss, &device)?.accuracy;
    println!("test accuracy {:.1} %", 100.0 * accuracy);

    // No hooks as in PyTorch: layers have names, and `Network::forward_collect` gives what
    // those of some names made. This calls it, and takes the numbers off the device.
    let batch = one.epoch(0).next().context("a batch of one image")??;
    let input = batch.to_tensors(&device).images;
    let (prediction, maps) = feature_maps(&network, input, &["conv1", "conv2"])?;

    let told = prediction.best();
    let tile = Tile {
        pixels: digits.test.image(image).to_vec(),
        shape: digits.test.info().shape(),
        caption: Vec::new(),
    };
    let mut sections = vec![Section {
        heading: vec![format!(
            "test image {image}, a {}; the network tells {}: {:.1} %",
            digits.test.labels()[image],
            told.label,
            100.0 * told.probability
        )],
        picture: grid_of_side(&[tile], 1, 140),
    }];
    for maps in &maps {
        let [number, height, width] = maps.shape;
        println!("{}: {number} maps of {height}×{width}", maps.layer);
        sections.push(maps.section(Scale::Each, number, 8));
    }
    write_png(&sheet(&sections), &out)
        .with_context(|| format!("cannot write {}", out.display()))?;
    println!("drawn: {}", out.display());

    let shapes: Vec<[usize; 3]> = maps.iter().map(|maps| maps.shape).collect();
    ensure!(shapes == [[6, 28, 28], [16, 10, 10]], "maps of {shapes:?}");
    ensure!(accuracy > 0.9, "that is too low");
    Ok(())
}
