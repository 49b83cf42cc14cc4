//! Learning rates that are functions of the update alone.

use std::f64::consts::PI;

use crate::config::{Anneal, ScheduleConfig, ScheduleName};

/// The learning rate over a run, without warm-up. Updates are counted from 0.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Course {
    peak: f64,
    form: Form,
}

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Constant,
    /// Falls by `gamma` at the updates of a list.
    Falls {
        gamma: f64,
        at: Vec<f64>,
    },
    /// Falls by `gamma` over each epoch of so many updates.
    Exponential {
        gamma: f64,
        epoch: f64,
        from: f64,
    },
    Cosine {
        span: Span,
        lowest: f64,
    },
    Polynomial {
        span: Span,
        lowest: f64,
        power: f64,
    },
    OneCycle(OneCycle),
}

/// The updates from the end of warm-up to the end of the run.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    from: f64,
    to: f64,
}

impl Span {
    /// The share of it that is over.
    fn done(self, update: f64) -> f64 {
        (update - self.from) / (self.to - self.from)
    }
}

impl Course {
    /// `warmup` is the updates of warm-up.
    pub fn new(
        config: &ScheduleConfig,
        peak: f64,
        epochs: usize,
        updates_per_epoch: usize,
        warmup: f64,
    ) -> Self {
        let epoch = updates_per_epoch as f64;
        let span = Span {
            from: warmup,
            to: (epochs * updates_per_epoch) as f64,
        };
        let lowest = config.min_lr();
        let form = match config.name {
            ScheduleName::Constant | ScheduleName::Plateau => Form::Constant,
            ScheduleName::Step => {
                let step = config.step_epochs.unwrap_or(epochs as f64 / 3.0);
                // Beyond a step for every update, there is nothing to tell apart.
                let count = (epochs as f64 / step).min(span.to) as usize;
                Form::Falls {
                    gamma: config.gamma(),
                    at: (1..=count)
                        .map(|n| (n as f64 * step * epoch).round())
                        .collect(),
                }
            }
            ScheduleName::MultiStep => {
                let all = epochs as f64;
                let own = || vec![0.5 * all, 0.75 * all];
                let milestones = config.milestones.clone().unwrap_or_else(own);
                Form::Falls {
                    gamma: config.gamma(),
                    at: milestones.iter().map(|m| (m * epoch).round()).collect(),
                }
            }
            ScheduleName::Exponential => Form::Exponential {
                gamma: config.gamma(),
                epoch,
                from: warmup,
            },
            ScheduleName::Cosine => Form::Cosine { span, lowest },
            ScheduleName::Linear => Form::Polynomial {
                span,
                lowest,
                power: 1.0,
            },
            ScheduleName::Polynomial => Form::Polynomial {
                span,
                lowest,
                power: config.power(),
            },
            ScheduleName::OneCycle => Form::OneCycle(OneCycle::new(config, span)),
        };
        Self { peak, form }
    }

    pub fn lr(&self, update: f64) -> f64 {
        let peak = self.peak;
        match &self.form {
            Form::Constant => peak,
            Form::Falls { gamma, at } => {
                // Ascending.
                let falls = at.partition_point(|&fall| fall <= update);
                peak * gamma.powf(falls as f64)
            }
            Form::Exponential { gamma, epoch, from } => peak * gamma.powf((update - from) / epoch),
            Form::Cosine { span, lowest } => {
                (peak - lowest) * 0.5 * (1.0 + (PI * span.done(update)).cos()) + lowest
            }
            Form::Polynomial {
                span,
                lowest,
                power,
            } => (peak - lowest) * (1.0 - span.done(update)).powf(*power) + lowest,
            Form::OneCycle(cycle) => cycle.lr(peak, update),
        }
    }
}

/// PyTorch's `OneCycleLR`: its last update is at the lowest rate.
#[derive(Debug, Clone, PartialEq)]
struct OneCycle {
    span: Span,
    /// The update, counted from the beginning of the span, at which the rise ends.
    /// Below 0 if there is none.
    top: f64,
    div_factor: f64,
    final_div_factor: f64,
    anneal: Anneal,
}

impl OneCycle {
    fn new(config: &ScheduleConfig, span: Span) -> Self {
        Self {
            span,
            top: config.pct_start() * (span.to - span.from) - 1.0,
            div_factor: config.div_factor(),
            final_div_factor: config.final_div_factor(),
            anneal: config.anneal(),
        }
    }

    fn lr(&self, peak: f64, update: f64) -> f64 {
        let first = peak / self.div_factor;
        let update = update - self.span.from;
        let last = self.span.to - self.span.from - 1.0;
        if update <= self.top {
            return self.between(first, peak, update / self.top);
        }
        let done = (update - self.top) / (last - self.top);
        self.between(peak, first / self.final_div_factor, done)
    }

    /// From `start` to `end`, of which a share is done. Of a way of no length, all is.
    fn between(&self, start: f64, end: f64, done: f64) -> f64 {
        let done = if done.is_finite() { done.min(1.0) } else { 1.0 };
        match self.anneal {
            Anneal::Cos => end + (start - end) / 2.0 * (1.0 + (PI * done).cos()),
            Anneal::Linear => start + (end - start) * done,
        }
    }
}
