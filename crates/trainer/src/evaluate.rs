//! Scores of a network over images.

use burn::tensor::{DType, Device, Tensor};
use data::{Batch, BatchLoader, BatchTensors, DataError};
use models::TrainingOutput;
use serde::{Deserialize, Serialize};

use crate::{
    BatchSource, Classifier, Evaluation, Loss, TestPrediction, TrainError,
    backend::send,
    config::Tta,
    event::Scores,
    inspect::{LOGITS, check_finite},
    metrics::Counts,
};

/// Sums from which scores are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tally {
    loss: f64,
    correct: f64,
    images: usize,
}

impl Tally {
    /// Adds a batch of `images` with these scores.
    pub fn add(&mut self, scores: Scores, images: usize) {
        self.loss += scores.loss * images as f64;
        // A share times a whole is a whole number, but for its last bit.
        self.correct += (scores.accuracy * images as f64).round();
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

/// The loss of a batch `[1]`, to be differentiated: with those of second classifiers,
/// each by its share. And what there is to tell of it, `[2]`: the loss without them,
/// and the number of images whose class was told. Nothing is read back;
/// [`read_scores`] does that for any number of batches.
pub(crate) fn training_loss<M: Classifier>(
    network: &M,
    batch: BatchTensors,
    loss: &dyn Loss,
) -> (Tensor<1>, Tensor<1>) {
    let BatchTensors {
        images,
        labels,
        soft_targets,
    } = batch;
    let TrainingOutput { logits, auxiliary } = match images.device().is_autodiff() {
        true => network.forward_training(images),
        false => TrainingOutput {
            logits: network.forward(images),
            auxiliary: Vec::new(),
        },
    };
    let correct = logits
        .clone()
        .without_autodiff()
        .argmax(1)
        .squeeze_dim::<1>(1)
        .equal(labels.clone().without_autodiff())
        .float()
        // In 16 bits, not every number of images can be told.
        .cast(DType::F32)
        .sum();
    let of = |logits: Tensor<2>| {
        let logits = logits.cast(DType::F32);
        loss.forward(logits, labels.clone(), soft_targets.clone())
    };
    let own = of(logits);
    let shown = own.clone().without_autodiff().cast(DType::F32);
    let told = Tensor::cat(vec![shown, correct], 0);
    let all = auxiliary
        .into_iter()
        .fold(own, |sum, (share, logits)| sum + of(logits) * share);
    (all, told)
}

/// The scores of batches, of each what [`training_loss`] tells and its number of
/// images; read back with one transfer.
///
/// # Errors
/// [`TrainError::Device`] if the device fails.
pub(crate) fn read_scores(
    batches: impl IntoIterator<Item = (Tensor<1>, usize)>,
) -> Result<Vec<Scores>, TrainError> {
    let (told, images): (Vec<_>, Vec<_>) = batches.into_iter().unzip();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let values = read(Tensor::cat(told, 0))?;
    let scores = values.chunks_exact(2).zip(images);
    Ok(scores
        .map(|(told, images)| Scores {
            loss: f64::from(told[0]),
            accuracy: f64::from(told[1]) / images as f64,
        })
        .collect())
}

/// [`training_loss`] and its scores, read back at once.
///
/// # Errors
/// [`TrainError::Device`] if the device fails.
pub(crate) fn loss_and_scores<M: Classifier>(
    network: &M,
    batch: BatchTensors,
    loss: &dyn Loss,
) -> Result<(Tensor<1>, Scores), TrainError> {
    let [images] = batch.labels.dims();
    let (loss, told) = training_loss(network, batch, loss);
    let scores = read_scores([(told, images)])?;
    Ok((loss, scores[0]))
}

/// The mean scores of `network` over `images`.
///
/// `network` is one made for inference: on a device without autodiff.
///
/// # Errors
/// [`TrainError::Data`] if a batch cannot be made, [`TrainError::Device`] if the
/// device fails.
pub fn evaluate<M: Classifier>(
    network: &M,
    images: &dyn BatchSource,
    loss: &dyn Loss,
    device: &Device,
) -> Result<Scores, TrainError> {
    let mut tally = Tally::default();
    for batch in images.epoch_from(0, 0) {
        let batch = batch?;
        let count = batch.len();
        tally.add(score(network, batch, loss, device)?, count);
    }
    Ok(tally.scores())
}

/// The mean scores of `network` over a batch.
pub(crate) fn score<M: Classifier>(
    network: &M,
    batch: Batch,
    loss: &dyn Loss,
    device: &Device,
) -> Result<Scores, TrainError> {
    let (_, scores) = loss_and_scores(network, send(batch, device), loss)?;
    Ok(scores)
}

/// All figures of `network` over all images of `loader`, with test-time augmentation.
/// Without that, loss and accuracy are those of [`evaluate`].
///
/// `network` is one made for inference: on a device without autodiff.
///
/// # Errors
/// [`TrainError::Config`] if the images are too small for `tta`, [`TrainError::Data`]
/// if a batch cannot be made, [`TrainError::Device`] if the device fails or a label is
/// not below the number of logits, [`TrainError::Inspect`] if logits are NaN or infinite.
pub fn evaluate_in_full<M: Classifier>(
    network: &M,
    loader: &BatchLoader,
    loss: &dyn Loss,
    tta: Tta,
    device: &Device,
) -> Result<Evaluation, TrainError> {
    evaluate_images(network, loader, loss, tta, device).map(|(evaluation, _)| evaluation)
}

/// As [`evaluate_in_full`], with what became of each image, in the order of `loader`.
///
/// # Errors
/// As [`evaluate_in_full`].
pub fn evaluate_images<M: Classifier>(
    network: &M,
    loader: &BatchLoader,
    loss: &dyn Loss,
    tta: Tta,
    device: &Device,
) -> Result<(Evaluation, Vec<TestPrediction>), TrainError> {
    tta.check(loader.shape())?;
    evaluate_batches(network, loader.epoch(0), loss, tta, device)
}

/// As [`evaluate_images`], over some batches, of which there is at least one, and whose images
/// are not too small for `tta`.
pub(crate) fn evaluate_batches<M: Classifier>(
    network: &M,
    batches: impl Iterator<Item = Result<Batch, DataError>>,
    loss: &dyn Loss,
    tta: Tta,
    device: &Device,
) -> Result<(Evaluation, Vec<TestPrediction>), TrainError> {
    let mut counts: Option<Counts> = None;
    for batch in batches {
        let batch = batch?;
        let targets: Vec<usize> = batch.labels.iter().copied().map(usize::from).collect();
        let BatchTensors { images, labels, .. } = send(batch, device);
        let logits = tta.logits(network, images).cast(DType::F32);
        let [_, classes] = logits.dims();
        if let Some(label) = targets.iter().find(|&&label| label >= classes) {
            return Err(TrainError::Device(format!(
                "the network gives {classes} logits, and an image has the label {label}"
            )));
        }
        let loss = loss.forward(logits.clone(), labels, None);
        // One transfer for both.
        let mut values = read(Tensor::cat(vec![logits.flatten::<1>(0, 1), loss], 0))?;
        let loss = values.pop().map_or(f64::NAN, f64::from);
        // NaN is above and below nothing: it would have a rank, and a confidence.
        check_finite(&values, "the network", || LOGITS.into())?;
        let counts = counts.get_or_insert_with(|| Counts::new(classes));
        counts.add(&values, &targets, loss);
    }
    Ok(counts.unwrap_or_else(|| Counts::new(0)).evaluation(tta))
}

pub(crate) fn read(tensor: Tensor<1>) -> Result<Vec<f32>, TrainError> {
    tensor
        .try_into_vec_as::<f32>()
        .map_err(|e| TrainError::Device(e.to_string()))
}
