//! A training loop of one's own, with nothing of Kiln but `data` and `models`.
//!
//! ```text
//! cargo run -p examples --bin own_loop
//! ```
//!
//! PyTorch's loop, line by line: batches, forward, loss, backward, step, with Burn's SGD
//! and its cosine schedule. LeNet-5 on the embedded digits, shifted by up to two pixels:
//! prints loss and validation accuracy of ten epochs, and in the end gets 98.0 % of the 1,000
//! test images right, after 3 seconds.

use anyhow::ensure;
use burn::{
    lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig,
    module::Module,
    nn::loss::CrossEntropyLossConfig,
    optim::{GradientsParams, SgdConfig, decay::WeightDecayConfig, momentum::MomentumConfig},
    tensor::Device,
};
use data::{BatchLoader, Order, Pipeline, Split, augment::RandomCrop};
use models::Network;

const EPOCHS: u64 = 10;
const BATCH: usize = 64;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    // Gradients are computed on this one. There is no requires_grad, no train() and eval():
    // a network on a device with autodiff is in training.
    let autodiff = device.clone().autodiff();

    // Dataset, transforms and DataLoader. The best epoch is never chosen by test images.
    let digits = data::load("mnist-mini")?;
    let split = Split::stratified(digits.train.labels(), 0.1, 42)?;
    let shift = RandomCrop {
        padding: 2,
        ..RandomCrop::default()
    };
    let pipeline = Pipeline::new(vec![shift.into()], digits.train.info().clone())?;
    let order = Order::Shuffled { seed: 42 };
    let train = BatchLoader::new(digits.train.clone(), split.train, BATCH, order)?;
    let train = train.augment(pipeline, 42)?;
    let valid = BatchLoader::new(digits.train, split.valid, BATCH, Order::Sequential)?;
    let all = (0..digits.test.len()).collect();
    let test = BatchLoader::new(digits.test, all, BATCH, Order::Sequential)?;

    let mut network = models::lenet5(10).seed(42).build([1, 28, 28], &autodiff)?;
    let criterion = CrossEntropyLossConfig::new().init(&autodiff);
    // PyTorch's momentum has no dampening; Burn's has 0.1 unless it is told.
    let momentum = MomentumConfig::new().with_momentum(0.9).with_dampening(0.0);
    let mut optimizer = SgdConfig::new()
        .with_momentum(Some(momentum))
        .with_weight_decay(Some(WeightDecayConfig::new(5e-4)))
        .init();
    let steps = EPOCHS as usize * train.batches();
    let schedule = CosineAnnealingLrSchedulerConfig::new(0.05, steps);
    let mut schedule = schedule.init().map_err(anyhow::Error::msg)?;

    for epoch in 1..=EPOCHS {
        let mut total = 0.0;
        for batch in train.epoch(epoch) {
            let batch = batch?.to_tensors(&autodiff);
            let logits = network.forward(batch.images);
            let loss = criterion.forward(logits, batch.labels);
            total += f64::from(loss.clone().into_scalar::<f32>());
            // No zero_grad(): gradients are values, and those of each step are new.
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            // An optimizer takes a network and gives the next one.
            network = optimizer.step(schedule.step(), network, gradients);
        }
        let loss = total / train.batches() as f64;
        let accuracy = 100.0 * accuracy(&network.valid(), &valid, &device)?;
        println!("epoch {epoch:>2}: loss {loss:.4}, validation accuracy {accuracy:.1} %");
    }
    let accuracy = accuracy(&network.valid(), &test, &device)?;
    println!("test accuracy {:.1} %", 100.0 * accuracy);
    ensure!(accuracy > 0.965, "that is too low");
    Ok(())
}

/// The share of the images that the network tells, from 0 to 1: on a device without autodiff,
/// which is PyTorch's no_grad() and eval() in one.
fn accuracy(network: &Network, images: &BatchLoader, device: &Device) -> anyhow::Result<f64> {
    let mut right = 0;
    for batch in images.epoch(0) {
        let batch = batch?.to_tensors(device);
        let told = network.forward(batch.images).argmax(1).squeeze_dim::<1>(1);
        right += told.equal(batch.labels).int().sum().into_scalar::<i64>();
    }
    Ok(right as f64 / images.images() as f64)
}
