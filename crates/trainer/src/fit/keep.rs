//! What a training keeps on the disk, and how it goes on from there.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use models::StateDict;

use super::{Fit, Progress, epoch::step_seed, progress::reached, result::WeightDigests, settings};
use crate::{
    Classifier, TrainError,
    average::Average,
    backend::send,
    checkpoint::{AVERAGE, Checkpoint, Checkpoints, Damaged, NETWORK, OPTIMIZER},
    config::{ConfigError, check},
    event::{EpochDone, Event, Resumed, Scores, Validated},
    run_dir::{RunDir, Weights},
    start::sha256,
};

/// Told apart from the seeds of steps.
const STATISTICS: u64 = 0x5357_4120_5374_6174;

/// The folder of a training.
pub(crate) struct Folder {
    dir: RunDir,
    checkpoints: Checkpoints,
    /// What the files of weights say that they are of.
    network: String,
    /// The title of the curves.
    title: String,
    /// Whether no configuration of a run says what is trained there.
    keeps_settings: bool,
}

impl Folder {
    pub fn new(dir: RunDir, network: &str, title: &str) -> Self {
        Self {
            checkpoints: Checkpoints::of_run(dir.path()),
            dir,
            network: network.into(),
            title: title.into(),
            keeps_settings: false,
        }
    }

    /// The same, with the settings of the training in it, to which resuming holds.
    pub fn keeping_settings(self) -> Self {
        Self {
            keeps_settings: true,
            ..self
        }
    }

    /// The first epoch of SWA of the training that it holds, if that says so.
    pub fn average_begins(&self) -> Result<Option<usize>, TrainError> {
        match self.keeps_settings {
            true => settings::average_begins(&self.dir),
            false => Ok(None),
        }
    }

    /// The digests of the weights.
    pub fn digests(&self) -> Result<WeightDigests, TrainError> {
        Ok(WeightDigests {
            last: self.digest(Weights::Last)?,
            best: self.digest(Weights::Best)?,
        })
    }

    fn digest(&self, which: Weights) -> Result<Option<String>, TrainError> {
        let path = self.path(which);
        match sha256(&path) {
            Ok(digest) => Ok(Some(digest)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(TrainError::io("read", path)(e)),
        }
    }

    fn path(&self, which: Weights) -> PathBuf {
        self.dir.path().join(which.file_name())
    }

    /// Writes what was found between steps, if anything was.
    pub fn write_validations(&self, rows: &[Validated]) -> Result<(), TrainError> {
        match rows.is_empty() {
            true => Ok(()),
            false => self.dir.write_validations(rows),
        }
    }

    fn write(
        &self,
        which: Weights,
        state: &StateDict,
        epoch: usize,
    ) -> Result<PathBuf, TrainError> {
        let about = [("model", &*self.network), ("epoch", &epoch.to_string())];
        self.dir.write_weights(which, state, &about)
    }
}

impl<M: Classifier> Fit<'_, '_, M> {
    /// Goes on from the newest checkpoint of the folder that is whole, if there is one.
    pub(super) fn go_on(&mut self) -> Result<Option<Resumed>, TrainError> {
        let Some(folder) = &self.trainer.folder else {
            return Ok(None);
        };
        let checkpoints = folder.checkpoints.clone();
        let run = folder.dir.path().to_path_buf();
        let (found, damaged) = checkpoints.newest()?;
        if folder.keeps_settings {
            let config = &self.trainer.config;
            settings::check(&folder.dir, config, &self.data, found.is_some())?;
        }
        for one in &damaged {
            let message = format!("{} is passed over: {}", one.path.display(), one.problem);
            self.trainer.emit(&Event::Warning { message })?;
        }
        let Some(found) = found else {
            return match damaged.first() {
                Some(newest) => Err(no_checkpoint(&run, newest)),
                None => {
                    self.begin_anew()?;
                    Ok(None)
                }
            };
        };
        for one in &damaged {
            checkpoints.put_aside(one)?;
        }
        self.restore(&found)?;
        self.folder().dir.forget_training()?;
        found.restore_best(&run)?;
        checkpoints.sweep()?;
        if self.progress.best.is_some() {
            let best = self.folder().dir.state_dict(Weights::Best)?;
            self.best_weights = Some(best.into());
        }
        self.checkpointed = Some(self.progress.updates);
        let folder = self.folder();
        let history = &self.progress.history;
        folder.dir.write_history(history)?;
        folder.write_validations(&self.progress.validations)?;
        folder.dir.write_curves(history, &folder.title)?;
        self.write_last()?;
        let folder = self.folder();
        Ok(Some(Resumed {
            checkpoint: found.path,
            epochs: self.progress.epochs,
            batches: self.progress.batches,
            updates: self.progress.updates,
            best: self.progress.best,
            sha256: folder.digests()?,
        }))
    }

    /// Removes what was done before the first checkpoint, and is lost.
    fn begin_anew(&mut self) -> Result<(), TrainError> {
        let dir = self.folder().dir.clone();
        // What cannot be read is not there to be kept, either.
        let rows = dir.history().ok().flatten().map_or(0, |rows| rows.len());
        if rows > 0 {
            let message = format!(
                "{} has no checkpoint: it begins anew, and what its {rows} epochs left is removed",
                dir.path().display()
            );
            self.trainer.emit(&Event::Warning { message })?;
        }
        dir.forget_training()
    }

    /// That of a training that has one.
    fn folder(&self) -> &Folder {
        self.trainer
            .folder
            .as_ref()
            .expect("it was looked at before")
    }

    fn restore(&mut self, found: &Checkpoint) -> Result<(), TrainError> {
        let read = |file: &'static str| -> Result<StateDict, TrainError> {
            let path = found.path.join(file);
            let bytes = found.read(file)?.ok_or_else(|| TrainError::NotARun {
                path: found.path.clone(),
                problem: format!("there is no {file} in it"),
            })?;
            StateDict::from_safetensors(&bytes)
                .map_err(|source| TrainError::Weights { path, source })
        };
        let wrong = |file: &str| {
            let path = found.path.join(file);
            move |source| TrainError::Weights { path, source }
        };
        let network = self.network.take().expect("it is put back");
        let (network, mismatch) = read(NETWORK)?.put_into(network);
        if !mismatch.is_empty() {
            return Err(TrainError::OtherWeights {
                path: found.path.join(NETWORK),
                network: self.folder_name(),
                mismatch,
                advice: "the checkpoint is of another network".into(),
            });
        }
        let device = self.device.clone().inner();
        let updates = found.progress.updates;
        self.optimizer
            .load_state(updates, &read(OPTIMIZER)?, &device)
            .map_err(wrong(OPTIMIZER))?;
        if let Some(average) = &mut self.average {
            average
                .load_state(found.progress.averaged, &read(AVERAGE)?, &device)
                .map_err(wrong(AVERAGE))?;
        }
        self.schedule.restore(found.progress.schedule.clone());
        self.progress = found.progress.clone();
        self.progress.reached = reached(&self.progress.history, &self.trainer.config.stop);
        let config = &self.trainer.config;
        self.progress.check(config.epochs, config.stop.steps)?;
        self.network = Some(network);
        Ok(())
    }

    /// The weights that are scored: the averaged ones, as soon as there are any.
    pub(super) fn scored_network(&self) -> Result<M, TrainError> {
        // Burn's own batch norms share their statistics between clones; what `valid`
        // gives has its own.
        let network = self.network();
        let Some(average) = self.average.as_ref().filter(|kept| kept.count() > 0) else {
            return Ok(network.valid());
        };
        if !average.needs_statistics() {
            return Ok(average.applied_to(network.valid()));
        }
        let averaged = average.applied_to(network.valid()).train();
        // Dropout is at work, and draws the same whenever this is done again.
        let seed = self.trainer.config.seed ^ STATISTICS;
        self.device
            .seed(step_seed(seed, self.progress.updates as usize));
        // The images as they are in the first epoch, whichever this one is.
        let mut failed = None;
        let source = self.data.train.epoch_from(1, 0);
        let mut batches = source.map_while(|batch| match batch {
            Ok(batch) => Some(send(batch, &self.device).images),
            Err(e) => {
                failed = Some(e);
                None
            }
        });
        let network = averaged.with_statistics_of(&mut batches)?;
        drop(batches);
        match failed {
            Some(error) => Err(error),
            None => Ok(network.valid()),
        }
    }

    /// As [`scored_network`](Self::scored_network), in the middle of an epoch.
    pub(super) fn scored_within_epoch(&self) -> Result<M, TrainError> {
        // SWA has no average of what is there.
        match self.average.as_ref().is_some_and(Average::needs_statistics) {
            true => Ok(self.network().valid()),
            false => self.scored_network(),
        }
    }

    pub(super) fn state_of(&self, network: &M) -> Result<StateDict, TrainError> {
        // Burn's own batch norms tell their newest statistics after `valid` alone.
        StateDict::of(&network.valid()).map_err(|e| TrainError::Device(e.to_string()))
    }

    /// Keeps the weights of an epoch and its row.
    pub(super) fn keep_epoch(
        &mut self,
        row: &EpochDone,
        state: StateDict,
    ) -> Result<(), TrainError> {
        if let Some(folder) = &self.trainer.folder {
            folder.write(Weights::Last, &state, row.epoch)?;
            if row.best {
                folder.write(Weights::Best, &state, row.epoch)?;
            }
            folder.dir.write_history(&self.progress.history)?;
            folder
                .dir
                .write_curves(&self.progress.history, &folder.title)?;
        }
        self.weights_written = true;
        if row.best {
            self.best_weights = Some(state.into());
        }
        Ok(())
    }

    /// Writes a checkpoint at the end of an epoch, if one is due or the run ends here.
    pub(super) fn checkpoint_epoch(&mut self, row: &EpochDone) -> Result<(), TrainError> {
        let every = self.trainer.config.checkpoint.every_epochs;
        let by_epochs = every > 0 && row.epoch.is_multiple_of(every);
        let stopping = self.ended().is_some() || self.asked_to_stop().is_some();
        if by_epochs || stopping || self.checkpoint_is_due() {
            self.checkpoint(row.valid)?;
        }
        Ok(())
    }

    /// Writes the weights as they are, in the middle of an epoch.
    pub(super) fn write_last(&mut self) -> Result<(), TrainError> {
        if let Some(folder) = &self.trainer.folder {
            let scored = match self.progress.batches > 0 {
                true => self.scored_within_epoch()?,
                false => self.scored_network()?,
            };
            let state = self.state_of(&scored)?;
            let epoch = self.progress.epochs + usize::from(self.progress.batches > 0);
            folder.write(Weights::Last, &state, epoch)?;
        }
        self.weights_written = true;
        Ok(())
    }

    /// Whether one is due by updates or by time.
    pub(super) fn checkpoint_is_due(&self) -> bool {
        let config = &self.trainer.config.checkpoint;
        let by_updates = config
            .every_updates
            .is_some_and(|every| self.progress.updates.is_multiple_of(every as u64));
        let since = self.last_checkpoint.elapsed().as_secs_f64();
        let by_time = config
            .every_minutes
            .is_some_and(|minutes| since >= 60.0 * minutes);
        by_updates || by_time
    }

    /// Writes a checkpoint. `scores` are those of the epoch that ends here, if one does.
    pub(super) fn checkpoint(&mut self, scores: Option<Scores>) -> Result<(), TrainError> {
        let Some(folder) = &self.trainer.folder else {
            return Ok(());
        };
        self.progress.schedule = self.schedule.state();
        let network = self.state_of(self.network())?;
        if network.check_finite().is_err() {
            let epoch = self.progress.epochs + 1;
            return Err(self.diverged(f64::NAN, epoch, "in its weights".into()));
        }
        let optimizer = self
            .optimizer
            .state_dict()
            .map_err(|e| TrainError::Device(e.to_string()))?;
        let mut states = vec![(NETWORK, network), (OPTIMIZER, optimizer)];
        if let Some(average) = &self.average {
            self.progress.averaged = average.count();
            let average = average.state_dict();
            states.push((
                AVERAGE,
                average.map_err(|e| TrainError::Device(e.to_string()))?,
            ));
        }
        let mut files = Vec::with_capacity(states.len());
        for (name, state) in states {
            let bytes = state.to_safetensors(&[]);
            files.push((name, bytes.map_err(|e| TrainError::Device(e.to_string()))?));
        }
        let best = folder.path(Weights::Best);
        let best = self.progress.best.is_some().then_some(best.as_path());
        let path = folder
            .checkpoints
            .write(&self.progress, &files, best, scores)?;
        let keep = &self.trainer.config.checkpoint;
        folder.checkpoints.prune(keep.keep_last, keep.keep_best)?;
        self.last_checkpoint = Instant::now();
        self.checkpointed = Some(self.progress.updates);
        let (epochs, updates) = (self.progress.epochs, self.progress.updates);
        self.trainer.emit(&Event::CheckpointWritten {
            epochs,
            updates,
            path,
        })
    }

    /// The newest weights of an epoch, if any were written.
    pub(super) fn last_good(&self) -> Option<PathBuf> {
        let folder = self.trainer.folder.as_ref()?;
        Some(folder.path(Weights::Last)).filter(|path| self.has_epoch() && path.is_file())
    }

    fn has_epoch(&self) -> bool {
        !self.progress.history.is_empty()
    }

    fn folder_name(&self) -> String {
        let folder = self.trainer.folder.as_ref();
        folder.map_or_else(|| "network".into(), |folder| folder.network.clone())
    }
}

/// What of a run was done when its newest checkpoint that is whole was written; `None` without
/// any checkpoint.
///
/// # Errors
/// [`TrainError::NoCheckpoint`] if there are some and none is whole.
pub(crate) fn done(run: &Path) -> Result<Option<Progress>, TrainError> {
    let (found, damaged) = Checkpoints::of_run(run).newest()?;
    match (found, damaged.first()) {
        (Some(found), _) => Ok(Some(found.progress)),
        (None, Some(one)) => Err(no_checkpoint(run, one)),
        (None, None) => Ok(None),
    }
}

impl Progress {
    /// Steps of the run that are done, of `batches` an epoch.
    pub(crate) fn steps(&self, batches: usize) -> usize {
        self.epochs * batches + self.batches
    }

    /// Looks that a run is not to end before where it is: of `epochs`, and perhaps of so many
    /// updates.
    pub(crate) fn check(&self, epochs: usize, updates: Option<u64>) -> Result<(), ConfigError> {
        let begun = self.epochs + usize::from(self.batches > 0);
        check(
            "epochs",
            epochs,
            epochs >= begun,
            &format!("epoch {begun} was begun: it must be at least {begun}"),
        )?;
        let done = self.updates;
        match updates {
            None => Ok(()),
            Some(updates) => check(
                "stop.steps",
                updates,
                updates >= done,
                &format!("{done} updates are done: it must be at least {done}"),
            ),
        }
    }
}

fn no_checkpoint(run: &Path, newest: &Damaged) -> TrainError {
    TrainError::NoCheckpoint {
        run: run.into(),
        problem: format!("{}: {}", newest.path.display(), newest.problem),
    }
}
