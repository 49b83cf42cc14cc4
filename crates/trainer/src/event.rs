//! What a run tells its observers.

use std::{path::PathBuf, sync::Arc};

use models::StateDict;
use serde::{Deserialize, Serialize};

use crate::{start::StartedFrom, summary::RunSummary};

/// Mean loss and accuracy over a number of images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean loss, every image with the same weight: in nats for cross-entropy.
    pub loss: f64,
    /// Share of images whose largest logit is that of their class, 0 to 1.
    pub accuracy: f64,
}

/// Something that happened in a run, in the order in which it happened.
///
/// As JSON an object whose key `event` is the name of the variant in snake case.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The run folder exists and training begins.
    RunStarted(RunStarted),
    /// A step was done.
    StepDone(StepDone),
    /// An epoch was trained and validated.
    EpochDone(EpochDone),
    /// Weights were written.
    CheckpointWritten {
        /// The epoch that they are of.
        epoch: usize,
        /// The file.
        path: PathBuf,
    },
    /// The run is over: all epochs done, or interrupted.
    RunEnded(RunSummary),
    /// The images of the first step, for observers that
    /// [want](Observer::wants_first_batch) them.
    #[serde(skip)]
    FirstBatch(FirstBatch),
    /// The parameters at the end of an epoch, for observers that
    /// [want](Observer::wants_parameters) them.
    #[serde(skip)]
    Parameters(Parameters),
}

/// The images of the first step of a run, as the network gets them.
#[derive(Debug, Clone)]
pub struct FirstBatch {
    /// `[images, channels, height, width]`.
    pub shape: [usize; 4],
    /// Values in row-major order, normalised.
    pub values: Vec<f32>,
    /// The mean of each channel, by which the values were normalised (0 to 1).
    pub mean: Vec<f32>,
    /// The deviation of each channel, by which the values were normalised (0 to 1).
    pub std: Vec<f32>,
    /// The class of each image; where images are mixed, that of the greater share.
    pub labels: Vec<u16>,
}

/// The parameters of a network at the end of an epoch.
#[derive(Debug, Clone)]
pub struct Parameters {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Updates that were done so far in the run.
    pub updates: usize,
    /// The parameters and running statistics, by name.
    pub values: Arc<StateDict>,
}

/// What a run is going to do.
#[derive(Debug, Clone, Serialize)]
pub struct RunStarted {
    /// The run folder.
    pub run: PathBuf,
    /// The architecture.
    pub model: String,
    /// The form of the architecture, if it has several.
    pub form: Option<&'static str>,
    /// Number of its trainable parameters.
    pub parameters: usize,
    /// The file of weights that it starts from, if it does not start anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<StartedFrom>,
    /// The data set.
    pub dataset: String,
    /// `[channels, height, width]` of an image.
    pub image: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Images that are trained on.
    pub train_images: usize,
    /// Images held out of the training set for validation.
    pub valid_images: usize,
    /// Images of the test set.
    pub test_images: usize,
    /// The backend.
    pub backend: String,
    /// The device, as the backend names it.
    pub device: String,
    /// Why that backend was taken.
    pub reason: String,
    /// The seed.
    pub seed: u64,
    /// Epochs to do.
    pub epochs: usize,
    /// Steps in an epoch.
    pub steps_per_epoch: usize,
}

/// A step of training.
#[derive(Debug, Clone, Serialize)]
pub struct StepDone {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The step in the epoch, from 1.
    pub step: usize,
    /// The step in the run, from 1.
    pub global_step: usize,
    /// Images in the batch.
    pub images: usize,
    /// Of the batch, before the update.
    pub batch: Scores,
    /// Of the epoch so far.
    pub epoch_so_far: Scores,
    /// The learning rate of the update.
    pub lr: f64,
}

/// An epoch: a row of the history.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EpochDone {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Over the training images, each as of its step.
    pub train: Scores,
    /// Over the validation images at the end of the epoch, if there are any.
    pub valid: Option<Scores>,
    /// The learning rate of the last step.
    pub lr: f64,
    /// Duration of training and validation.
    pub seconds: f64,
    /// Seconds of them that the training steps waited for their batches.
    pub data_seconds: f64,
    /// Whether no epoch before was better.
    pub best: bool,
}

/// Sees the events of a run.
pub trait Observer {
    /// Called for every event, in order, on the thread of the training loop.
    ///
    /// # Errors
    /// An error ends the run.
    fn on_event(&mut self, event: &Event) -> std::io::Result<()>;

    /// Whether it wants [`Event::FirstBatch`], which costs a copy.
    fn wants_first_batch(&self) -> bool {
        false
    }

    /// Whether it wants [`Event::Parameters`], which costs a transfer an epoch.
    fn wants_parameters(&self) -> bool {
        false
    }
}
