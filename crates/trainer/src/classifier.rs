use burn::{module::Module, tensor::Tensor};
use models::{Network, TrainingOutput};

use crate::{
    TrainError,
    config::ConfigError,
    optim::patterns::{is_statistic, names_of},
};

/// What the trainer asks of a network: any Burn module that tells classes of images.
pub trait Classifier: Module {
    /// The logits `[N, classes]` of normalised images `[N, C, H, W]`.
    ///
    /// On an autodiff device the network is being trained: dropout is at work and
    /// batch norms go by the batch, as in all of Burn.
    fn forward(&self, images: Tensor<4>) -> Tensor<2>;

    /// What a training step takes: the logits, and those of second classifiers
    /// with the share of their losses. By default [`forward`](Self::forward) alone.
    fn forward_training(&self, images: Tensor<4>) -> TrainingOutput {
        TrainingOutput {
            logits: self.forward(images),
            auxiliary: Vec::new(),
        }
    }

    /// The network with the running statistics of its batch norms computed anew, as
    /// the mean over those of `batches` of normalised images `[N, C, H, W]` on an
    /// autodiff device: averaged weights (`average.name = "swa"`) want it.
    ///
    /// By default a network without running statistics as it is.
    ///
    /// # Errors
    /// By default for a network with running statistics, which has to say itself
    /// how they are computed; [`TrainError`] if the images do not fit.
    fn with_statistics_of(
        self,
        _batches: &mut dyn Iterator<Item = Tensor<4>>,
    ) -> Result<Self, TrainError> {
        match names_of(&self).into_iter().find(|name| is_statistic(name)) {
            None => Ok(self),
            Some(name) => Err(ConfigError::Value {
                key: "average.name".into(),
                value: "swa".into(),
                problem: format!(
                    "the network has running statistics (`{name}`), which its averaged weights \
                     do not fit: let it implement `Classifier::with_statistics_of`, or take `ema`"
                ),
                origin: None,
            }
            .into()),
        }
    }
}

impl Classifier for Network {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        Self::forward(self, images)
    }

    fn forward_training(&self, images: Tensor<4>) -> TrainingOutput {
        Self::forward_training(self, images)
    }

    fn with_statistics_of(
        self,
        batches: &mut dyn Iterator<Item = Tensor<4>>,
    ) -> Result<Self, TrainError> {
        let result = Self::with_statistics_of(self, batches);
        result.map_err(|e| TrainError::Device(e.to_string()))
    }
}
