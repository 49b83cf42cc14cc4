//! A run: a configuration in, a run folder out.

use std::{io, ops::ControlFlow, path::Path};

use burn::module::Module;
use data::{Datasets, Store};
use models::Network;

use crate::{
    NetworkSource, TrainError,
    backend::send,
    bench::peak_rss_mb,
    config::TrainConfig,
    datasets::{load_datasets, plain_name},
    evaluate::evaluate_images,
    event::{Event, Observer, RunStarted},
    fit::{EndedBy, FitData, FitResult, Folder, StopFlag, Trainer, done},
    inspect::InspectError,
    lr_find::{LrCurve, LrFind, LrPoint},
    machine::Machine,
    metrics::Evaluation,
    observers,
    optim::{Optimizer, freeze},
    other_form::Drawn,
    plan::Plan,
    resume,
    run_dir::{RunDir, RunImages, Weights},
    shell::in_shell,
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
    /// The run that it goes on with, and the steps that are done there, if there is a
    /// checkpoint.
    resumes: Option<(RunDir, Option<usize>)>,
    /// To be told once there is somebody to tell.
    warnings: Vec<String>,
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
            resumes: None,
            warnings: Vec::new(),
            observers: Vec::new(),
            stop: None,
        })
    }

    /// To go on with the run in `dir`: [`go_on`](Self::go_on). `config` is that of the
    /// run, but for what is harmless: more epochs, and what does not change a step.
    ///
    /// # Errors
    /// [`TrainError::InUse`], [`TrainError::NoCheckpoint`], [`TrainError::Checkpoint`],
    /// [`TrainError::OtherConfig`], [`TrainError::OtherImages`], or as
    /// [`new`](Self::new).
    pub fn resuming(
        dir: RunDir,
        mut config: TrainConfig,
        datasets: Datasets,
    ) -> Result<Self, TrainError> {
        let dir = dir.locked()?;
        let was = dir.saved_config()?;
        // The network is the one that the run kept, whatever became of its file.
        let model = config.model.clone();
        if model == was.model {
            config.model = dir.config()?.model;
        }
        let mut plan = Plan::new(config, datasets)?;
        plan.config.model = model;
        resume::check(dir.path(), &was, &plan.config)?;
        resume::check_images(dir.path(), &dir.trained_on()?, &plan.info)?;
        if let Some(was) = dir.images()? {
            resume::check_each_image(dir.path(), &was, &RunImages::of(&plan))?;
        }
        let done = done(dir.path())?;
        let mut start = None;
        let mut warnings = Vec::new();
        match &done {
            Some(done) => {
                done.check(plan.config.epochs, plan.config.stop.steps)?;
                warnings = resume::changes_of_course(&was, &plan.config);
                if !warnings.is_empty() {
                    let mut changes = dir.changes()?;
                    changes.extend(warnings.iter().cloned());
                    dir.write_changes(&changes)?;
                }
            }
            None => {
                // A damaged summary is that of a run that ended, too.
                if !matches!(dir.summary(), Ok(None)) {
                    return Err(TrainError::NoCheckpoint {
                        run: dir.path().into(),
                        problem: "the run has ended, and its checkpoints are gone".into(),
                    });
                }
                start = Start::of(&plan.config)?;
                let sha256 = start.as_ref().map(|start| start.sha256.as_str());
                let then = dir.started_from()?;
                if let Some(then) = then.filter(|then| sha256 != Some(&then.sha256)) {
                    return Err(TrainError::OtherStart {
                        run: dir.path().into(),
                        file: then.file,
                    });
                }
                dir.forget_changes()?;
            }
        }
        dir.write_config(&plan.config)?;
        dir.forget_end()?;
        let batches = plan.train.batches();
        Ok(Self {
            resumes: Some((dir, done.map(|done| done.steps(batches)))),
            plan,
            start,
            warnings,
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

    /// Looks that the run can begin: what [`run`](Self::run) looks at before it makes
    /// its folder.
    ///
    /// # Errors
    /// [`TrainError`] for the first thing that cannot be.
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        let device = self.plan.training_device();
        let network = self.plan.spec.build(self.plan.train.shape(), &device)?;
        check_patterns(&self.plan, network)
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

    /// Does a range test of the learning rate with the network, the images and the
    /// updates of this run. Nothing is written. `watch` is told every point, and ends
    /// the test by [`ControlFlow::Break`].
    ///
    /// # Errors
    /// As [`LrFind::run`], and of the file of weights that the run starts from.
    pub fn find_lr(
        mut self,
        test: &LrFind,
        watch: &mut dyn FnMut(&LrPoint) -> ControlFlow<()>,
    ) -> Result<LrCurve, TrainError> {
        let (network, _) = first_network(&self.plan, self.start.take())?;
        let config = self.plan.config.fit(1);
        let device = self.plan.training_device();
        let loss = config.loss.init(&self.plan.class_counts, &device)?;
        test.run(&config, network, &self.plan.train, &*loss, watch)
    }

    /// Trains, validates, tests, and leaves a run folder in `out`.
    ///
    /// # Errors
    /// [`TrainError`]. What the run folder holds by then is whole.
    pub fn run(self, out: &Path) -> Result<RunSummary, TrainError> {
        self.begin(|network, data| RunDir::create(out, network, data))
    }

    /// As [`run`](Self::run), with `folder` itself as the run folder. It is made if it
    /// is not there.
    ///
    /// # Errors
    /// As [`run`](Self::run), and if there is a run in it already.
    pub fn run_in(self, folder: &Path) -> Result<RunSummary, TrainError> {
        self.begin(|_, _| match RunDir::open(folder) {
            Ok(_) => {
                let there = io::Error::new(io::ErrorKind::AlreadyExists, "there is one already");
                Err(TrainError::io("begin a run in", folder)(there))
            }
            Err(_) => RunDir::at(folder),
        })
    }

    /// Begins a run in the folder that `make` gives for the names of network and images.
    fn begin(
        mut self,
        make: impl FnOnce(&str, &str) -> Result<RunDir, TrainError>,
    ) -> Result<RunSummary, TrainError> {
        // The weights of a file are not held over the run.
        let (network, started_from) = first_network(&self.plan, self.start.take())?;
        // Before there is a folder.
        check_patterns(&self.plan, network.clone())?;
        let config = &self.plan.config;
        let network_name = short_name(self.plan.spec.name(), "network");
        let data_name = short_name(&plain_name(&config.dataset), "data");
        let dir = make(&network_name, &data_name)?;
        if let Some(file) = &self.plan.network_file {
            dir.write_network(file)?;
        }
        dir.write_dataset(&self.plan.info)?;
        dir.write_images(&RunImages::of(&self.plan))?;
        if let Some(started) = &started_from {
            dir.write_start(started)?;
        }
        // The last of what a run needs to go on: with it, the folder is one of a run.
        dir.write_config(config)?;
        self.go(network, started_from, dir, None)
    }

    /// Goes on with the run that it was [made for](Self::resuming), from its newest
    /// checkpoint that is whole, or from its beginning if there is none yet. On the CPU
    /// it ends with the same bytes as one that was never stopped.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Panics
    /// If it was not made by [`resuming`](Self::resuming).
    pub fn go_on(mut self) -> Result<RunSummary, TrainError> {
        let resumes = self.resumes.take();
        let (dir, done) = resumes.expect("an experiment that resumes");
        let started_from = dir.started_from()?;
        let network = match done {
            Some(_) => {
                let device = self.plan.training_device();
                self.plan.spec.build(self.plan.train.shape(), &device)?
            }
            None => first_network(&self.plan, self.start.take())?.0,
        };
        self.go(network, started_from, dir, Some(done.unwrap_or(0)))
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
        let untrained = plan.classes_without_images();
        for message in std::mem::take(&mut self.warnings)
            .into_iter()
            .chain(untrained)
        {
            trainer.emit(&Event::Warning { message })?;
        }
        let outcome = fit_and_test(plan, &mut trainer, &mut network, &dir);
        let (result, test) = outcome.inspect_err(|error| {
            let error = error.to_string();
            // The error itself is what the caller is told.
            let _ = trainer.emit(&Event::RunFailed { error });
        })?;
        let summary = summary(plan, started_from, dir.changes()?, result, test);
        dir.write_summary(&summary)?;
        if plan.config.log.report {
            // The run is done all the same.
            if let Err(error) = dir.write_report(plan.test.dataset()) {
                let run = in_shell(dir.path().display());
                let message = format!("{error}; kiln report {run} writes it");
                trainer.emit(&Event::Warning { message })?;
            }
        }
        trainer.emit(&Event::RunEnded(summary.clone()))?;
        Ok(summary)
    }
}

/// Looks that the patterns of the optimizer match parameters of `network`.
fn check_patterns(plan: &Plan, network: Network) -> Result<(), TrainError> {
    let config = &plan.config.optimizer;
    let frozen = freeze(network, &config.freeze)?;
    Optimizer::new(config, &frozen)?;
    Ok(())
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
    let tta = config.evaluation.tta;
    let diverged = |loss| TrainError::Diverged {
        loss,
        epoch: result.history.len(),
        place: "on the test set".into(),
        last_good: None,
    };
    let scored = evaluate_images(&best, &plan.test, &*loss, tta, device);
    let (test, predictions) = match scored {
        Err(TrainError::Inspect(InspectError::NotFinite { .. })) => return Err(diverged(f64::NAN)),
        other => other?,
    };
    if !test.loss.is_finite() {
        return Err(diverged(test.loss));
    }
    dir.write_evaluation(&test)?;
    dir.write_predictions(&predictions)?;
    Ok((result, Some(test)))
}

fn summary(
    plan: &Plan,
    started_from: Option<StartedFrom>,
    changes: Vec<String>,
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
        changes,
        seconds: result.seconds,
        peak_rss_mb: peak_rss_mb(),
        versions: Versions::current(),
        machine: Some(Box::new(Machine::here())),
        sha256: result.sha256,
        valid: result.best.and_then(|best| best.valid),
        test: test.as_ref().map(Evaluation::scores),
        train_images: Some(plan.train.images()),
        valid_images: Some(plan.valid.as_ref().map_or(0, data::BatchLoader::images)),
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
pub(crate) fn first_network(
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
