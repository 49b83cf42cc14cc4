//! The loop that one writes by hand.

use anyhow::Context;
use burn::{
    nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig},
    optim::{
        GradientsParams, ModuleOptimizer, SgdConfig, decay::WeightDecayConfig,
        momentum::MomentumConfig,
    },
    tensor::Device,
};
use data::{BatchLoader, Batches};
use models::Network;
use trainer::{Gradients, Optimizer, config::OptimizerConfig};

pub const LR: f64 = 0.01;
pub const MOMENTUM: f64 = 0.9;
pub const WEIGHT_DECAY: f64 = 5e-4;

/// Whose optimizer it takes.
enum Update {
    Burn(Box<ModuleOptimizer>),
    Kiln(Box<Optimizer>),
}

/// Batch, forward, loss, backward, update, and the loss read back.
pub struct BareLoop {
    network: Option<Network>,
    device: Device,
    loss: CrossEntropyLoss,
    update: Update,
    batches: Batches,
}

impl BareLoop {
    /// With Burn's own optimizer.
    pub fn new(network: Network, loader: &BatchLoader, device: &Device) -> Self {
        let momentum = MomentumConfig::new()
            .with_momentum(MOMENTUM)
            .with_dampening(0.0);
        let sgd = SgdConfig::new()
            .with_momentum(Some(momentum))
            .with_weight_decay(Some(WeightDecayConfig::new(WEIGHT_DECAY as f32)));
        Self::with(network, loader, device, Update::Burn(Box::new(sgd.init())))
    }

    /// With Kiln's optimizer.
    pub fn with_kilns_optimizer(
        network: Network,
        loader: &BatchLoader,
        device: &Device,
        config: &OptimizerConfig,
    ) -> anyhow::Result<Self> {
        let optimizer = Optimizer::new(config, &network)?;
        Ok(Self::with(
            network,
            loader,
            device,
            Update::Kiln(Box::new(optimizer)),
        ))
    }

    fn with(network: Network, loader: &BatchLoader, device: &Device, update: Update) -> Self {
        Self {
            network: Some(network),
            device: device.clone(),
            loss: CrossEntropyLossConfig::new().init(device),
            update,
            batches: loader.epoch(1),
        }
    }

    /// A step. The loss before it.
    pub fn step(&mut self) -> anyhow::Result<f64> {
        let batch = self.batches.next().context("no batch is left")??;
        let batch = batch.to_tensors(&self.device);
        let network = self.network.take().context("a step has failed before")?;
        let loss = self
            .loss
            .forward(network.forward(batch.images), batch.labels);
        let value: f32 = loss.clone().try_into_scalar()?;
        let network = match &mut self.update {
            Update::Burn(optimizer) => {
                let gradients = GradientsParams::from_grads(loss.backward(), &network);
                optimizer.step(LR, network, gradients)
            }
            Update::Kiln(optimizer) => {
                let gradients = Gradients::of(&loss, &network);
                optimizer.step(LR, network, gradients)
            }
        };
        self.network = Some(network);
        Ok(f64::from(value))
    }
}
