//! A network of Kiln, trained by Burn's own learner: `SupervisedTraining`.
//!
//! ```text
//! cargo run -p examples --features learner --bin burn_learner
//! ```
//!
//! The feature `learner` switches on `burn/train`, and with it another build of Burn: the first
//! time takes minutes. LeNet-5 on the embedded digits, ten epochs of Adam, without augmentation:
//! Burn shows its dashboard (lines, where there is no terminal) and leaves logs and checkpoints
//! in `runs/burn-learner`. 96.3 % of the 1,000 test images, in 4 seconds.

use anyhow::ensure;
use burn::{
    data::{dataloader::DataLoaderBuilder, dataset::transform::SelectionDataset},
    module::Module,
    nn::loss::CrossEntropyLossConfig,
    optim::AdamConfig,
    tensor::Device,
    train::{
        ClassificationOutput, InferenceStep, Learner, SupervisedTraining, TrainOutput, TrainStep,
        metric::{AccuracyMetric, LossMetric},
    },
};
use data::{BatchTensors, ImageBatcher, ImageDataset, Split, augment::Normalization};
use models::Network;

const EPOCHS: usize = 10;

/// What Burn's learner trains: a module that says itself what a step is.
#[derive(Module, Debug)]
struct Told {
    network: Network,
}

impl Told {
    fn forward(&self, batch: BatchTensors) -> ClassificationOutput {
        let BatchTensors { images, labels, .. } = batch;
        let logits = self.network.forward(images);
        let loss = CrossEntropyLossConfig::new()
            .init(&logits.device())
            .forward(logits.clone(), labels.clone());
        ClassificationOutput::new(loss, logits, labels)
    }
}

impl TrainStep for Told {
    type Input = BatchTensors;
    type Output = ClassificationOutput;

    fn step(&self, batch: BatchTensors) -> TrainOutput<ClassificationOutput> {
        let output = self.forward(batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Told {
    type Input = BatchTensors;
    type Output = ClassificationOutput;

    fn step(&self, batch: BatchTensors) -> ClassificationOutput {
        self.forward(batch)
    }
}

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let digits = data::load("mnist-mini")?;
    let split = Split::stratified(digits.train.labels(), 0.1, 42)?;
    let batcher = ImageBatcher::new(Normalization::of(digits.train.info()));
    // Kiln's images are a Burn `Dataset`; Burn's loader makes batches of them.
    let loader = |images: ImageDataset, indices: Vec<usize>| {
        let images = SelectionDataset::from_indices_unchecked(images, indices);
        DataLoaderBuilder::new(batcher.clone())
            .batch_size(64)
            .shuffle(42)
            .set_device(device.clone())
            .build(images)
    };
    let all = (0..digits.test.len()).collect();
    let test = loader(digits.test, all);
    let valid = loader(digits.train.clone(), split.valid);
    let train = loader(digits.train, split.train);

    let network = models::lenet5(10).seed(42);
    let network = Told {
        network: network.build([1, 28, 28], &device.clone().autodiff())?,
    };
    let learner = Learner::new(network, AdamConfig::new().init(), 2e-3);
    let result = SupervisedTraining::new("runs/burn-learner", train, valid)
        .metrics((AccuracyMetric::new(), LossMetric::new()))
        .with_default_checkpointers()
        .num_epochs(EPOCHS)
        .summary()
        .launch(learner);
    if let Some(error) = result.error {
        anyhow::bail!("training ended early: {error}");
    }

    let (mut right, mut images) = (0, 0);
    for batch in test.iter() {
        let ClassificationOutput {
            output, targets, ..
        } = result.model.forward(batch?);
        images += targets.dims()[0];
        let told = output.argmax(1).squeeze_dim::<1>(1);
        right += told.equal(targets).int().sum().into_scalar::<i64>();
    }
    let accuracy = right as f64 / images as f64;
    println!("test accuracy {:.1} %", 100.0 * accuracy);
    ensure!(accuracy > 0.95, "that is too low");
    Ok(())
}
