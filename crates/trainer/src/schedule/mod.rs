//! The learning rate of an update.

mod course;
mod picture;
mod plateau;
#[cfg(test)]
mod tests;

use crate::config::{ScheduleConfig, ScheduleName};

use self::{course::Course, plateau::Plateau};
pub use picture::schedule_svg;
pub use plateau::ScheduleState;

/// A learning rate for every update of the optimizer in a run.
///
/// Own code instead of Burn's schedulers, which refuse rates above 1 and lack
/// plateau and one-cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    kind: Kind,
    /// Updates of warm-up; a fraction of one counts as in the straight line.
    warmup: f64,
    warmup_start: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// A function of the update.
    Course(Course),
    /// A rate that the validation losses lower.
    Plateau(Plateau),
}

impl Schedule {
    /// The schedule of a run of `epochs` epochs of `updates_per_epoch` updates,
    /// whose largest learning rate is `peak`.
    #[must_use]
    pub fn new(
        config: &ScheduleConfig,
        peak: f64,
        epochs: usize,
        updates_per_epoch: usize,
    ) -> Self {
        let warmup = config.warmup_epochs() * updates_per_epoch as f64;
        let kind = match config.name {
            ScheduleName::Plateau => Kind::Plateau(Plateau::new(config, peak)),
            _ => Kind::Course(Course::new(config, peak, epochs, updates_per_epoch, warmup)),
        };
        Self {
            kind,
            warmup,
            warmup_start: config.warmup_start,
        }
    }

    /// The learning rate of update `update`, counted from 0 over the whole run.
    ///
    /// Warm-up rises in a straight line to the rate that the course has at its end.
    #[must_use]
    pub fn lr(&self, update: usize) -> f64 {
        let update = update as f64;
        if update >= self.warmup {
            return self.after_warmup(update);
        }
        let full = self.after_warmup(self.warmup);
        match self.warmup_start {
            None => full * (update + 1.0).min(self.warmup) / self.warmup,
            Some(start) => full * (start + (1.0 - start) * update / self.warmup),
        }
    }

    /// Tells that an epoch is done, and the loss over the validation images after it.
    /// Only plateau goes by it; a loss that is no number is not better than any.
    pub fn epoch_done(&mut self, valid_loss: f64) {
        if let Kind::Plateau(plateau) = &mut self.kind {
            plateau.epoch_done(valid_loss);
        }
    }

    /// What [`lr`](Self::lr) depends on beside the update.
    #[must_use]
    pub fn state(&self) -> ScheduleState {
        match &self.kind {
            Kind::Course(_) => ScheduleState::default(),
            Kind::Plateau(plateau) => plateau.state(),
        }
    }

    /// Goes on from the state of a schedule of the same configuration.
    pub fn restore(&mut self, state: ScheduleState) {
        if let Kind::Plateau(plateau) = &mut self.kind {
            plateau.restore(state);
        }
    }

    fn after_warmup(&self, update: f64) -> f64 {
        match &self.kind {
            Kind::Course(course) => course.lr(update),
            Kind::Plateau(plateau) => plateau.lr(),
        }
    }
}
