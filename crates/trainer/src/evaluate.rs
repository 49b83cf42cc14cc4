//! Scores of a network over images.

use burn::{
    nn::loss::CrossEntropyLossConfig,
    tensor::{Device, Int, Tensor},
};
use data::{Batch, BatchLoader};
use models::Network;

use crate::{TrainError, event::Scores};

/// Sums from which scores are made.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    loss: f64,
    correct: f64,
    images: usize,
}

impl Tally {
    /// Adds a batch of `images` with these scores.
    pub fn add(&mut self, scores: Scores, images: usize) {
        self.loss += scores.loss * images as f64;
        self.correct += scores.accuracy * images as f64;
        self.images += images;
    }

    pub fn scores(&self) -> Scores {
        let images = self.images as f64;
        Scores {
            loss: self.loss / images,
            accuracy: self.correct / images,
        }
    }
}

/// The mean cross-entropy of a batch (PyTorch's `F.cross_entropy`), a tensor
/// that can be differentiated, and the scores, read back with one transfer.
pub(crate) fn loss_and_scores(
    logits: Tensor<2>,
    labels: Tensor<1, Int>,
) -> Result<(Tensor<1>, Scores), TrainError> {
    let [images, _] = logits.dims();
    let device = logits.device();
    let correct = logits
        .clone()
        .without_autodiff()
        .argmax(1)
        .squeeze_dim::<1>(1)
        .equal(labels.clone().without_autodiff())
        .float()
        .sum();
    let loss = CrossEntropyLossConfig::new()
        .init(&device)
        .forward(logits, labels);
    let both = Tensor::cat(vec![loss.clone().without_autodiff(), correct], 0);
    let both = both
        .try_into_vec_as::<f32>()
        .map_err(|e| TrainError::Device(e.to_string()))?;
    let scores = Scores {
        loss: f64::from(both[0]),
        accuracy: f64::from(both[1]) / images as f64,
    };
    Ok((loss, scores))
}

/// The mean scores of `network` over all images of `loader`.
///
/// `network` is one made for inference: on a device without autodiff.
///
/// # Errors
/// [`TrainError::Device`] if the device fails.
pub fn evaluate(
    network: &Network,
    loader: &BatchLoader,
    device: &Device,
) -> Result<Scores, TrainError> {
    let mut tally = Tally::default();
    for batch in loader.epoch(0) {
        let count = batch.len();
        tally.add(score(network, batch, device)?, count);
    }
    Ok(tally.scores())
}

/// The mean scores of `network` over a batch.
pub(crate) fn score(
    network: &Network,
    batch: Batch,
    device: &Device,
) -> Result<Scores, TrainError> {
    let (images, labels) = batch.to_tensors(device);
    let (_, scores) = loss_and_scores(network.forward(images), labels)?;
    Ok(scores)
}
