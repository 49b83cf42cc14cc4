//! Parts of data sets, as a run saw them or would see them.

use std::sync::Arc;

use data::{BatchLoader, Datasets, ImageDataset};

use super::Inference;
use crate::{
    Evaluation, TrainError, evaluate_in_full,
    plan::{Chosen, Loaders},
};

/// A part of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// The images that train.
    Train,
    /// The images that the best epoch is chosen by.
    Valid,
    /// The images that are read once, at the end.
    Test,
}

impl Part {
    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }
}

impl Inference {
    /// The images of a part of `datasets`, which `dataset` names, as
    /// [`info`](Self::info) describes them, and which of them: if it is the data set of
    /// the run, those that the run trained on, or held out; of another one all, and for
    /// [`Part::Valid`] those that it has for that. A folder is the same however its path is
    /// spelled, as long as it is there.
    ///
    /// # Errors
    /// [`TrainError::OtherClasses`] if there are classes that the run does not know,
    /// [`TrainError::Data`] if the images have another shape,
    /// [`TrainError::NoValidation`] if there are no such images,
    /// [`TrainError::OtherPart`] if those that the run trained on or held out are others by now.
    pub fn part(
        &self,
        dataset: &str,
        datasets: Datasets,
        part: Part,
    ) -> Result<(ImageDataset, Vec<usize>), TrainError> {
        let Datasets { train, valid, test } = datasets;
        let own = self.is_own(dataset);
        let none = || TrainError::NoValidation {
            dataset: dataset.into(),
        };
        let (images, chosen) = match (part, valid) {
            (Part::Test, _) => (test, None),
            (Part::Valid, Some(valid)) => (valid, None),
            (Part::Valid, None) if !own => return Err(none()),
            (Part::Train, _) if !own => (train, None),
            (part, valid) => {
                let chosen = Chosen::new(&self.config, &train, valid.is_some())?;
                let chosen = match part {
                    Part::Train => chosen.training,
                    _ if chosen.validation.is_empty() => return Err(none()),
                    _ => chosen.validation,
                };
                (train, Some(chosen))
            }
        };
        let chosen = chosen.unwrap_or_else(|| (0..images.len()).collect());
        if own {
            self.check_part(part, &images, &chosen)?;
        }
        Ok((self.described(dataset, &images)?, chosen))
    }

    /// Looks that the images of a part are those that the run had: in a folder that has
    /// changed, another split holds out images that trained.
    fn check_part(
        &self,
        part: Part,
        images: &ImageDataset,
        chosen: &[usize],
    ) -> Result<(), TrainError> {
        if part == Part::Test {
            return Ok(());
        }
        let Some(known) = self.run.images()? else {
            return Ok(());
        };
        let problem = match part {
            Part::Train => known.other_training(images, chosen),
            _ => known.other_validation(images, chosen),
        };
        match problem {
            None => Ok(()),
            Some(problem) => Err(TrainError::OtherPart {
                run: self.run.path().into(),
                problem,
            }),
        }
    }

    /// The images as [`info`](Self::info) describes them: weights know classes by
    /// number only.
    fn described(&self, dataset: &str, images: &ImageDataset) -> Result<ImageDataset, TrainError> {
        let found = &images.info().classes;
        match found.iter().all(|name| self.classes().contains(name)) {
            true => Ok(images.described_as(Arc::clone(self.info()))?),
            false => Err(TrainError::OtherClasses {
                run: self.run.path().into(),
                trained: self.classes().to_vec(),
                dataset: dataset.into(),
                found: found.clone(),
            }),
        }
    }

    /// Loads the images of `images`, which are as [`info`](Self::info) describes them,
    /// that `indices` names, in that order and as the network gets them.
    ///
    /// # Errors
    /// [`TrainError::Data`] if they are others, none, or too many for the memory.
    pub fn loader(
        &self,
        images: ImageDataset,
        indices: Vec<usize>,
    ) -> Result<BatchLoader, TrainError> {
        let loaders = Loaders {
            config: &self.config,
            pipeline: self.pipeline.clone(),
            as_bytes: self.selected.normalizes(),
        };
        loaders.scored(images, indices)
    }

    /// All figures of the network over the images of a loader that
    /// [`loader`](Self::loader) made, with the loss of the run, without label smoothing
    /// and class weights.
    ///
    /// # Errors
    /// As [`evaluate_in_full`].
    pub fn evaluate(&self, images: &BatchLoader) -> Result<Evaluation, TrainError> {
        let device = &self.selected.device;
        // Without class weights it asks for no counts.
        let loss = self.config.loss.for_evaluation().init(&[], device)?;
        let tta = self.config.evaluation.tta;
        evaluate_in_full(&self.network, images, &*loss, tta, device)
    }
}
