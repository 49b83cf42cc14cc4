//! The training loop.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use burn::{module::Module, tensor::Device};
use data::{Batch, Datasets, Store};
use models::Network;

use crate::{
    Gradients, NetworkSource, Optimizer, TrainError,
    config::TrainConfig,
    datasets::{load_datasets, plain_name},
    evaluate::{Tally, evaluate, loss_and_scores, score},
    event::{EpochDone, Event, Observer, RunStarted, Scores, StepDone},
    optim::freeze,
    other_form::Drawn,
    plan::Plan,
    run_dir::{RunDir, Weights},
    schedule::Schedule,
    short_name::short_name,
    start::{Start, StartedFrom},
    summary::{RunSummary, Status, Versions},
};

/// A training run that is ready to go.
///
/// ```no_run
/// use trainer::{TrainConfig, Trainer};
///
/// let config = TrainConfig { epochs: 3, ..TrainConfig::default() };
/// let summary = Trainer::new(config)?.run("runs".as_ref())?;
/// println!("{:?}", summary.test);
/// # Ok::<(), trainer::TrainError>(())
/// ```
pub struct Trainer<'a> {
    plan: Plan,
    start: Option<Start>,
    observers: Vec<Box<dyn Observer + 'a>>,
    stop: Option<&'a AtomicBool>,
}

impl<'a> Trainer<'a> {
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

    /// Ends the run after the step in which `stop` becomes true, as with Ctrl-C.
    #[must_use]
    pub fn stop_when(mut self, stop: &'a AtomicBool) -> Self {
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
        let config = &self.plan.config;
        let network = freeze(network, &config.optimizer.freeze)?;
        let optimizer = Optimizer::new(&config.optimizer, &network)?;
        let network_name = short_name(self.plan.spec.name(), "network");
        let data_name = short_name(&plain_name(&config.dataset), "data");
        let dir = RunDir::create(out, &network_name, &data_name)?;
        dir.write_config(config)?;
        if let Some(file) = &self.plan.network_file {
            dir.write_network(file)?;
        }
        dir.write_dataset(&self.plan.info)?;
        if let Some(started) = &started_from {
            dir.write_start(started)?;
        }
        let schedule = Schedule::new(
            &config.schedule,
            config.optimizer.lr(),
            config.epochs,
            self.plan.train.batches(),
        );
        Run {
            optimizer,
            network,
            started_from,
            schedule,
            dir,
            history: Vec::new(),
            best: None,
            last_good: None,
            started: Instant::now(),
            trainer: self,
        }
        .go()
    }
}

/// The network that a run starts from, and what of it is from a file of weights.
fn first_network(
    plan: &Plan,
    start: Option<Start>,
) -> Result<(Network, Option<StartedFrom>), TrainError> {
    let device = plan.selected.device.clone().autodiff();
    let mut network = plan.spec.build(plan.train.shape(), &device)?;
    // A whole file brings the weights that whiten.
    let draws = start.as_ref().is_none_or(|start| start.partial);
    if let Some(loader) = plan.whitening.as_ref().filter(|_| draws) {
        let mut failed = None;
        let batches = loader.epoch(0).map_while(|batch| match batch {
            Ok(batch) => Some(batch.to_tensors(&device).images),
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

/// A run under way.
struct Run<'a> {
    trainer: Trainer<'a>,
    network: Network,
    started_from: Option<StartedFrom>,
    optimizer: Optimizer,
    schedule: Schedule,
    dir: RunDir,
    history: Vec<EpochDone>,
    /// The best epoch so far: its row in the history.
    best: Option<EpochDone>,
    last_good: Option<PathBuf>,
    started: Instant,
}

impl Run<'_> {
    fn go(mut self) -> Result<RunSummary, TrainError> {
        self.emit(&Event::RunStarted(self.description()))?;
        let epochs = self.trainer.plan.config.epochs;
        for epoch in 1..=epochs {
            if !self.train_epoch(epoch)? {
                let path = self
                    .dir
                    .write_weights(Weights::Last, &self.network, epoch)?;
                self.emit(&Event::CheckpointWritten { epoch, path })?;
                return self.end(Status::Interrupted, None);
            }
        }
        let seconds = self.started.elapsed().as_secs_f64();
        let best = self.dir.load_weights(Weights::Best, self.network.valid())?;
        let test = evaluate(&best, &self.trainer.plan.test, self.device())?;
        if !test.loss.is_finite() {
            return Err(self.diverged(test.loss, epochs, "on the test set".into()));
        }
        self.end(Status::Done, Some((test, seconds)))
    }

    /// Trains and validates an epoch. `false` if it was interrupted.
    fn train_epoch(&mut self, epoch: usize) -> Result<bool, TrainError> {
        let started = Instant::now();
        let mut tally = Tally::default();
        let mut lr = 0.0;
        let mut last_batch = None;
        let steps = self.trainer.plan.train.batches();
        let mut batches = self.trainer.plan.train.epoch(epoch as u64);
        for step in 1..=steps {
            let batch = batches.next().expect("a loader counts its batches")?;
            let (index, images) = (step - 1, batch.len());
            let global = (epoch - 1) * steps + index;
            lr = self.schedule.lr(global);
            if step == steps && self.trainer.plan.valid.is_none() {
                last_batch = Some(batch.clone());
            }
            let scores = self.step(batch, global, lr, epoch, step)?;
            tally.add(scores, images);
            self.emit(&Event::StepDone(StepDone {
                epoch,
                step,
                global_step: global + 1,
                images,
                batch: scores,
                epoch_so_far: tally.scores(),
                lr,
            }))?;
            if self
                .trainer
                .stop
                .is_some_and(|stop| stop.load(Ordering::Relaxed))
            {
                return Ok(false);
            }
        }

        let data_seconds = batches.waited().as_secs_f64();
        let inference = self.network.valid();
        let valid = match &self.trainer.plan.valid {
            Some(loader) => Some(evaluate(&inference, loader, self.device())?),
            None => None,
        };
        // No weights are written that do not give a loss. Without validation
        // images, those of the last step tell.
        let check = match valid {
            Some(valid) => valid,
            None => {
                let batch = last_batch.expect("kept when there is no validation");
                score(&inference, batch, self.device())?
            }
        };
        if !check.loss.is_finite() {
            return Err(self.diverged(check.loss, epoch, "after its last step".into()));
        }
        let mut row = EpochDone {
            epoch,
            train: tally.scores(),
            valid,
            lr,
            seconds: started.elapsed().as_secs_f64(),
            data_seconds,
            best: false,
        };
        row.best = self.best.is_none_or(|best| better(&row, &best));

        let last = self.dir.write_weights(Weights::Last, &inference, epoch)?;
        self.last_good = Some(last.clone());
        self.emit(&Event::CheckpointWritten { epoch, path: last })?;
        if row.best {
            let path = self.dir.write_weights(Weights::Best, &inference, epoch)?;
            self.emit(&Event::CheckpointWritten { epoch, path })?;
            self.best = Some(row);
        }
        self.history.push(row);
        self.write_history()?;
        self.emit(&Event::EpochDone(row))?;
        Ok(true)
    }

    /// Does step `global` of the run, counted from 0: the scores of the batch before the update.
    fn step(
        &mut self,
        batch: Batch,
        global: usize,
        lr: f64,
        epoch: usize,
        step: usize,
    ) -> Result<Scores, TrainError> {
        let device = self.device().clone().autodiff();
        // What is random in a step depends on seed and step alone.
        device.seed(step_seed(self.trainer.plan.config.seed, global));
        let (loss, scores) = loss_and_scores(&self.network, batch.to_tensors(&device))?;
        if !scores.loss.is_finite() {
            return Err(self.diverged(scores.loss, epoch, format!("step {step}")));
        }
        let gradients = Gradients::of(&loss, &self.network);
        self.network = self.optimizer.step(lr, self.network.clone(), gradients);
        Ok(scores)
    }

    fn end(
        &mut self,
        status: Status,
        test: Option<(Scores, f64)>,
    ) -> Result<RunSummary, TrainError> {
        let plan = &self.trainer.plan;
        let summary = RunSummary {
            status,
            model: plan.spec.name().into(),
            dataset: plan.config.dataset.clone(),
            backend: plan.selected.backend.to_string(),
            device: plan.selected.name.clone(),
            seed: plan.config.seed,
            parameters: plan.summary.parameters(),
            weights: self.started_from.clone(),
            epochs: self.history.len(),
            best_epoch: self.best.map(|best| best.epoch),
            seconds: test.map_or_else(
                || self.started.elapsed().as_secs_f64(),
                |(_, seconds)| seconds,
            ),
            versions: Versions::current(),
            valid: self.best.and_then(|best| best.valid),
            test: test.map(|(scores, _)| scores),
            test_images: plan.test.images(),
        };
        self.dir.write_summary(&summary)?;
        self.emit(&Event::RunEnded(summary.clone()))?;
        Ok(summary)
    }

    fn description(&self) -> RunStarted {
        let plan = &self.trainer.plan;
        RunStarted {
            run: self.dir.path().into(),
            model: plan.spec.name().into(),
            form: plan.summary.form,
            parameters: plan.summary.parameters(),
            weights: self.started_from.clone(),
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

    fn write_history(&self) -> Result<(), TrainError> {
        let plan = &self.trainer.plan;
        let title = format!("{} on {}", plan.spec.name(), plan.config.dataset);
        self.dir.write_history(&self.history)?;
        self.dir.write_curves(&self.history, &title)
    }

    fn diverged(&self, loss: f64, epoch: usize, place: String) -> TrainError {
        TrainError::Diverged {
            loss,
            epoch,
            place,
            last_good: self.last_good.clone(),
        }
    }

    fn device(&self) -> &Device {
        &self.trainer.plan.selected.device
    }

    fn emit(&mut self, event: &Event) -> Result<(), TrainError> {
        self.trainer
            .observers
            .iter_mut()
            .try_for_each(|observer| observer.on_event(event))
            .map_err(TrainError::Observer)
    }
}

/// Whether an epoch is better than one before it.
fn better(new: &EpochDone, old: &EpochDone) -> bool {
    match (new.valid, old.valid) {
        (Some(new), Some(old)) => {
            new.accuracy > old.accuracy || (new.accuracy == old.accuracy && new.loss < old.loss)
        }
        // Without validation there is nothing to choose by.
        _ => true,
    }
}

/// The seed of the device for a step: SplitMix64's output function (Steele, Lea
/// and Flood, 2014) over seed and step.
fn step_seed(seed: u64, step: usize) -> u64 {
    let mut z = seed.wrapping_add((step as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_epoch_has_the_highest_accuracy_then_the_lowest_loss() {
        let row = |accuracy, loss| {
            let scores = Scores { loss, accuracy };
            EpochDone {
                epoch: 1,
                train: scores,
                valid: Some(scores),
                lr: 0.1,
                seconds: 1.0,
                data_seconds: 0.1,
                best: false,
            }
        };
        assert!(better(&row(0.9, 2.0), &row(0.8, 1.0)));
        assert!(!better(&row(0.8, 1.0), &row(0.9, 2.0)));
        assert!(better(&row(0.9, 1.0), &row(0.9, 2.0)));
        assert!(!better(&row(0.9, 1.0), &row(0.9, 1.0)));
    }

    #[test]
    fn seeds_of_steps_differ() {
        let mut seeds: Vec<u64> = (0..100)
            .flat_map(|s| (0..100).map(move |step| step_seed(s, step)))
            .collect();
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), 10_000);
    }
}
