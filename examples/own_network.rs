//! A network, a loss and an observer of one's own, on a folder of images.
//!
//! ```text
//! cargo run -p examples --bin own_network                # makes a folder of digits
//! cargo run -p examples --bin own_network -- PHOTOS      # a sub-folder for each class
//! ```
//!
//! Trains a small convolutional network with a penalty on its confidence, and keeps
//! history, curves, weights and checkpoints in `runs/own-network-NAME`: called again,
//! it goes on from there. On the digits it reaches 97.5 % of the test images in ten
//! epochs, in a minute.

use std::path::{Path, PathBuf};

use anyhow::Context;
use burn::{
    module::Module,
    nn::{
        Linear, LinearConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        loss::CrossEntropyLossConfig,
        pool::{MaxPool2d, MaxPool2dConfig},
    },
    tensor::{
        Device, Int, Tensor,
        activation::{log_softmax, relu},
    },
};
use data::{BatchLoader, Order, Split, folder::FolderOptions};
use trainer::{Classifier, Event, FitConfig, FitData, Loss, Observer, Trainer, evaluate};

const SIZE: usize = 28;
const BATCH: usize = 64;

/// Two convolutions and a fully connected layer.
#[derive(Module, Debug)]
struct Small {
    conv1: Conv2d,
    conv2: Conv2d,
    pool: MaxPool2d,
    fc: Linear,
}

impl Small {
    fn new(channels: usize, classes: usize, device: &Device) -> Self {
        let conv = |from, to| {
            Conv2dConfig::new([from, to], [3, 3])
                .with_padding(PaddingConfig2d::Same)
                .init(device)
        };
        Self {
            conv1: conv(channels, 16),
            conv2: conv(16, 32),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            fc: LinearConfig::new(32 * (SIZE / 4) * (SIZE / 4), classes).init(device),
        }
    }
}

/// All that the trainer asks of a network.
impl Classifier for Small {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = self.pool.forward(relu(self.conv1.forward(images)));
        let x = self.pool.forward(relu(self.conv2.forward(x)));
        self.fc.forward(x.flatten(1, 3))
    }
}

/// Cross-entropy, less a share of the entropy of what the network says (Pereyra et
/// al., 2017).
struct LessConfident {
    share: f64,
}

impl Loss for LessConfident {
    fn forward(
        &self,
        logits: Tensor<2>,
        labels: Tensor<1, Int>,
        _mixed: Option<Tensor<2>>,
    ) -> Tensor<1> {
        let log_p = log_softmax(logits.clone(), 1);
        let entropy = -(log_p.clone().exp() * log_p).sum_dim(1).mean();
        let cross_entropy = CrossEntropyLossConfig::new().init(&logits.device());
        cross_entropy.forward(logits, labels) - entropy * self.share
    }
}

/// Prints a line an epoch.
struct Lines;

impl Observer for Lines {
    fn on_event(&mut self, event: &Event) -> std::io::Result<()> {
        if let Event::EpochDone(row) = event {
            let accuracy = row.valid.map_or(f64::NAN, |valid| valid.accuracy);
            println!("epoch {:>2}: {:.1} %", row.epoch, 100.0 * accuracy);
        }
        Ok(())
    }
}

fn main() -> anyhow::Result<()> {
    let given = std::env::args().nth(1).map(PathBuf::from);
    let digits = tempfile::tempdir()?;
    let (folder, name, promised) = match &given {
        Some(folder) => (folder.as_path(), folder.file_name(), 0.0),
        None => {
            write_digits(digits.path())?;
            (digits.path(), Some("digits".as_ref()), 0.96)
        }
    };
    let name = name.unwrap_or("photos".as_ref()).display();
    let options = FolderOptions {
        size: SIZE.into(),
        ..FolderOptions::default()
    };
    let images = data::folder::load(folder, &options)?;
    let info = images.train.info().clone();

    let split = Split::stratified(images.train.labels(), 0.1, 42)?;
    let order = Order::Shuffled { seed: 42 };
    let train = BatchLoader::new(images.train.clone(), split.train, BATCH, order)?;
    let valid = BatchLoader::new(images.train, split.valid, BATCH, Order::Sequential)?;
    let all = (0..images.test.len()).collect();
    let test = BatchLoader::new(images.test, all, BATCH, Order::Sequential)?;

    let device = Device::flex();
    device.seed(42);
    let mut network = Small::new(
        info.channels,
        info.classes.len(),
        &device.clone().autodiff(),
    );
    let config = FitConfig {
        epochs: 10,
        ..FitConfig::default()
    };
    let result = Trainer::new(config)
        .with_loss(LessConfident { share: 0.05 })
        .observe(Lines)
        .in_folder(&Path::new("runs").join(format!("own-network-{name}")))?
        .fit(
            &mut network,
            &FitData {
                train: &train,
                valid: Some(&valid),
            },
        )?;

    let best = result.best_weights.context("an epoch was done")?;
    let (network, _) = best.put_into(network.valid());
    let loss = LessConfident { share: 0.0 };
    let scores = evaluate(&network, &test, &loss, &device)?;
    println!("test accuracy {:.1} %", 100.0 * scores.accuracy);
    anyhow::ensure!(scores.accuracy > promised, "that is too low");
    Ok(())
}

/// The embedded digits as PNG files, a sub-folder for each class.
fn write_digits(folder: &Path) -> anyhow::Result<()> {
    let digits = data::load("mnist-mini")?;
    for (part, images) in [("train", &digits.train), ("test", &digits.test)] {
        for (index, &label) in images.labels().iter().enumerate() {
            let class = folder
                .join(part)
                .join(&images.info().classes[usize::from(label)]);
            std::fs::create_dir_all(&class)?;
            image::save_buffer(
                class.join(format!("{index}.png")),
                images.image(index),
                28,
                28,
                image::ExtendedColorType::L8,
            )?;
        }
    }
    Ok(())
}
