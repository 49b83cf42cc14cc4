//! One training on several backends: how fast each is, and whether they agree.
//!
//! Every backend starts from the same weights and gets the same batches, augmented alike,
//! under the same schedule. Each has a process of its own, so that its memory and its faults
//! are its own. What they compute is held against one of them, the reference: the losses of
//! all steps, every layer's output and every gradient of the first step, the weights at the
//! end, and the predictions.
//!
//! Two backends that are both right differ by rounding: a sum of *n* products in `f32` in
//! another order, by some 6·10⁻⁸·√*n*; through the layers of a network, outputs by 10⁻⁷ to
//! 10⁻⁵ of the largest value (measured: `assets/bench/compare.json`). The tolerance of 10⁻³ is
//! above that and far below what a wrong kernel does. Gradients have a wider one where the network
//! asks for it: [`Agreement::gradient_limit`].

mod agreement;
mod child;
mod picture;
mod probe;
mod record;
mod trace;

use std::{fs, path::Path};

use data::{Datasets, Store};
use serde::{Deserialize, Serialize};

pub use self::{
    agreement::{Agreement, Apart, JUDGED_STEPS, NOT_COMPARABLE, Parting},
    child::Prober,
    picture::compare_svg,
    record::{Compared, Comparison, Found, Outcome, RECORD, Row, Spread},
    trace::{StepTrace, Trace},
};
use self::{probe::probe, trace::Finished};
use crate::{
    Plan, TrainConfig, TrainError, Versions,
    backend::{self, Backend, BackendChoice},
    config::{ConfigError, LogConfig, MOST_EPOCHS, StopConfig, check},
    datasets::plain_name,
    load_datasets,
    short_name::short_name,
    whole_file::write_whole,
};

/// What is to be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Compare {
    /// The networks: names that `kiln models` lists, or files.
    pub models: Vec<String>,
    /// The backends, each once.
    pub backends: Vec<Backend>,
    /// The one that the others are held against: one of them.
    pub reference: Backend,
    /// How far to train; `None`: all epochs of the configuration.
    pub steps: Option<usize>,
    /// The largest relative difference that is agreement, above 0.
    pub tolerance: f64,
    /// The validation accuracy whose time is told, above 0 and at most 1.
    pub target_accuracy: Option<f64>,
    /// How many test images are predicted, at least 1: whole batches, of the first ones.
    pub test_images: usize,
}

/// A tolerance that rounding does not reach.
pub const TOLERANCE: f64 = 1e-3;
/// The test images that are predicted by default.
pub const TEST_IMAGES: usize = 1000;
/// One in so many steps is left out of the times, at least one and at most [`MOST_WARMUP`].
const WARMUP_SHARE: usize = 5;
const MOST_WARMUP: usize = 5;

/// What a process of a backend is asked for, beside the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Order {
    is_reference: bool,
    target_accuracy: Option<f64>,
    test_images: usize,
}

/// Sees how a comparison goes.
pub trait CompareObserver {
    /// A network begins, whose training is `steps` steps long.
    fn model_started(&mut self, _compared: &Compared, _reference: Backend) {}

    /// A backend begins with it.
    fn backend_started(&mut self, _backend: Backend, _steps: usize) {}

    /// A step is done.
    fn step_done(&mut self, _step: &StepTrace) {}

    /// A backend has ended.
    fn backend_ended(&mut self, _row: &Row) {}

    /// All backends of a network have ended.
    fn model_ended(&mut self, _compared: &Compared) {}
}

impl Compare {
    /// Checks the numbers, and that the reference is one of the backends.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for the first that cannot be.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if let Some(steps) = self.steps {
            check("steps", steps, steps >= 1, "it must be at least 1")?;
        }
        let tolerance = self.tolerance;
        check(
            "tolerance",
            tolerance,
            tolerance > 0.0 && tolerance.is_finite(),
            "it must be above 0",
        )?;
        if let Some(target) = self.target_accuracy {
            check(
                "target_accuracy",
                target,
                target > 0.0 && target <= 1.0,
                "it must be above 0 and at most 1",
            )?;
        }
        check(
            "test_images",
            self.test_images,
            self.test_images >= 1,
            "it must be at least 1",
        )?;
        for (at, backend) in self.backends.iter().enumerate() {
            let twice = self.backends[..at].contains(backend);
            check("backends", backend, !twice, "it is named twice")?;
        }
        check(
            "reference",
            self.reference,
            self.backends.contains(&self.reference),
            "it must be one of the backends that are compared",
        )
    }

    /// Compares, with `config` for each network. `load` gives the images of all, `prober` starts
    /// what computes them; it ends in [`answer`] with the folder that it is given. Record, table and
    /// picture lie in `folder`, which is made, and are written anew after every backend; a backend
    /// that fails is one of the results.
    ///
    /// # Errors
    /// As [`validate`](Self::validate); [`TrainError`] for what cannot be on any backend, or
    /// of a file.
    pub fn run(
        &self,
        config: &TrainConfig,
        load: impl FnOnce(&TrainConfig) -> Result<Datasets, TrainError>,
        prober: &Prober,
        folder: &Path,
        observer: &mut dyn CompareObserver,
    ) -> Result<Comparison, TrainError> {
        self.validate()?;
        let datasets = load(&TrainConfig {
            model: self.models.first().cloned().unwrap_or_default(),
            ..config.clone()
        })?;
        let mut networks = Vec::new();
        for model in &self.models {
            networks.push(self.prepare(model, config, &datasets)?);
        }
        fs::create_dir_all(folder).map_err(TrainError::io("make the folder", folder))?;
        let most = networks.iter().map(|(_, compared)| compared.steps).max();
        let mut comparison = Comparison {
            versions: Versions::current(),
            reference: self.reference,
            tolerance: self.tolerance,
            target_accuracy: self.target_accuracy,
            // The first step compiles and tunes.
            warmup: (most.unwrap_or(0) / WARMUP_SHARE).clamp(1, MOST_WARMUP),
            models: Vec::new(),
        };
        for (at, (config, compared)) in networks.into_iter().enumerate() {
            observer.model_started(&compared, self.reference);
            let own = folder.join(format!(
                "{}-{}",
                at + 1,
                short_name(&compared.model, "network")
            ));
            comparison.models.push(compared);
            let mut reference = None;
            // The reference first: the others are held against it.
            let (first, others): (Vec<_>, Vec<_>) =
                self.backends.iter().partition(|b| **b == self.reference);
            for &backend in first.into_iter().chain(others) {
                let steps = comparison.models[at].steps;
                observer.backend_started(backend, steps);
                let own = own.join(backend.name());
                let finished = self.probe(backend, &config, prober, &own, observer)?;
                let outcome = match finished {
                    Err(reason) => Outcome::Error(reason),
                    Ok(finished) => {
                        let agreement = reference
                            .as_ref()
                            .map(|r| Agreement::between(r, &finished, self.tolerance));
                        let found = Found::new(&finished.trace, comparison.warmup, agreement);
                        if backend == self.reference {
                            reference = Some(finished);
                        }
                        Finished::forget_tensors(&own)?;
                        Outcome::Done(Box::new(found))
                    }
                };
                let row = Row { backend, outcome };
                observer.backend_ended(&row);
                comparison.models[at].rows.push(row);
                comparison.write(folder)?;
                let picture = compare_svg(&comparison);
                write_whole(&folder.join(PICTURE), picture.as_bytes())?;
            }
            observer.model_ended(&comparison.models[at]);
        }
        Ok(comparison)
    }

    /// The configuration of a network, found to be possible, and what is told of it.
    fn prepare(
        &self,
        model: &str,
        config: &TrainConfig,
        datasets: &Datasets,
    ) -> Result<(TrainConfig, Compared), TrainError> {
        let mut config = TrainConfig {
            model: model.into(),
            // Every backend does the same number of steps.
            stop: StopConfig {
                steps: self.steps.map(|steps| steps as u64),
                ..StopConfig::default()
            },
            log: LogConfig::default(),
            ..config.clone()
        };
        // On the CPU: no device is opened here that a process of its own is to have.
        let host = BackendChoice::Fixed(backend::host()?.backend);
        let plan = Plan::new(
            TrainConfig {
                backend: host,
                ..config.clone()
            },
            datasets.clone(),
        )?;
        let has_dropout = plan.spec.has_dropout();
        if has_dropout {
            config.network.dropout = Some(0.0);
        }
        let batches = plan.train.batches();
        let steps = match self.steps {
            None => batches.saturating_mul(config.epochs),
            Some(updates) => {
                let steps = updates.saturating_mul(config.accumulate);
                let epochs = steps.div_ceil(batches.max(1));
                check(
                    "steps",
                    updates,
                    epochs <= MOST_EPOCHS,
                    &format!(
                        "an epoch has {batches} batches, and a run {MOST_EPOCHS} epochs at most"
                    ),
                )?;
                config.epochs = config.epochs.max(epochs);
                steps
            }
        };
        let compared = Compared {
            model: plan.spec.name().into(),
            parameters: plan.summary.parameters(),
            dataset: config.dataset.clone(),
            image: plan.train.shape(),
            batch: config.batch_size,
            steps,
            seed: config.seed,
            dropout_off: has_dropout,
            rows: Vec::new(),
        };
        Ok((config, compared))
    }

    /// What `backend` finds, or why it finds nothing.
    fn probe(
        &self,
        backend: Backend,
        config: &TrainConfig,
        prober: &Prober,
        folder: &Path,
        observer: &mut dyn CompareObserver,
    ) -> Result<Result<Finished, String>, TrainError> {
        fs::create_dir_all(folder).map_err(TrainError::io("make the folder", folder))?;
        let config = TrainConfig {
            backend: BackendChoice::Fixed(backend),
            ..config.clone()
        };
        let order = Order {
            is_reference: backend == self.reference,
            target_accuracy: self.target_accuracy,
            test_images: self.test_images,
        };
        write_whole(&folder.join(CONFIG), config.to_toml()?.as_bytes())?;
        let order = serde_json::to_string(&order).expect("an order is plain values");
        write_whole(&folder.join(ORDER), order.as_bytes())?;
        Ok(prober.probe(folder, &mut |step| observer.step_done(step)))
    }
}

/// A name for the folder of a comparison: of the networks, the data set and the local time.
#[must_use]
pub fn folder_name(models: &[String], dataset: &str) -> String {
    let time = chrono::Local::now().format("%Y%m%d-%H%M%S");
    let models = short_name(&models.join("-"), "network");
    let dataset = short_name(&plain_name(dataset), "data");
    format!("{models}-{dataset}-{time}")
}

const CONFIG: &str = "config.toml";
const ORDER: &str = "order.json";
const PICTURE: &str = "compare.svg";

/// What a process of a backend does with the folder that it is given: computes what stands
/// there, and leaves there what it found. `watch` is told of every step.
///
/// # Errors
/// [`TrainError`], which is to be told on standard error after `error: `.
pub fn answer(
    folder: &Path,
    watch: &mut dyn FnMut(&StepTrace) -> std::io::Result<()>,
) -> Result<(), TrainError> {
    let path = folder.join(ORDER);
    let order = fs::read_to_string(&path).map_err(TrainError::io("read", &path))?;
    let order: Order =
        serde_json::from_str(&order).map_err(|error| TrainError::io("read", path)(error.into()))?;
    let config = TrainConfig::read(&folder.join(CONFIG))?;
    // What was missing has been fetched by who asks.
    let store = Store::new(config.data_dir.as_deref()).offline(true);
    let datasets = load_datasets(&config, &store, &mut |_| {})?;
    probe(config, &order, datasets, folder, watch)
}
