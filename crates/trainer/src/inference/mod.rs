//! A finished run in use: images in, probabilities of its classes out.
//!
//! [`Inference::open`] needs the folder of the run alone, and not its data set.

mod images;
mod part;
mod polarity;
mod prediction;
#[cfg(all(test, feature = "flex"))]
mod tests;

use std::sync::Arc;

use burn::tensor::Tensor;
use data::{Batch, BatchTensors, DatasetInfo, Pipeline, folder::FolderOptions};
use models::{Network, NetworkSpec};

use crate::{
    NetworkSource, RunDir, TrainConfig, TrainError, Weights,
    backend::{self, AdapterKind, BackendChoice, Selected, send},
    config::Tta,
    datasets::is_same,
    inspect,
    plan::not_a_step,
};

pub use part::Part;
pub use polarity::Polarity;
pub use prediction::{Guess, Prediction};

/// How a run is used; what is left out is as in its configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InferenceOptions {
    /// Which weights.
    pub which: Weights,
    /// Test-time augmentation.
    pub tta: Option<Tta>,
    /// Where to compute.
    pub backend: Option<BackendChoice>,
    /// The adapter that a wgpu backend takes.
    pub adapter: Option<AdapterKind>,
    /// Threads that the CPU computes with.
    pub threads: Option<usize>,
}

/// The network of a run with its weights, and what becomes of an image before it gets
/// there: the steps of the run's augmentation that are not random, then the
/// normalisation by its mean and deviation, as when the run was scored.
#[derive(Debug)]
pub struct Inference {
    run: RunDir,
    which: Weights,
    config: TrainConfig,
    spec: NetworkSpec,
    network: Network,
    selected: Selected,
    /// Of images as `info` describes them, without what is random.
    pipeline: Pipeline,
}

impl Inference {
    /// Opens a run, and builds its network with its weights.
    ///
    /// # Errors
    /// [`TrainError::NotARun`] if a file is missing, or one is damaged;
    /// [`TrainError::Config`] for a configuration, or an option, that cannot be;
    /// [`TrainError::Backend`] if there is nothing to compute on;
    /// [`TrainError::Weights`] if the weights are not those of the network, or not all
    /// numbers.
    pub fn open(run: RunDir, options: InferenceOptions) -> Result<Self, TrainError> {
        let mut config = run.config()?;
        config.backend = options.backend.unwrap_or(config.backend);
        config.adapter = options.adapter.unwrap_or(config.adapter);
        config.threads = options.threads.or(config.threads);
        config.evaluation.tta = options.tta.unwrap_or(config.evaluation.tta);
        // Those that the run started from are not asked for again.
        (config.weights, config.partial_weights) = (None, false);

        let info = Arc::new(run.trained_on()?);
        let pipeline = Pipeline::new(config.augment.clone(), Arc::clone(&info))
            .map_err(|error| not_a_step(error, &config.augment))?
            .for_evaluation();
        let image = pipeline.shape();
        config.evaluation.tta.check(image)?;
        let source = NetworkSource::find(&config.model)?;
        let spec = source.configured(&config, image, info.classes.len())?;

        backend::use_threads(config.threads)?;
        let selected = backend::select(config.backend, config.adapter)?;
        selected.compute_in(config.precision)?;
        config.backend = BackendChoice::Fixed(selected.backend);
        let network = spec.build(image, &selected.device)?;
        let state = run.state_dict(options.which)?;
        let network = state
            .check_finite()
            .and_then(|()| network.with_state_dict(&state))
            .map_err(|source| TrainError::Weights {
                path: run.path().join(options.which.file_name()),
                source,
            })?;
        Ok(Self {
            run,
            which: options.which,
            config,
            spec,
            network,
            selected,
            pipeline,
        })
    }

    /// The folder of the run.
    #[must_use]
    pub fn run(&self) -> &RunDir {
        &self.run
    }

    /// Which weights the network has.
    #[must_use]
    pub fn which(&self) -> Weights {
        self.which
    }

    /// The configuration of the run, with the options and the backend that were chosen.
    #[must_use]
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// The layers of the network.
    #[must_use]
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// The network, for inference: on a device without autodiff.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Where it computes.
    #[must_use]
    pub fn selected(&self) -> &Selected {
        &self.selected
    }

    /// What the data set of the run was: classes in the order of the logits, shape of
    /// an image before the steps, mean and deviation.
    #[must_use]
    pub fn info(&self) -> &Arc<DatasetInfo> {
        self.pipeline.info()
    }

    /// Whether `dataset` names the data set of the run: a folder is the same however its path
    /// is spelled, as long as it is there.
    #[must_use]
    pub fn is_own(&self, dataset: &str) -> bool {
        is_same(dataset, &self.config.dataset)
    }

    /// The names of the classes, in the order of the logits.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.info().classes
    }

    /// What becomes of an image of the shape of [`info`](Self::info) before it gets to
    /// the network: nothing random. Its `shape` is what the network gets.
    #[must_use]
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// How an image file becomes an image of the shape of [`info`](Self::info).
    #[must_use]
    pub fn folder_options(&self) -> FolderOptions {
        let info = self.info();
        FolderOptions {
            size: data::augment::Size::Rectangle([info.height, info.width]),
            channels: info.channels,
            ..self.config.folder.clone()
        }
    }

    /// The logits of a batch, `N` times as many as there are classes, in 32 bits; with
    /// test-time augmentation, if there is any, their mean over the forms of an image.
    ///
    /// # Errors
    /// [`TrainError::Device`] if the device fails, [`TrainError::Inspect`] if some are NaN or
    /// infinite.
    pub fn logits(&self, batch: Batch) -> Result<Vec<f32>, TrainError> {
        let BatchTensors { images, .. } = send(batch, &self.selected.device);
        let logits: Tensor<2> = self.config.evaluation.tta.logits(&self.network, images);
        inspect::read(logits, self.network.name(), || inspect::LOGITS.into())
    }
}
