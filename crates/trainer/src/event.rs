//! What a run tells its observers.

use std::{path::PathBuf, sync::Arc};

use models::StateDict;
use serde::{Deserialize, Serialize};

use crate::{fit::WeightDigests, path_text::lossy, start::StartedFrom, summary::RunSummary};

/// Mean loss and accuracy over a number of images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean loss, every image with the same weight: in nats for cross-entropy.
    pub loss: f64,
    /// Share of images whose largest logit is that of their class, 0 to 1.
    pub accuracy: f64,
}

impl Scores {
    /// Whether the accuracy is higher, or the same with a lower loss.
    #[must_use]
    pub fn better_than(&self, other: &Self) -> bool {
        self.accuracy > other.accuracy
            || (self.accuracy == other.accuracy && self.loss < other.loss)
    }
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
    /// The first step of this process comes next.
    FitStarted(FitStarted),
    /// A step was done. Told of some steps later, where scores are read from the
    /// device once for several steps.
    StepDone(StepDone),
    /// The validation images were scored between two steps (`evaluation.every_steps`).
    Validated(Validated),
    /// The last step of `stop.steps` was done, and its batch scored again.
    LastStep {
        /// The step in the run, from 1.
        global_step: usize,
        /// Of its batch, before the update.
        before: Scores,
        /// Of the same batch with the new weights, as in training.
        after: Scores,
    },
    /// An epoch was trained and validated.
    EpochDone(EpochDone),
    /// A checkpoint was written, from which the run can go on.
    CheckpointWritten {
        /// Epochs that are over.
        epochs: usize,
        /// Updates of the parameters so far.
        updates: u64,
        /// Its folder.
        #[serde(serialize_with = "lossy")]
        path: PathBuf,
    },
    /// Something to know of that does not end the run.
    Warning {
        /// What it is, and what to do about it.
        message: String,
    },
    /// The run is over: it came to its end, or was interrupted.
    RunEnded(RunSummary),
    /// The run is over by an error. Errors of observers about it are dropped.
    RunFailed {
        /// What the error says.
        error: String,
    },
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
    #[serde(serialize_with = "lossy")]
    pub run: PathBuf,
    /// The architecture.
    pub model: String,
    /// The form of the architecture, if it has several.
    pub form: Option<&'static str>,
    /// Number of its parameters, those that are frozen as well.
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

/// What a training is going to do.
#[derive(Debug, Clone, Serialize)]
pub struct FitStarted {
    /// Epochs to do, with those that are done.
    pub epochs: usize,
    /// Steps in an epoch: batches.
    pub steps_per_epoch: usize,
    /// Updates of the parameters in an epoch: fewer than steps where gradients are
    /// accumulated.
    pub updates_per_epoch: usize,
    /// Images that are trained on.
    pub train_images: usize,
    /// Images held out for validation.
    pub valid_images: usize,
    /// Where it goes on, if it was begun before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Resumed>,
}

/// Where a run that was begun before goes on.
#[derive(Debug, Clone, Serialize)]
pub struct Resumed {
    /// The checkpoint that it goes on from.
    #[serde(serialize_with = "lossy")]
    pub checkpoint: PathBuf,
    /// Epochs that are over.
    pub epochs: usize,
    /// Steps of the epoch under way that are over.
    pub batches: usize,
    /// Updates of the parameters so far.
    pub updates: u64,
    /// The best epoch so far.
    pub best: Option<EpochDone>,
    /// SHA-256 of the files of weights as they are then.
    pub sha256: WeightDigests,
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

/// A validation between two steps: a row of `validation.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validated {
    /// The epoch under way, from 1.
    pub epoch: usize,
    /// The step in the run after which it was, from 1.
    pub global_step: usize,
    /// Updates of the parameters in the run.
    pub updates: u64,
    /// Over the validation images.
    pub valid: Scores,
}

/// An epoch: a row of the history.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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

impl<O: Observer + ?Sized> Observer for Box<O> {
    fn on_event(&mut self, event: &Event) -> std::io::Result<()> {
        (**self).on_event(event)
    }

    fn wants_first_batch(&self) -> bool {
        (**self).wants_first_batch()
    }

    fn wants_parameters(&self) -> bool {
        (**self).wants_parameters()
    }
}
