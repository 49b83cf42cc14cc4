//! The same training on every backend that is compiled in: a backend is a value.
//!
//! ```text
//! cargo run -p examples --bin swap_backend
//! cargo run -p examples --bin swap_backend --features trainer/ndarray
//! cargo run -p examples --bin swap_backend --features trainer/wgpu
//! cargo run -p examples --bin swap_backend --features trainer/wgpu -- --adapter cpu
//! ```
//!
//! Prints seconds and test accuracy of each, after three epochs of a perceptron with two hidden
//! layers on the embedded digits: 93.2 % on `flex`, in 1.5 seconds, and on `ndarray`, in 3; 93.2 %
//! on `wgpu` as well, where the first run compiles kernels for minutes. No line of the training
//! names a backend; all start from the same weights and see the same batches.

use std::time::Instant;

use anyhow::{Context, ensure};
use burn::{module::Module, tensor::Device};
use clap::Parser;
use data::{BatchLoader, Datasets, Order};
use trainer::{
    FitConfig, FitData, Trainer,
    backend::{AdapterKind, Backend, BackendChoice, BackendError, select},
    config::LossConfig,
    evaluate,
};

/// Trains a perceptron on every backend that is compiled in.
#[derive(Parser)]
struct Args {
    /// What GPU backends compute on; `cpu` is software that plays a GPU
    #[arg(long, value_enum, default_value_t = AdapterKind::Gpu)]
    adapter: AdapterKind,
}

fn main() -> anyhow::Result<()> {
    let Args { adapter } = Args::parse();
    let digits = data::load("mnist-mini")?;
    println!(
        "{:<8}  {:>7}  {:>8}  device",
        "backend", "seconds", "accuracy"
    );
    let mut accuracies = Vec::new();
    for backend in Backend::ALL {
        if !backend.is_compiled_in() {
            continue;
        }
        let selected = match select(BackendChoice::Fixed(backend), adapter) {
            Ok(selected) => selected,
            // Compiled in, and no such adapter in this machine: the others go on.
            Err(error @ BackendError::NoAdapter { .. }) => {
                println!("{backend:<8}  {error}");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let started = Instant::now();
        let accuracy = train(&digits, &selected.device)?;
        println!(
            "{backend:<8}  {:>7.1}  {:>6.1} %  {}",
            started.elapsed().as_secs_f64(),
            100.0 * accuracy,
            selected.name
        );
        accuracies.push(accuracy);
    }
    let lowest = accuracies.iter().copied().reduce(f64::min);
    let highest = accuracies.iter().copied().reduce(f64::max);
    let (lowest, highest) = lowest.zip(highest).context("no backend could be used")?;
    ensure!(lowest > 0.9, "that is too low");
    ensure!(highest - lowest < 0.02, "backends do not agree");
    Ok(())
}

/// Trains on `device`, whatever that is, and gives the share of the test images that are told.
fn train(digits: &Datasets, device: &Device) -> anyhow::Result<f64> {
    let all = |images: &data::ImageDataset| (0..images.len()).collect();
    let order = Order::Shuffled { seed: 42 };
    let train = BatchLoader::new(digits.train.clone(), all(&digits.train), 64, order)?;
    let test = BatchLoader::new(
        digits.test.clone(),
        all(&digits.test),
        250,
        Order::Sequential,
    )?;

    // `Tensor<4>`, `Network` and `Trainer` have no type parameter for a backend: it goes with
    // the device that a tensor is on.
    let autodiff = device.clone().autodiff();
    let mut network = models::mlp(10).seed(42).build([1, 28, 28], &autodiff)?;
    let config = FitConfig {
        epochs: 3,
        ..FitConfig::default()
    };
    let data = FitData {
        train: &train,
        valid: None,
    };
    Trainer::new(config).fit(&mut network, &data)?;
    let loss = LossConfig::default().init(&[], device)?;
    let scores = evaluate(&network.valid(), &test, &*loss, device)?;
    Ok(scores.accuracy)
}
