//! Burn's own `DataLoaderBuilder` over a data set of Kiln, in a loop of your own.
//!
//! ```text
//! cargo run -p examples --bin burn_dataloader
//! ```
//!
//! Trains LeNet-5 on the embedded digits for ten epochs with Adam, without augmentation, and
//! prints the accuracy after each: 96.8 % of the 1,000 test images in the end, after 5 seconds.

use burn::{
    data::dataloader::DataLoaderBuilder,
    module::Module,
    nn::loss::CrossEntropyLossConfig,
    optim::{AdamConfig, GradientsParams},
    tensor::Device,
};
use data::{BatchTensors, ImageBatcher, ImageDataset, augment::Normalization};
use models::Network;

const EPOCHS: usize = 10;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let digits = data::load("mnist-mini")?;
    let batcher = ImageBatcher::new(Normalization::of(digits.train.info()));
    let train = DataLoaderBuilder::new(batcher.clone())
        .batch_size(64)
        .shuffle(42)
        .num_workers(1)
        .set_device(device.clone().autodiff())
        .build(digits.train);

    let mut network = models::lenet5(10)
        .seed(42)
        .build([1, 28, 28], &device.clone().autodiff())?;
    let mut optimizer = AdamConfig::new().init();
    for epoch in 1..=EPOCHS {
        for batch in train.iter() {
            let batch: BatchTensors = batch?;
            let loss = CrossEntropyLossConfig::new()
                .init(&device)
                .forward(network.forward(batch.images), batch.labels);
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = optimizer.step(2e-3, network, gradients);
        }
        let accuracy = accuracy(&network.valid(), digits.test.clone(), &batcher, &device)?;
        println!("epoch {epoch}: test accuracy {:.1} %", 100.0 * accuracy);
        anyhow::ensure!(epoch < EPOCHS || accuracy > 0.955, "that is too low");
    }
    Ok(())
}

/// The share of the images that the network tells, from 0 to 1.
fn accuracy(
    network: &Network,
    images: ImageDataset,
    batcher: &ImageBatcher,
    device: &Device,
) -> anyhow::Result<f64> {
    let count = images.len();
    let test = DataLoaderBuilder::new(batcher.clone())
        .batch_size(250)
        .set_device(device.clone())
        .build(images);
    let mut correct = 0;
    for batch in test.iter() {
        let batch: BatchTensors = batch?;
        let predicted = network.forward(batch.images).argmax(1).squeeze_dim::<1>(1);
        let right: i64 = predicted.equal(batch.labels).int().sum().into_scalar();
        correct += right;
    }
    Ok(correct as f64 / count as f64)
}
