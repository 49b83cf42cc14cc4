//! The steps that are measured.

use burn::tensor::{DType, Device, Distribution, Int, Tensor};
use models::{Network, TrainingOutput};

use super::{
    Parts,
    clock::{Timing, milliseconds},
};
use crate::{
    Gradients, Loss, Optimizer, TrainError,
    config::{ConfigError, LossConfig, OptimizerConfig, OptimizerName},
    evaluate::read,
};

/// Small enough that the loss on noise stays finite.
const LR: f64 = 0.01;
const MOMENTUM: f64 = 0.9;
/// Of the batch and of dropout.
const SEED: u64 = 0;

/// What is done again and again.
pub(super) trait Step {
    /// Does it once. It has come to its end when this returns, but for what GPUs do of
    /// which nothing is read.
    fn run(&mut self) -> Result<(), TrainError>;

    /// Does it `steps` times, with the device waited for after each of its parts: their
    /// medians. `None` if it has none.
    fn parts(&mut self, _steps: usize, _device: &Device) -> Result<Option<Parts>, TrainError> {
        Ok(None)
    }
}

/// Forward, cross-entropy, backward, SGD with momentum, and reading the loss.
pub(super) struct Train {
    network: Option<Network>,
    optimizer: Optimizer,
    loss: Box<dyn Loss>,
    images: Tensor<4>,
    labels: Tensor<1, Int>,
}

impl Train {
    /// On a batch of noise. `network` is on `device`, with autodiff.
    pub fn new(network: Network, batch: usize, device: &Device) -> Result<Self, ConfigError> {
        let images = noise(&network, batch, device);
        let classes = network.classes();
        let labels: Vec<i64> = (0..batch).map(|at| (at % classes) as i64).collect();
        // As `torch.optim.SGD(parameters, lr, momentum=0.9)`.
        let sgd = OptimizerConfig {
            name: OptimizerName::Sgd,
            lr: Some(LR),
            momentum: Some(MOMENTUM),
            nesterov: Some(false),
            weight_decay: Some(0.0),
            ..OptimizerConfig::default()
        };
        Ok(Self {
            optimizer: Optimizer::new(&sgd, &network)?,
            loss: LossConfig::default().init(&vec![1; classes], device)?,
            labels: Tensor::from_data(labels.as_slice(), device),
            network: Some(network),
            images,
        })
    }

    /// Forward and cross-entropy.
    fn forward(&self, network: &Network) -> Tensor<1> {
        let TrainingOutput { logits, auxiliary } = network.forward_training(self.images.clone());
        let of = |logits| self.loss.forward(logits, self.labels.clone(), None);
        auxiliary
            .into_iter()
            .fold(of(logits), |sum, (share, logits)| sum + of(logits) * share)
    }

    /// The optimizer, and reading the loss.
    fn update(
        &mut self,
        network: Network,
        gradients: Gradients,
        loss: Tensor<1>,
    ) -> Result<(), TrainError> {
        self.network = Some(self.optimizer.step(LR, network, gradients));
        read(loss.without_autodiff()).map(drop)
    }

    fn network(&mut self) -> Network {
        self.network.take().expect("it is put back")
    }
}

impl Step for Train {
    fn run(&mut self) -> Result<(), TrainError> {
        let network = self.network();
        let loss = self.forward(&network);
        let gradients = Gradients::of(&loss, &network);
        self.update(network, gradients, loss)
    }

    fn parts(&mut self, steps: usize, device: &Device) -> Result<Option<Parts>, TrainError> {
        let mut times: [Vec<f64>; 3] = Default::default();
        for _ in 0..steps {
            let network = self.network();
            let (forward, loss) = milliseconds(device, || Ok(self.forward(&network)))?;
            let (backward, gradients) =
                milliseconds(device, || Ok(Gradients::of(&loss, &network)))?;
            let (optimizer, ()) = milliseconds(device, || self.update(network, gradients, loss))?;
            for (times, took) in times.iter_mut().zip([forward, backward, optimizer]) {
                times.push(took);
            }
        }
        let [forward_ms, backward_ms, optimizer_ms] =
            times.map(|times| Timing::of(times).median_ms);
        Ok(Some(Parts {
            forward_ms,
            backward_ms,
            optimizer_ms,
        }))
    }
}

/// Forward, and reading the logits.
pub(super) struct Infer {
    network: Network,
    images: Tensor<4>,
}

impl Infer {
    /// On a batch of noise. `network` is on `device`, without autodiff.
    pub fn new(network: Network, batch: usize, device: &Device) -> Self {
        let images = noise(&network, batch, device);
        Self { network, images }
    }
}

impl Step for Infer {
    fn run(&mut self) -> Result<(), TrainError> {
        let logits = self.network.forward(self.images.clone());
        read(logits.flatten::<1>(0, 1)).map(drop)
    }
}

/// A batch of images from a standard normal distribution.
fn noise(network: &Network, batch: usize, device: &Device) -> Tensor<4> {
    let [channels, height, width] = network.image();
    device.seed(SEED);
    let shape = [batch, channels, height, width];
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), (device, DType::F32))
}
