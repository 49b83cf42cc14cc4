//! The training loop: any [`Classifier`] on any [`BatchSource`].

mod config;
mod epoch;
mod keep;
mod pending;
mod progress;
mod result;
mod settings;
mod source;
mod stop;

use std::{collections::HashSet, rc::Rc, sync::Arc, time::Instant};

use burn::tensor::Device;
use data::augment::Normalization;
use models::StateDict;

use self::pending::Pending;
pub use self::{
    config::FitConfig,
    progress::Reached,
    result::{FitResult, WeightDigests},
    source::{BatchSource, EpochBatches, FitData},
    stop::{EndedBy, StopFlag},
};
pub(crate) use self::{
    epoch::step_seed,
    keep::{Folder, done},
    progress::Progress,
};
use crate::{
    Classifier, TrainError,
    average::Average,
    config::AverageName,
    event::{Event, FitStarted, Observer, Resumed, Scores},
    loss::Loss,
    optim::{
        Optimizer, freeze,
        patterns::{differentiated, thaw},
    },
    run_dir::RunDir,
    schedule::Schedule,
};

/// Trains networks.
///
/// ```no_run
/// use data::{BatchLoader, Order, Split};
/// use trainer::{FitConfig, FitData, Trainer};
///
/// let digits = data::load("mnist-mini")?;
/// let split = Split::stratified(digits.train.labels(), 0.1, 42)?;
/// let order = Order::Shuffled { seed: 42 };
/// let train = BatchLoader::new(digits.train.clone(), split.train, 64, order)?;
/// let valid = BatchLoader::new(digits.train, split.valid, 64, Order::Sequential)?;
///
/// let device = burn::tensor::Device::default().autodiff();
/// let mut network = models::lenet5(10).build([1, 28, 28], &device)?;
/// let config = FitConfig { epochs: 3, ..FitConfig::default() };
/// let data = FitData { train: &train, valid: Some(&valid) };
/// let result = Trainer::new(config).fit(&mut network, &data)?;
/// println!("{:?}", result.best);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Trainer<'a> {
    config: FitConfig,
    observers: Vec<Box<dyn Observer + 'a>>,
    stop: Option<&'a StopFlag>,
    loss: Option<Rc<dyn Loss + 'a>>,
    class_counts: Vec<usize>,
    normalization: Option<Normalization>,
    folder: Option<Folder>,
}

impl<'a> Trainer<'a> {
    /// Trains by `config`.
    #[must_use]
    pub fn new(config: FitConfig) -> Self {
        Self {
            config,
            observers: Vec::new(),
            stop: None,
            loss: None,
            class_counts: Vec::new(),
            normalization: None,
            folder: None,
        }
    }

    /// Adds an observer of the events, after those added before.
    #[must_use]
    pub fn observe(self, observer: impl Observer + 'a) -> Self {
        self.observe_boxed(Box::new(observer))
    }

    pub(crate) fn observe_boxed(mut self, observer: Box<dyn Observer + 'a>) -> Self {
        self.observers.push(observer);
        self
    }

    /// Ends after the update in which `stop` is set.
    #[must_use]
    pub fn stop_when(mut self, stop: &'a StopFlag) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Makes `loss` small, in the place of the one of the configuration, and scores
    /// by it too.
    #[must_use]
    pub fn with_loss(mut self, loss: impl Loss + 'a) -> Self {
        self.loss = Some(Rc::new(loss));
        self
    }

    /// How many training images each class has, for balanced class weights in the
    /// loss of the configuration.
    #[must_use]
    pub fn class_counts(mut self, counts: Vec<usize>) -> Self {
        self.class_counts = counts;
        self
    }

    /// How the images were normalised: for observers that show them.
    #[must_use]
    pub fn normalized_by(mut self, normalization: Normalization) -> Self {
        self.normalization = Some(normalization);
        self
    }

    /// Keeps history, curves, weights and checkpoints in a folder, which is made if
    /// it is not there. If it holds checkpoints, [`fit`](Self::fit) goes on from the
    /// newest that is whole, unless the settings or the numbers of images are others.
    ///
    /// # Errors
    /// [`TrainError::Io`], or [`TrainError::InUse`] if another process trains there.
    pub fn in_folder(mut self, path: &std::path::Path) -> Result<Self, TrainError> {
        let dir = RunDir::at(path)?;
        let folder = Folder::new(dir, "network", "training");
        self.folder = Some(folder.keeping_settings());
        Ok(self)
    }

    /// As [`in_folder`](Self::in_folder), with a run folder that is at hand.
    pub(crate) fn in_run(mut self, folder: Folder) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Trains `network` on `data`. In the end it has its last weights, and nothing is frozen
    /// that was not before; those of the best epoch are in the result.
    ///
    /// On the CPU the same seed gives the same bits, unless something else in the
    /// process draws random numbers meanwhile: Burn's CPU backend has one generator.
    ///
    /// # Errors
    /// [`TrainError`]: of the configuration, the images, the device, an observer, a
    /// file, or because training diverged. `network` is then as it was; what a
    /// folder holds is whole.
    pub fn fit<M: Classifier>(
        &mut self,
        network: &mut M,
        data: &FitData<'_>,
    ) -> Result<FitResult, TrainError> {
        let (trained, result) = Fit::new(self, network.clone(), *data)?.run()?;
        *network = trained;
        Ok(result)
    }

    /// Fixes the first epoch of SWA: that of the training that it goes on with, or of its own
    /// epochs. It stays where it is when more epochs follow.
    fn fix_average(&mut self) -> Result<(), TrainError> {
        let FitConfig {
            average, epochs, ..
        } = &mut self.config;
        if average.name == AverageName::Swa && average.start_epoch.is_none() {
            if let Some(folder) = &self.folder {
                average.start_epoch = folder.average_begins()?;
            }
            average.complete(*epochs);
        }
        Ok(())
    }

    /// Tells all observers.
    pub(crate) fn emit(&mut self, event: &Event) -> Result<(), TrainError> {
        let mut observers = self.observers.iter_mut();
        let told = match event {
            Event::FirstBatch(_) => observers
                .filter(|observer| observer.wants_first_batch())
                .try_for_each(|observer| observer.on_event(event)),
            Event::Parameters(_) => observers
                .filter(|observer| observer.wants_parameters())
                .try_for_each(|observer| observer.on_event(event)),
            _ => observers.try_for_each(|observer| observer.on_event(event)),
        };
        told.map_err(TrainError::Observer)
    }
}

/// A training under way.
struct Fit<'t, 'a, M> {
    trainer: &'t mut Trainer<'a>,
    data: FitData<'t>,
    /// On a device with autodiff. Away only during an update.
    network: Option<M>,
    /// The names of what this training froze.
    frozen: HashSet<String>,
    /// That of the network, with autodiff.
    device: Device,
    loss: Rc<dyn Loss + 'a>,
    scored_loss: Rc<dyn Loss + 'a>,
    optimizer: Optimizer,
    schedule: Schedule,
    average: Option<Average>,
    progress: Progress,
    pending: Pending,
    /// Of the last step that was reported.
    last_scores: Scores,
    best_weights: Option<Arc<StateDict>>,
    /// When the time was last taken.
    mark: Instant,
    last_checkpoint: Instant,
    /// The updates of the run when the newest checkpoint was written.
    checkpointed: Option<u64>,
    /// Whether the folder has the weights of where the run is.
    weights_written: bool,
}

impl<'t, 'a, M: Classifier> Fit<'t, 'a, M> {
    /// Everything at its beginning.
    fn new(
        trainer: &'t mut Trainer<'a>,
        network: M,
        data: FitData<'t>,
    ) -> Result<Self, TrainError> {
        trainer.config.validate(&data)?;
        trainer.fix_average()?;
        let config = &trainer.config;
        let network = network.train();
        let before = differentiated(&network);
        let network = freeze(network, &config.optimizer.freeze)?;
        let frozen = &before - &differentiated(&network);
        let device = network.devices().into_iter().next();
        let device = device.ok_or(TrainError::NoParameters)?;
        let (loss, scored_loss): (Rc<dyn Loss + 'a>, Rc<dyn Loss + 'a>) = match &trainer.loss {
            Some(loss) => (Rc::clone(loss), Rc::clone(loss)),
            None => {
                let counts = &trainer.class_counts;
                let scored = config.loss.for_evaluation();
                (
                    config.loss.init(counts, &device)?.into(),
                    scored.init(counts, &device.clone().inner())?.into(),
                )
            }
        };
        let optimizer = Optimizer::new(&config.optimizer, &network)?;
        let updates_per_epoch = data.train.batches().div_ceil(config.accumulate);
        let schedule = Schedule::new(
            &config.schedule,
            config.optimizer.lr(),
            config.epochs,
            updates_per_epoch,
        );
        let average = Average::new(&config.average, config.epochs, &network);
        let now = Instant::now();
        Ok(Self {
            data,
            network: Some(network),
            frozen,
            device,
            loss,
            scored_loss,
            optimizer,
            schedule,
            average,
            progress: Progress::default(),
            pending: Pending::default(),
            last_scores: Scores::default(),
            best_weights: None,
            mark: now,
            last_checkpoint: now,
            checkpointed: None,
            weights_written: false,
            trainer,
        })
    }

    fn run(mut self) -> Result<(M, FitResult), TrainError> {
        let resumed = self.go_on()?;
        let started = self.description(resumed);
        self.trainer.emit(&Event::FitStarted(started))?;
        let ended_by = loop {
            if let Some(ended_by) = self.ended() {
                break ended_by;
            }
            if let Some(ended_by) = self.epoch()? {
                // Asked to stop in its last update, it is at its end all the same.
                break self.ended().unwrap_or(ended_by);
            }
        };
        self.finish(ended_by)
    }

    /// Whether the run is at its end, between two epochs.
    fn ended(&self) -> Option<EndedBy> {
        let FitConfig { stop, epochs, .. } = &self.trainer.config;
        let progress = &self.progress;
        let between = progress.batches == 0;
        if between && progress.epochs >= *epochs {
            Some(EndedBy::Epochs)
        } else if stop.target_accuracy.is_some() && progress.reached.is_some() {
            Some(EndedBy::TargetAccuracy)
        } else if stop
            .patience
            .is_some_and(|patience| progress.since_best >= patience)
        {
            Some(EndedBy::Patience)
        } else {
            self.far_enough()
        }
    }

    /// Whether the run ends wherever it is.
    fn far_enough(&self) -> Option<EndedBy> {
        let steps = self.trainer.config.stop.steps;
        match steps.is_some_and(|steps| self.progress.updates >= steps) {
            true => Some(EndedBy::Steps),
            false => self.out_of_time(),
        }
    }

    /// Whether the time is up.
    fn out_of_time(&self) -> Option<EndedBy> {
        let minutes = self.trainer.config.stop.minutes?;
        let up = self.progress.seconds >= 60.0 * minutes;
        up.then_some(EndedBy::Minutes)
    }

    /// Adds the time since it was last taken.
    fn take_time(&mut self) {
        let now = Instant::now();
        let seconds = (now - self.mark).as_secs_f64();
        self.mark = now;
        self.progress.seconds += seconds;
        self.progress.epoch_seconds += seconds;
    }

    fn network(&self) -> &M {
        self.network.as_ref().expect("it is put back")
    }

    fn description(&self, resumed: Option<Resumed>) -> FitStarted {
        let config = &self.trainer.config;
        let batches = self.data.train.batches();
        FitStarted {
            epochs: config.epochs,
            steps_per_epoch: batches,
            updates_per_epoch: batches.div_ceil(config.accumulate),
            train_images: self.data.train.images(),
            valid_images: self.data.valid.map_or(0, BatchSource::images),
            resumed,
        }
    }

    fn finish(mut self, ended_by: EndedBy) -> Result<(M, FitResult), TrainError> {
        if !self.weights_written {
            self.write_last()?;
        }
        // Asked to stop by an observer of the epoch, or after the last one.
        if self.checkpointed != Some(self.progress.updates) {
            let ends_epoch = self.progress.batches == 0;
            let last = self.progress.history.last().filter(|_| ends_epoch);
            self.checkpoint(last.and_then(|row| row.valid))?;
        }
        let sha256 = match &self.trainer.folder {
            Some(folder) => Some(folder.digests()?),
            None => None,
        };
        let progress = self.progress;
        let network = self.network.expect("it is put back");
        Ok((
            thaw(network, &self.frozen),
            FitResult {
                ended_by,
                history: progress.history,
                best: progress.best,
                best_weights: self.best_weights,
                reached: progress.reached,
                updates: progress.updates,
                seconds: progress.seconds,
                sha256,
            },
        ))
    }
}
