//! A configuration that was found to be possible, with all that it names at hand.

mod memory;

use burn::tensor::Device;
use data::{
    BatchLoader, DataError, DatasetInfo, Datasets, HoldOut, ImageDataset, Order, Pipeline, Split,
    augment::{Augment, Normalization},
};
use models::{Form, NetworkFile, NetworkSpec, Summary};
use std::sync::Arc;

use crate::{
    NetworkSource, TrainError,
    backend::{self, BackendChoice, Selected},
    bench::available_mb,
    config::{ConfigError, TrainConfig},
};
use memory::check_memory;

/// What a run needs, checked: nothing in it can fail for a reason that could
/// have been known before.
#[derive(Debug)]
pub struct Plan {
    /// The configuration, complete: nothing in it is left to a default or to `auto`.
    pub config: TrainConfig,
    /// The network, with its seed.
    pub spec: NetworkSpec,
    /// The file that the network was read from, if `model` is one.
    pub network_file: Option<NetworkFile>,
    /// The shapes and counts of the network for these images.
    pub summary: Summary,
    /// How the images are normalised.
    pub normalization: Normalization,
    /// The data set.
    pub info: Arc<DatasetInfo>,
    /// The images that train.
    pub train: BatchLoader,
    /// How many of them there are of each class, in the order of the labels.
    pub class_counts: Vec<usize>,
    /// Training images as they are scored, for a network that wants
    /// [whitening](models::Network::whiten).
    pub whitening: Option<BatchLoader>,
    /// The images held out for validation, if any.
    pub valid: Option<BatchLoader>,
    /// The test set.
    pub test: BatchLoader,
    /// Where to compute.
    pub selected: Selected,
}

impl Plan {
    /// Checks a configuration against the images that it names, the model and
    /// the machine.
    ///
    /// # Errors
    /// [`TrainError`] for the first thing that cannot be.
    pub fn new(mut config: TrainConfig, datasets: Datasets) -> Result<Self, TrainError> {
        config.validate()?;
        backend::use_threads(config.threads)?;
        let info = Arc::clone(datasets.train.info());
        let pipeline = Pipeline::new(config.augment.clone(), Arc::clone(&info))
            .map_err(|error| not_a_step(error, &config.augment))?;

        let normalization = pipeline.normalization().clone();
        let (image, classes) = (pipeline.shape(), info.classes.len());
        let source = NetworkSource::find(&config.model)?;
        let spec = source.configured(&config, image, classes)?;
        let summary = spec.classifier(image, classes)?;

        let selected = backend::select(config.backend, config.adapter)?;
        selected.compute_in(config.precision)?;
        let loaders = Loaders {
            config: &config,
            pipeline,
            as_bytes: selected.normalizes(),
        };
        let parts = loaders.parts(datasets.train, datasets.valid, spec.wants_whitening())?;
        if selected.backend.is_cpu()
            && let Some(available) = available_mb()
        {
            check_memory(&config, &summary, parts.train.images(), available)?;
        }
        let validation = parts.valid.as_ref().map_or(0, BatchLoader::images);
        config.fit(1).check_images(validation)?;
        config.loss.weights(&parts.class_counts)?;
        let all = (0..datasets.test.len()).collect();
        let test = loaders.scored(datasets.test, all)?;
        config.evaluation.tta.check(test.shape())?;

        config.backend = BackendChoice::Fixed(selected.backend);
        if let Some(form) = Form::ALL
            .into_iter()
            .find(|f| spec.form() == Some(f.name()))
        {
            config.network.form = form;
        }
        config.complete();
        Ok(Self {
            config,
            spec,
            network_file: source.file().cloned(),
            summary,
            normalization,
            info,
            train: parts.train,
            class_counts: parts.class_counts,
            whitening: parts.whitening,
            valid: parts.valid,
            test,
            selected,
        })
    }

    /// What is to be said if there are classes that no image trains: nothing of them can be
    /// learnt.
    pub(crate) fn classes_without_images(&self) -> Option<String> {
        let counts = self.class_counts.iter().zip(&self.info.classes);
        let mut without = counts.filter(|(count, _)| **count == 0);
        let named: Vec<&str> = without
            .by_ref()
            .take(NAMED)
            .map(|(_, name)| name.as_str())
            .collect();
        if named.is_empty() {
            return None;
        }
        let more = match without.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!(
            "no training image is of {}{more}: nothing of that can be learnt; give it more images, \
             or hold out fewer (valid, folder.test_share)",
            named.join(", ")
        ))
    }

    /// What a network is trained on: the device, with autodiff.
    pub(crate) fn training_device(&self) -> Device {
        let device = self.selected.device.clone().autodiff();
        match self.config.gradient_checkpointing {
            true => device.gradient_checkpointing(),
            false => device,
        }
    }
}

/// Classes that a warning names; of more it tells the number.
const NAMED: usize = 10;

/// As many as airbench takes.
const WHITENING_IMAGES: usize = 5000;

/// What the training images are for.
struct Parts {
    train: BatchLoader,
    class_counts: Vec<usize>,
    valid: Option<BatchLoader>,
    whitening: Option<BatchLoader>,
}

/// Which of the training images of a data set a run takes, and what for.
pub(crate) struct Chosen {
    pub training: Vec<usize>,
    /// Empty if the data set has validation images of its own.
    pub validation: Vec<usize>,
}

impl Chosen {
    /// Of the images of `train`.
    pub fn new(
        config: &TrainConfig,
        train: &ImageDataset,
        has_valid: bool,
    ) -> Result<Self, TrainError> {
        let mut chosen: Vec<usize> = (0..train.len()).collect();
        if let Some(limit) = config.limit.filter(|&limit| limit < train.len()) {
            chosen = Split::sample(train.labels(), limit, config.seed)?;
        }
        let held_out = match has_valid {
            true => HoldOut::Count(0),
            false => config.valid,
        };
        let labels: Vec<u16> = chosen.iter().map(|&index| train.labels()[index]).collect();
        let split =
            Split::stratified(&labels, held_out, config.seed).map_err(not_for_validation)?;
        let of_chosen = |part: Vec<usize>| part.into_iter().map(|at| chosen[at]).collect();
        Ok(Self {
            training: of_chosen(split.train),
            validation: of_chosen(split.valid),
        })
    }
}

/// Makes the loaders of a run.
pub(crate) struct Loaders<'a> {
    pub config: &'a TrainConfig,
    pub pipeline: Pipeline,
    pub as_bytes: bool,
}

impl Loaders<'_> {
    /// Of what trains, of what validates (`valid`, or a part of `train`), and of what
    /// a network is whitened by, if it wants that.
    fn parts(
        &self,
        train: ImageDataset,
        valid: Option<ImageDataset>,
        whitens: bool,
    ) -> Result<Parts, TrainError> {
        let seed = self.config.seed;
        let Chosen {
            training,
            validation,
        } = Chosen::new(self.config, &train, valid.is_some())?;
        let valid = match valid {
            Some(valid) => {
                let all = (0..valid.len()).collect();
                Some(self.scored(valid, all)?)
            }
            None if validation.is_empty() => None,
            None => Some(self.scored(train.clone(), validation)?),
        };
        let whitening = match whitens {
            true => {
                // Evenly over them all: a folder has its classes one after the other.
                let step = training.len().div_ceil(WHITENING_IMAGES).max(1);
                let some = training.iter().copied().step_by(step).collect();
                Some(self.scored(train.clone(), some)?)
            }
            false => None,
        };
        let mut class_counts = vec![0; train.info().classes.len()];
        for &image in &training {
            class_counts[usize::from(train.labels()[image])] += 1;
        }
        let order = Order::Shuffled { seed };
        let loader = self.loader(train, training, order, self.pipeline.clone())?;
        let loader = match self.config.loader.drop_last {
            true => loader.drop_last()?,
            false => loader,
        };
        Ok(Parts {
            train: loader,
            class_counts,
            valid,
            whitening,
        })
    }

    /// Of images that are scored.
    pub fn scored(
        &self,
        images: ImageDataset,
        chosen: Vec<usize>,
    ) -> Result<BatchLoader, TrainError> {
        self.loader(
            images,
            chosen,
            Order::Sequential,
            self.pipeline.for_evaluation(),
        )
    }

    fn loader(
        &self,
        images: ImageDataset,
        chosen: Vec<usize>,
        order: Order,
        pipeline: Pipeline,
    ) -> Result<BatchLoader, TrainError> {
        let config = &self.config.loader;
        let mut loader = BatchLoader::new(images, chosen, self.config.batch_size, order)?
            .augment(pipeline, self.config.seed)?
            .ahead(config.ahead)?
            .as_bytes(self.as_bytes);
        if let Some(threads) = config.threads {
            loader = loader.threads(threads)?;
        }
        loader.check()?;
        Ok(loader)
    }
}

/// The error of a step of the augmentation, as one of its key.
pub(crate) fn not_a_step(error: DataError, steps: &[Augment]) -> TrainError {
    let (position, key, problem) = match error {
        DataError::Augment {
            position,
            key,
            problem,
            ..
        } => (position, format!(".{key}"), problem),
        DataError::AugmentOrder {
            position, before, ..
        } => (
            position,
            String::new(),
            format!("it must come before {before}"),
        ),
        other => return other.into(),
    };
    let at = position - 1;
    let step = toml::Table::try_from(&steps[at]).unwrap_or_default();
    let value = step.get(key.trim_start_matches('.'));
    ConfigError::Value {
        key: format!("augment[{at}]{key}").into(),
        value: value.map_or_else(|| steps[at].name().into(), ToString::to_string),
        problem,
        origin: None,
    }
    .into()
}

/// The error of a split, as one of the key that asks for it.
fn not_for_validation(error: DataError) -> TrainError {
    match error {
        DataError::Split {
            held_out,
            images,
            problem,
        } => ConfigError::Value {
            key: "valid".into(),
            value: held_out.to_string(),
            problem: format!("cannot be held out of {images} images for validation: {problem}"),
            origin: None,
        }
        .into(),
        other => other.into(),
    }
}
