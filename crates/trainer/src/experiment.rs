//! A run: a configuration in, a run folder out.

use std::path::Path;

use burn::module::Module;
use data::{Datasets, Store};
use models::Network;

use crate::{
    NetworkSource, TrainError,
    backend::send,
    config::TrainConfig,
    datasets::{load_datasets, plain_name},
    evaluate::evaluate_in_full,
    event::{Event, Observer, RunStarted},
    fit::{EndedBy, FitData, FitResult, Folder, StopFlag, Trainer, steps_done},
    metrics::Evaluation,
    observers,
    optim::{Optimizer, freeze},
    other_form::Drawn,
    plan::Plan,
    resume,
    run_dir::{RunDir, Weights},
    short_name::short_name,
    start::{Start, StartedFrom},
    summary::{RunSummary, Status, Versions},
};

/// A run that is ready to go: network, images and device are found and fit each other.
///
/// ```no_run
/// use trainer::{Experiment, TrainConfig};
///
/// let config = TrainConfig { epochs: 3, ..TrainConfig::default() };
/// let summary = Experiment::new(config)?.run("runs".as_ref())?;
/// println!("{:?}", summary.test);
/// # Ok::<(), trainer::TrainError>(())
/// ```
pub struct Experiment<'a> {
    plan: Plan,
    start: Option<Start>,
    observers: Vec<Box<dyn Observer + 'a>>,
    stop: Option<&'a StopFlag>,
}

impl<'a> Experiment<'a> {
    /// Checks a configuration and finds all that it names, fetching the data set
    /// if it is not on this machine. Nothing is written of the run yet.
    ///
    /// # Errors
    /// [`TrainError`] for the first thing that cannot be.
    pub fn new(config: TrainConfig) -> Result<Self, TrainError> {
        let store = Store::new(config.data_dir.as_deref());
        let datasets = load_datasets(&config, &store, &mut |_| {})?;
        Self::with_datasets(config, datasets)
    }

    /// As [`new`](Self::new), with images that are at hand; the name of the data
    /// set in `config` is but a name.
    ///
    /// # Errors
    /// [`TrainError`] for the first thing that cannot be.
    pub fn with_datasets(config: TrainConfig, datasets: Datasets) -> Result<Self, TrainError> {
        let start = Start::of(&config)?;
        Ok(Self {
            plan: Plan::new(config, datasets)?,
            start,
            observers: Vec::new(),
            stop: None,
        })
    }

    /// What the run is going to do.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// SHA-256, in hexadecimal digits, of the file of weights that the run starts
    /// from, if it does not start anew.
    #[must_use]
    pub fn weights_sha256(&self) -> Option<&str> {
        self.start.as_ref().map(|start| start.sha256.as_str())
    }

    /// Adds an observer of the run's events, after those added before.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer + 'a) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Ends the run after the update in which `stop` is set, as with Ctrl-C.
    #[must_use]
    pub fn stop_when(mut self, stop: &'a StopFlag) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Trains, validates, tests, and leaves a run folder in `out`.
    ///
    /// # Errors
    /// [`TrainError`]. What the run folder holds by then is whole.
    pub fn run(mut self, out: &Path) -> Result<RunSummary, TrainError> {
        // The weights of a file are not held over the run.
        let (network, started_from) = first_network(&self.plan, self.start.take())?;
        // Before there is a folder: patterns that match no parameter.
        let frozen = freeze(network.clone(), &self.plan.config.optimizer.freeze)?;
        Optimizer::new(&self.plan.config.optimizer, &frozen)?;
        let config = &self.plan.config;
        let network_name = short_name(self.plan.spec.name(), "network");
        let data_name = short_name(&plain_name(&config.dataset), "data");
        let dir = RunDir::create(out, &network_name, &data_name)?;
        if let Some(file) = &self.plan.network_file {
            dir.write_network(file)?;
        }
        dir.write_dataset(&self.plan.info)?;
        if let Some(started) = &started_from {
            dir.write_start(started)?;
        }
        // The last of what a run needs to go on: with it, the folder is one of a run.
        dir.write_config(config)?;
        self.go(network, started_from, dir, None)
    }

    /// Goes on with the run in `dir` from its newest checkpoint that is whole, or
    /// from its beginning if there is none yet. On the CPU it ends with the same
    /// bytes as one that was never stopped.
    ///
    /// # Errors
    /// [`TrainError::OtherConfig`] if the configuration is not that of the run, but
    /// for what is harmless (more epochs, and what does not change a step);
    /// [`TrainError::InUse`], [`TrainError::NoCheckpoint`], or as [`run`](Self::run).
    pub fn resume(mut self, dir: RunDir) -> Result<RunSummary, TrainError> {
        let dir = dir.locked()?;
        resume::check(dir.path(), &dir.saved_config()?, &self.plan.config)?;
        let started_from = dir.started_from()?;
        let resumed_at = steps_done(dir.path(), self.plan.train.batches())?;
        let network = if resumed_at.is_some() {
            let device = self.plan.training_device();
            self.plan.spec.build(self.plan.train.shape(), &device)?
        } else {
            let same = |then: &StartedFrom| self.weights_sha256() == Some(&then.sha256);
            if let Some(then) = started_from.as_ref().filter(|then| !same(then)) {
                return Err(TrainError::OtherStart {
                    run: dir.path().into(),
                    file: then.file.clone(),
                });
            }
            first_network(&self.plan, self.start.take())?.0
        };
        dir.write_config(&self.plan.config)?;
        self.go(network, started_from, dir, resumed_at)
    }

    fn go(
        mut self,
        mut network: Network,
        started_from: Option<StartedFrom>,
        dir: RunDir,
        resumed_at: Option<usize>,
    ) -> Result<RunSummary, TrainError> {
        let plan = &self.plan;
        let report_every = if plan.selected.backend.is_cpu() {
            1
        } else {
            10
        };
        let title = format!("{} on {}", plan.spec.name(), plan.config.dataset);
        let mut trainer = Trainer::new(plan.config.fit(report_every))
            .in_run(Folder::new(dir.clone(), plan.spec.name(), &title))
            .class_counts(plan.class_counts.clone())
            .normalized_by(plan.normalization.clone());
        if let Some(stop) = self.stop {
            trainer = trainer.stop_when(stop);
        }
        for observer in std::mem::take(&mut self.observers) {
            trainer = trainer.observe_boxed(observer);
        }
        for observer in observers::for_run(&plan.config, dir.path(), resumed_at)? {
            trainer = trainer.observe_boxed(observer);
        }
        trainer.emit(&Event::RunStarted(description(
            plan,
            dir.path(),
            started_from.as_ref(),
        )))?;
        let outcome = fit_and_test(plan, &mut trainer, &mut network, &dir);
        let (result, test) = outcome.inspect_err(|error| {
            let error = error.to_string();
            // The error itself is what the caller is told.
            let _ = trainer.emit(&Event::RunFailed { error });
        })?;
        let summary = summary(plan, started_from, result, test);
        dir.write_summary(&summary)?;
        trainer.emit(&Event::RunEnded(summary.clone()))?;
        Ok(summary)
    }
}

/// Trains, and scores the best weights on the test set if there are any.
fn fit_and_test(
    plan: &Plan,
    trainer: &mut Trainer<'_>,
    network: &mut Network,
    dir: &RunDir,
) -> Result<(FitResult, Option<Evaluation>), TrainError> {
    let data = FitData {
        train: &plan.train,
        valid: plan.valid.as_ref().map(|valid| valid as _),
    };
    let result = trainer.fit(network, &data)?;
    if result.ended_by == EndedBy::Interruption || result.best.is_none() {
        return Ok((result, None));
    }
    let device = &plan.selected.device;
    let best = dir.load_weights(Weights::Best, network.valid())?;
    let config = &plan.config;
    let loss = config
        .loss
        .for_evaluation()
        .init(&plan.class_counts, device)?;
    let test = evaluate_in_full(&best, &plan.test, &*loss, config.evaluation.tta, device)?;
    if !test.loss.is_finite() {
        return Err(TrainError::Diverged {
            loss: test.loss,
            epoch: result.history.len(),
            place: "on the test set".into(),
            last_good: None,
        });
    }
    dir.write_evaluation(&test)?;
    Ok((result, Some(test)))
}

fn summary(
    plan: &Plan,
    started_from: Option<StartedFrom>,
    result: FitResult,
    test: Option<Evaluation>,
) -> RunSummary {
    RunSummary {
        status: match result.ended_by {
            EndedBy::Interruption => Status::Interrupted,
            _ => Status::Done,
        },
        ended_by: result.ended_by,
        model: plan.spec.name().into(),
        dataset: plan.config.dataset.clone(),
        backend: plan.selected.backend.to_string(),
        device: plan.selected.name.clone(),
        seed: plan.config.seed,
        parameters: plan.summary.parameters(),
        weights: started_from,
        epochs: result.history.len(),
        updates: result.updates,
        best_epoch: result.best.map(|best| best.epoch),
        reached: result.reached,
        seconds: result.seconds,
        versions: Versions::current(),
        sha256: result.sha256,
        valid: result.best.and_then(|best| best.valid),
        test: test.as_ref().map(Evaluation::scores),
        test_images: plan.test.images(),
    }
}

fn description(plan: &Plan, run: &Path, started_from: Option<&StartedFrom>) -> RunStarted {
    RunStarted {
        run: run.into(),
        model: plan.spec.name().into(),
        form: plan.summary.form,
        parameters: plan.summary.parameters(),
        weights: started_from.cloned(),
        dataset: plan.config.dataset.clone(),
        image: plan.train.shape(),
        classes: plan.info.classes.len(),
        train_images: plan.train.images(),
        valid_images: plan.valid.as_ref().map_or(0, data::BatchLoader::images),
        test_images: plan.test.images(),
        backend: plan.selected.backend.to_string(),
        device: plan.selected.name.clone(),
        reason: plan.selected.reason.clone(),
        seed: plan.config.seed,
        epochs: plan.config.epochs,
        steps_per_epoch: plan.train.batches(),
    }
}

/// The network that a run starts from, and what of it is from a file of weights.
fn first_network(
    plan: &Plan,
    start: Option<Start>,
) -> Result<(Network, Option<StartedFrom>), TrainError> {
    let device = plan.training_device();
    let mut network = plan.spec.build(plan.train.shape(), &device)?;
    // A whole file brings the weights that whiten.
    let draws = start.as_ref().is_none_or(|start| start.partial);
    if let Some(loader) = plan.whitening.as_ref().filter(|_| draws) {
        let mut failed = None;
        let batches = loader.epoch(0).map_while(|batch| match batch {
            Ok(batch) => Some(send(batch, &device).images),
            Err(e) => {
                failed = Some(e);
                None
            }
        });
        network = network
            .whiten(batches)
            .map_err(|e| TrainError::Device(e.to_string()))?;
        if let Some(error) = failed {
            return Err(error.into());
        }
    }
    match start {
        Some(start) => {
            let source = match &plan.network_file {
                Some(file) => NetworkSource::File(file.clone()),
                None => NetworkSource::find(&plan.config.model)?,
            };
            let drawn = Drawn {
                source: &source,
                options: &plan.config.network,
                image_flag: "--image-size for a folder, else `resize` under augment",
            };
            let (network, started) = start.apply(network, &drawn)?;
            Ok((network, Some(started)))
        }
        None => Ok((network, None)),
    }
}
