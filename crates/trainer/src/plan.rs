//! A configuration that was found to be possible, with all that it names at hand.

use data::{BatchLoader, DatasetInfo, Order, Split};
use models::{NetworkSpec, Summary};
use std::sync::Arc;

use crate::{
    TrainError,
    backend::{self, BackendChoice, Selected},
    config::TrainConfig,
};

/// What a run needs, checked: nothing in it can fail for a reason that could
/// have been known before.
#[derive(Debug)]
pub struct Plan {
    /// The configuration, complete: nothing in it is left to a default or to `auto`.
    pub config: TrainConfig,
    /// The network, with its seed.
    pub spec: NetworkSpec,
    /// The shapes and counts of the network for these images.
    pub summary: Summary,
    /// The data set.
    pub info: Arc<DatasetInfo>,
    /// The images that train.
    pub train: BatchLoader,
    /// The images held out for validation, if any.
    pub valid: Option<BatchLoader>,
    /// The test set.
    pub test: BatchLoader,
    /// Where to compute.
    pub selected: Selected,
}

impl Plan {
    /// Checks a configuration and finds what it names.
    ///
    /// # Errors
    /// [`TrainError`] for the first thing that cannot be.
    pub fn new(mut config: TrainConfig) -> Result<Self, TrainError> {
        config.validate()?;
        let architecture = models::find(&config.model)?;
        let data::Datasets { train, test } = data::load(&config.dataset)?;
        let info = Arc::clone(train.info());

        let spec = (architecture.spec)(info.classes.len()).seed(config.seed);
        let summary = spec.summary(info.shape())?;

        let images = config.limit.unwrap_or(usize::MAX).min(train.len());
        let split = Split::stratified(&train.labels()[..images], config.valid_share, config.seed)?;
        let shuffled = Order::Shuffled { seed: config.seed };
        let valid = match split.valid.is_empty() {
            true => None,
            false => Some(BatchLoader::new(
                train.clone(),
                split.valid,
                config.batch_size,
                Order::Sequential,
            )?),
        };
        let train = BatchLoader::new(train, split.train, config.batch_size, shuffled)?
            .augment(config.augment.clone(), config.seed)?;
        let all = (0..test.len()).collect();
        let test = BatchLoader::new(test, all, config.batch_size, Order::Sequential)?;

        let selected = backend::select(config.backend, config.adapter)?;
        config.backend = BackendChoice::Fixed(selected.backend);
        config.optimizer.lr = Some(config.optimizer.lr());
        config.optimizer.weight_decay = Some(config.optimizer.weight_decay());
        Ok(Self {
            config,
            spec,
            summary,
            info,
            train,
            valid,
            test,
            selected,
        })
    }
}
