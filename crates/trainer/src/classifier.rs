use burn::{module::Module, tensor::Tensor};
use models::{Network, TrainingOutput};

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
}

impl Classifier for Network {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        Self::forward(self, images)
    }

    fn forward_training(&self, images: Tensor<4>) -> TrainingOutput {
        Self::forward_training(self, images)
    }
}
