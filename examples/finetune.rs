//! Fine-tuning: weights that PyTorch trained, a new head, few images.
//!
//! ```text
//! cargo run -p examples --bin finetune
//! ```
//!
//! `weights/lenet5_digits_0_to_5.pth` is LeNet-5, trained in PyTorch on the digits 0 to 5 (by
//! the script beside it). Here it learns 6, 7, 8 and 9 from ten images of each: first the new
//! head alone, with the body frozen, and then all of it. It gets 90.8 % of the 400 test images
//! of these digits right; the same network from scratch, with as many steps, 83.8 %. (Over the
//! seeds 1 to 4: 89 to 91 %, from scratch 82 to 84 %.)

use std::{path::Path, sync::Arc};

use anyhow::ensure;
use burn::{module::Module, tensor::Device};
use data::{BatchLoader, DatasetInfo, ImageDataset, Order};
use models::{Network, StateDict};
use trainer::{
    FitConfig, FitData, Trainer,
    config::{LossConfig, OptimizerConfig, OptimizerName},
    evaluate,
};

/// The digits that PyTorch's network does not know begin here.
const FIRST: u16 = 6;
/// Images of each to learn from.
const EACH: usize = 10;
/// Of the head alone, then of all layers.
const EPOCHS: [usize; 2] = [10, 10];

fn main() -> anyhow::Result<()> {
    let digits = data::load("mnist-mini")?;
    let images = new_digits(&digits.train, EACH)?;
    let all = (0..images.len()).collect();
    let train = BatchLoader::new(images, all, 20, Order::Shuffled { seed: 42 })?;
    let images = new_digits(&digits.test, usize::MAX)?;
    let all = (0..images.len()).collect();
    let test = BatchLoader::new(images, all, 100, Order::Sequential)?;

    let device = Device::flex();
    let fresh = models::lenet5(4).seed(42);
    let fresh = fresh.build([1, 28, 28], &device.clone().autodiff())?;
    // torch.load and load_state_dict(strict=False): what does not fit is told, not hidden.
    let weights = "weights/lenet5_digits_0_to_5.pth";
    let weights = StateDict::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(weights))?;
    let (mut tuned, mismatch) = fresh.clone().with_part_of(&weights);
    println!("not taken from PyTorch:\n{mismatch}");
    let others: Vec<&str> = mismatch
        .shapes
        .iter()
        .map(|(name, ..)| name.as_str())
        .collect();
    let head_alone = mismatch.missing.is_empty() && others == ["fc3.weight", "fc3.bias"];
    ensure!(head_alone, "the body did not fit");

    let accuracy = |network: &Network| -> anyhow::Result<f64> {
        let loss = LossConfig::default().init(&[], &device)?;
        Ok(evaluate(&network.valid(), &test, &*loss, &device)?.accuracy)
    };
    let body = ["conv*", "fc1.*", "fc2.*"];
    fit(&mut tuned, &train, EPOCHS[0], 1e-2, &body)?;
    let head = accuracy(&tuned)?;
    println!("new head on a frozen body: {:.1} %", 100.0 * head);
    // A network stays frozen: its weights go on in one that is not. In smaller steps now, for
    // large ones undo what the body knows.
    let mut tuned = fresh.clone().with_state_dict(&tuned.state_dict()?)?;
    fit(&mut tuned, &train, EPOCHS[1], 2e-3, &[])?;
    let tuned = accuracy(&tuned)?;
    println!("then all layers:           {:.1} %", 100.0 * tuned);

    let mut scratch = fresh;
    fit(&mut scratch, &train, EPOCHS.iter().sum(), 2e-3, &[])?;
    let scratch = accuracy(&scratch)?;
    println!("from scratch:              {:.1} %", 100.0 * scratch);
    ensure!(tuned > 0.87 && tuned > scratch + 0.03, "that is too low");
    Ok(())
}

/// Trains the parameters whose names match none of the patterns `frozen`.
fn fit(
    network: &mut Network,
    train: &BatchLoader,
    epochs: usize,
    lr: f64,
    frozen: &[&str],
) -> anyhow::Result<()> {
    let optimizer = OptimizerConfig {
        name: OptimizerName::Adam,
        lr: Some(lr),
        freeze: frozen.iter().map(ToString::to_string).collect(),
        ..OptimizerConfig::default()
    };
    let config = FitConfig {
        epochs,
        optimizer,
        ..FitConfig::default()
    };
    Trainer::new(config).fit(network, &FitData { train, valid: None })?;
    Ok(())
}

/// The images of the digits from [`FIRST`] on, as classes from 0 on; at most so many of each.
fn new_digits(digits: &ImageDataset, most: usize) -> anyhow::Result<ImageDataset> {
    let mut info = DatasetInfo::clone(digits.info());
    let mut taken = vec![0; info.classes.len()];
    info.classes.drain(..usize::from(FIRST));
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for (index, &digit) in digits.labels().iter().enumerate() {
        if digit >= FIRST && taken[usize::from(digit)] < most {
            taken[usize::from(digit)] += 1;
            pixels.extend_from_slice(digits.image(index));
            labels.push(digit - FIRST);
        }
    }
    Ok(ImageDataset::new(Arc::new(info), pixels, labels)?)
}
