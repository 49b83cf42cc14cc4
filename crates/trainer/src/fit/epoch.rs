//! An epoch: its updates, then validation.

use std::time::Instant;

use data::Batch;

use super::{
    EndedBy, Fit,
    progress::{better, reached},
};
use crate::{
    Classifier, TrainError,
    backend::send,
    evaluate::{Tally, evaluate, score, training_loss},
    event::{EpochDone, Event, FirstBatch, Parameters, Scores, StepDone, Validated},
    gradients::{GradientMean, Gradients},
};

impl<M: Classifier> Fit<'_, '_, M> {
    /// Trains an epoch, or what is left of it, and validates. `Some` if the run is
    /// to end within it.
    pub(super) fn epoch(&mut self) -> Result<Option<EndedBy>, TrainError> {
        // What is written between two epochs is no training.
        self.mark = Instant::now();
        let epoch = self.progress.epochs + 1;
        let (train, first) = (self.data.train, self.progress.batches);
        let batches = train.batches();
        if first >= batches {
            return Err(TrainError::Source {
                problem: format!(
                    "{first} batches of epoch {epoch} are done, and an epoch has {batches} now"
                ),
            });
        }
        let accumulate = self.trainer.config.accumulate;
        let mut last_batch = None;
        let mut sum = GradientMean::default();
        let mut source = train.epoch_from(epoch as u64, first);
        self.weights_written = false;
        for step in first + 1..=batches {
            let waiting = Instant::now();
            let batch = source.next().ok_or_else(|| TrainError::Source {
                problem: format!("an epoch of {batches} batches ended after {}", step - 1),
            })??;
            self.progress.epoch_data_seconds += waiting.elapsed().as_secs_f64();
            if self.progress.updates == 0 && step == 1 {
                self.show_first(&batch)?;
            }
            if step == batches && self.data.valid.is_none() {
                last_batch = Some(batch.clone());
            }
            // Of the last update that was asked for.
            let last = self.trainer.config.stop.steps == Some(self.progress.updates + 1);
            let scored_again = last.then(|| batch.clone());
            let weight = self
                .loss
                .weight(&batch.labels, batch.soft_targets.is_some());
            let gradients = self.gradients(batch, epoch, step)?;
            let ends_group = step % accumulate == 0 || step == batches;
            let gradients = if accumulate == 1 {
                gradients
            } else {
                sum.add(gradients, weight);
                if !ends_group {
                    continue;
                }
                sum.finish()
            };
            self.update(gradients);
            self.progress.batches = step;
            if self.pending.len() >= self.trainer.config.report_every {
                self.report()?;
            }
            if let Some(batch) = scored_again {
                self.report()?;
                self.score_again(batch, epoch, step)?;
            }
            if step < batches && self.validation_is_due() {
                self.report()?;
                self.validate_between(epoch, step)?;
            }
            self.take_time();
            // The end of an epoch has its own checkpoint.
            if step < batches {
                if let Some(ended_by) = self.asked_to_stop() {
                    self.report()?;
                    self.checkpoint(None)?;
                    return Ok(Some(ended_by));
                }
                if self.checkpoint_is_due() {
                    self.report()?;
                    self.checkpoint(None)?;
                    self.mark = Instant::now();
                }
            }
        }
        drop(source);
        self.report()?;
        self.validate(epoch, last_batch)?;
        let interrupted = self.trainer.stop.and_then(|stop| stop.signal());
        Ok(interrupted.map(|_| EndedBy::Interruption))
    }

    /// The step in the run, from 1, of a step in an epoch.
    fn global_step(&self, epoch: usize, step: usize) -> usize {
        (epoch - 1) * self.data.train.batches() + step
    }

    /// The gradients of a batch. Its scores stay on the device.
    fn gradients(
        &mut self,
        batch: Batch,
        epoch: usize,
        step: usize,
    ) -> Result<Gradients, TrainError> {
        let global_step = self.global_step(epoch, step);
        // What is random in a step depends on seed and step alone.
        let seed = step_seed(self.trainer.config.seed, global_step - 1);
        self.device.seed(seed);
        let images = batch.len();
        let tensors = send(batch, &self.device);
        let network = self.network.as_ref().expect("it is put back");
        let (loss, scores) = training_loss(network, tensors, &*self.loss);
        let gradients = Gradients::of(&loss, network);
        self.pending.push(
            StepDone {
                epoch,
                step,
                global_step,
                images,
                batch: Scores::default(),
                epoch_so_far: Scores::default(),
                lr: self.schedule.lr(self.progress.updates as usize),
            },
            scores,
        );
        Ok(gradients)
    }

    /// Scores the batch of the last step with the weights that the step has led to, all that
    /// is random in it drawn as it was.
    fn score_again(&mut self, batch: Batch, epoch: usize, step: usize) -> Result<(), TrainError> {
        let global_step = self.global_step(epoch, step);
        let seed = step_seed(self.trainer.config.seed, global_step - 1);
        self.device.seed(seed);
        // Batch norms share their statistics between clones, and what `valid` gives has its own.
        let network = self.network().valid().train();
        let after = score(&network, batch, &*self.loss, &self.device)?;
        self.trainer.emit(&Event::LastStep {
            global_step,
            before: self.last_scores,
            after,
        })
    }

    fn validation_is_due(&self) -> bool {
        let every = self.trainer.config.valid_every_steps;
        every.is_some_and(|every| self.progress.updates.is_multiple_of(every))
    }

    /// Validates within an epoch.
    fn validate_between(&mut self, epoch: usize, step: usize) -> Result<(), TrainError> {
        let Some(images) = self.data.valid else {
            return Ok(());
        };
        let device = self.device.clone().inner();
        let scored = self.scored_within_epoch()?;
        let valid = evaluate(&scored, images, &*self.scored_loss, &device)?;
        let updates = self.progress.updates;
        if !valid.loss.is_finite() {
            let place = format!("after update {updates}");
            return Err(self.diverged(valid.loss, epoch, place));
        }
        let validated = Validated {
            epoch,
            global_step: self.global_step(epoch, step),
            updates,
            valid,
        };
        self.progress.validations.push(validated);
        if let Some(folder) = &self.trainer.folder {
            folder.write_validations(&self.progress.validations)?;
        }
        self.trainer.emit(&Event::Validated(validated))
    }

    fn update(&mut self, gradients: Gradients) {
        let lr = self.schedule.lr(self.progress.updates as usize);
        let network = self.network.take().expect("it is put back");
        let network = self.optimizer.step(lr, network, gradients);
        self.progress.updates += 1;
        if let Some(average) = &mut self.average {
            // Burn's own batch norms tell their newest statistics after `valid` alone.
            average.after_update(&network.valid());
        }
        self.network = Some(network);
    }

    /// Reads the scores of the steps since the last time, and tells of them.
    fn report(&mut self) -> Result<(), TrainError> {
        for mut step in self.pending.read()? {
            if !step.batch.loss.is_finite() {
                let place = format!("step {}", step.step);
                return Err(self.diverged(step.batch.loss, step.epoch, place));
            }
            self.progress.tally.add(step.batch, step.images);
            self.last_scores = step.batch;
            step.epoch_so_far = self.progress.tally.scores();
            self.trainer.emit(&Event::StepDone(step))?;
        }
        Ok(())
    }

    /// Scores the weights at the end of an epoch, and keeps them.
    fn validate(&mut self, epoch: usize, last_batch: Option<Batch>) -> Result<(), TrainError> {
        let network = self.network.as_ref().expect("it is put back");
        if let Some(average) = &mut self.average {
            average.after_epoch(epoch, &network.valid());
        }
        let scored = self.scored_network()?;
        let device = self.device.clone().inner();
        let loss = &*self.scored_loss;
        let valid = match self.data.valid {
            Some(images) => Some(evaluate(&scored, images, loss, &device)?),
            None => None,
        };
        // No weights are written that do not give a loss. Without validation
        // images, those of the last step tell.
        let check = match (valid, last_batch) {
            (Some(valid), _) => valid,
            (None, Some(batch)) => score(&scored, batch, loss, &device)?,
            (None, None) => unreachable!("kept when there is no validation"),
        };
        if !check.loss.is_finite() {
            return Err(self.diverged(check.loss, epoch, "after its last step".into()));
        }
        // Of the last update: what was learnt since may change the rate.
        let lr = self.schedule.lr(self.progress.updates as usize - 1);
        if let Some(valid) = valid {
            self.schedule.epoch_done(valid.loss);
        }
        self.take_time();

        let best_before = self.progress.best.map(|best| best.valid);
        let mut row = EpochDone {
            epoch,
            train: self.progress.tally.scores(),
            valid,
            lr,
            seconds: self.progress.epoch_seconds,
            data_seconds: self.progress.epoch_data_seconds,
            best: false,
        };
        row.best = best_before.is_none_or(|before| better(valid, before));
        self.end_epoch(row, &scored)?;
        if self.trainer.observers.iter().any(|o| o.wants_parameters()) {
            let values = self.state_of(self.network())?;
            self.trainer.emit(&Event::Parameters(Parameters {
                epoch,
                updates: self.progress.updates as usize,
                values: values.into(),
            }))?;
        }
        // Before the checkpoint: who is told of the epoch may be killed after it.
        self.trainer.emit(&Event::EpochDone(row))?;
        self.checkpoint_epoch(&row)
    }

    /// Counts an epoch, and keeps its weights.
    fn end_epoch(&mut self, row: EpochDone, scored: &M) -> Result<(), TrainError> {
        let state = self.state_of(scored)?;
        if state.check_finite().is_err() {
            return Err(self.diverged(f64::NAN, row.epoch, "in its weights".into()));
        }
        let progress = &mut self.progress;
        progress.epochs = row.epoch;
        progress.batches = 0;
        progress.tally = Tally::default();
        progress.epoch_seconds = 0.0;
        progress.epoch_data_seconds = 0.0;
        progress.history.push(row);
        progress.since_best += 1;
        if row.best {
            progress.best = Some(row);
            progress.since_best = 0;
        }
        progress.reached = reached(&progress.history, &self.trainer.config.stop);
        self.keep_epoch(&row, state)
    }

    fn show_first(&mut self, batch: &Batch) -> Result<(), TrainError> {
        if !self.trainer.observers.iter().any(|o| o.wants_first_batch()) {
            return Ok(());
        }
        let (mean, std) = match &self.trainer.normalization {
            Some(by) => (by.mean().to_vec(), by.std().to_vec()),
            None => (vec![0.0; batch.shape[1]], vec![1.0; batch.shape[1]]),
        };
        let first = FirstBatch {
            shape: batch.shape,
            values: batch.values(),
            mean,
            std,
            labels: batch.labels.clone(),
        };
        self.trainer.emit(&Event::FirstBatch(first))
    }

    pub(super) fn asked_to_stop(&self) -> Option<EndedBy> {
        let signal = self.trainer.stop.and_then(|stop| stop.signal());
        signal
            .map(|_| EndedBy::Interruption)
            .or_else(|| self.far_enough())
    }

    pub(super) fn diverged(&self, loss: f64, epoch: usize, place: String) -> TrainError {
        TrainError::Diverged {
            loss,
            epoch,
            place,
            last_good: self.last_good(),
        }
    }
}

/// The seed of the device for a step: SplitMix64's output function (Steele, Lea
/// and Flood, 2014) over seed and step.
pub(crate) fn step_seed(seed: u64, step: usize) -> u64 {
    let mut z = seed.wrapping_add((step as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

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
