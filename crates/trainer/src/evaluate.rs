//! Scores of a network over images.

use burn::{
    nn::loss::CrossEntropyLossConfig,
    tensor::{Device, Tensor, activation::log_softmax},
};
use data::{Batch, BatchLoader, BatchTensors};
use models::{Network, TrainingOutput};

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

/// The mean cross-entropy of a batch (PyTorch's `F.cross_entropy`, with the soft
/// targets if there are any; with that of second classifiers, each by its share),
/// a tensor that can be differentiated, and the scores of the network itself, read
/// back with one transfer.
pub(crate) fn loss_and_scores(
    network: &Network,
    batch: BatchTensors,
) -> Result<(Tensor<1>, Scores), TrainError> {
    let TrainingOutput { logits, auxiliary } = match batch.images.device().is_autodiff() {
        true => network.forward_training(batch.images),
        false => TrainingOutput {
            logits: network.forward(batch.images),
            auxiliary: Vec::new(),
        },
    };
    let [images, _] = logits.dims();
    let correct = logits
        .clone()
        .without_autodiff()
        .argmax(1)
        .squeeze_dim::<1>(1)
        .equal(batch.labels.clone().without_autodiff())
        .float()
        .sum();
    let cross_entropy = |logits: Tensor<2>| match &batch.soft_targets {
        Some(targets) => soft_cross_entropy(logits, targets.clone()),
        None => CrossEntropyLossConfig::new()
            .init(&logits.device())
            .forward(logits, batch.labels.clone()),
    };
    let loss = cross_entropy(logits);
    let both = Tensor::cat(vec![loss.clone().without_autodiff(), correct], 0);
    let both = both
        .try_into_vec_as::<f32>()
        .map_err(|e| TrainError::Device(e.to_string()))?;
    let scores = Scores {
        loss: f64::from(both[0]),
        accuracy: f64::from(both[1]) / images as f64,
    };
    let loss = auxiliary.into_iter().fold(loss, |sum, (share, logits)| {
        sum + cross_entropy(logits) * share
    });
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
        let batch = batch?;
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
    let (_, scores) = loss_and_scores(network, batch.to_tensors(device))?;
    Ok(scores)
}

/// The mean over a batch of −Σ target · log softmax(logits).
fn soft_cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let [images, _] = logits.dims();
    let sum = (targets * log_softmax(logits, 1)).sum();
    -sum / images as f64
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;

    #[test]
    fn soft_targets_weigh_the_classes() {
        // F.cross_entropy(torch.tensor([[1., -2., .5], [0., 3., -1.]]),
        //                 torch.tensor([[.7, .3, 0.], [0., .25, .75]]))
        let device = Device::flex();
        let logits = Tensor::from_data([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]], &device);
        let targets = Tensor::from_data([[0.7, 0.3, 0.0], [0.0, 0.25, 0.75]], &device);
        let loss: f32 = soft_cross_entropy(logits, targets).into_scalar();
        assert!((loss - 2.235_240_5).abs() < 1e-6, "{loss}");
    }
}
