//! One batch, step by step: forward, loss, backward, step.
//!
//! ```text
//! cargo run -p examples --bin one_batch
//! ```
//!
//! What a training loop does thousands of times, done once and looked at: 100 of the embedded
//! digits through a small LeNet. Prints the shape that each layer gives, the norm of each
//! parameter's gradient, and the loss before and after one step of Adam: from 2.303 (that
//! of somebody who guesses among ten classes) to 2.226.

use anyhow::{Context, ensure};
use burn::{
    module::{Module, ModuleVisitor, Param},
    nn::loss::CrossEntropyLossConfig,
    optim::{AdamConfig, GradientsParams},
    tensor::{Device, Tensor},
};
use data::{BatchLoader, Order};
use models::ParameterPath;

fn main() -> anyhow::Result<()> {
    // Operations on this device are recorded, so that they can be gone through backwards.
    let device = Device::flex().autodiff();
    let digits = data::load("mnist-mini")?;
    let all = (0..digits.train.len()).collect();
    let loader = BatchLoader::new(digits.train, all, 100, Order::Shuffled { seed: 42 })?;
    let batch = loader.epoch(1).next().context("a batch")??;
    let batch = batch.to_tensors(&device);
    let mut network = models::lenet_small(10)
        .seed(42)
        .build([1, 28, 28], &device)?;

    // Forward: a logit for each class of each image. The largest is what the network says.
    let names: Vec<String> = network
        .summary()
        .layers
        .iter()
        .map(|l| l.name.clone())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (logits, outputs) = network.forward_collect(batch.images.clone(), &names)?;
    println!("{:<8}  {:?}", "images", batch.images.dims());
    for (name, output) in names.iter().zip(&outputs) {
        println!("{name:<8}  {}", output.shape());
    }

    // Loss: how improbable the right classes are to the network, in nats, on average.
    let criterion = CrossEntropyLossConfig::new().init(&device);
    let loss = criterion.forward(logits, batch.labels.clone());
    let before: f32 = loss.clone().into_scalar();
    println!(
        "\nloss      {before:.4}; that of guessing is ln 10 = {:.4}\n",
        10f32.ln()
    );

    // Backward: for each number of the network, how the loss rises with it.
    let gradients = GradientsParams::from_grads(loss.backward(), &network);
    network.visit(&mut Norms {
        path: ParameterPath::default(),
        gradients: &gradients,
    });

    // Step: each number moves a little, against its gradient.
    let mut optimizer = AdamConfig::new().init();
    network = optimizer.step(0.01, network, gradients);

    // The same batch again.
    let loss = criterion.forward(network.forward(batch.images), batch.labels);
    let after: f32 = loss.into_scalar();
    println!("\nloss      {after:.4} after one step");
    ensure!((before - 10f32.ln()).abs() < 0.1, "{before} is no guess");
    ensure!(after < before - 0.05, "the loss did not fall");
    Ok(())
}

/// Prints the norm of the gradient of each parameter, under PyTorch's names.
struct Norms<'a> {
    path: ParameterPath,
    gradients: &'a GradientsParams,
}

impl ModuleVisitor for Norms<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(parameter.id) {
            let norm: f32 = gradient.square().sum().sqrt().into_scalar();
            let shape = format!("{:?}", parameter.dims());
            println!("{:<13}  {shape:<14}  gradient {norm:.4}", self.path.name());
        }
    }
}
