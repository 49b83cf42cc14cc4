//! The learning rate of a step, as a function of the step alone.

use crate::config::{ScheduleConfig, ScheduleName};

/// A learning rate for every step of a run.
///
/// Own code instead of Burn's schedulers, which refuse rates above 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    name: ScheduleName,
    peak: f64,
    warmup: f64,
    steps: usize,
}

impl Schedule {
    /// The schedule of a run of `epochs` epochs of `steps_per_epoch` steps,
    /// whose largest learning rate is `peak`.
    #[must_use]
    pub fn new(config: &ScheduleConfig, peak: f64, epochs: usize, steps_per_epoch: usize) -> Self {
        Self {
            name: config.name,
            peak,
            warmup: config.warmup_epochs * steps_per_epoch as f64,
            steps: epochs * steps_per_epoch,
        }
    }

    /// The learning rate of step `step`, counted from 0 over the whole run.
    ///
    /// Warm-up rises linearly and reaches the peak at its end. The cosine is
    /// that of PyTorch's `CosineAnnealingLR` with `T_max` the steps after
    /// warm-up and `eta_min` 0.
    #[must_use]
    pub fn lr(&self, step: usize) -> f64 {
        let step = step as f64;
        if step < self.warmup {
            return self.peak * (step + 1.0).min(self.warmup) / self.warmup;
        }
        match self.name {
            ScheduleName::Constant => self.peak,
            ScheduleName::Cosine => {
                let done = (step - self.warmup) / (self.steps as f64 - self.warmup);
                self.peak * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(name: ScheduleName, warmup_epochs: f64) -> Vec<f64> {
        let schedule = Schedule::new(
            &ScheduleConfig {
                name,
                warmup_epochs,
            },
            2.0,
            2,
            4,
        );
        (0..8).map(|step| schedule.lr(step)).collect()
    }

    #[test]
    fn cosine_is_pytorchs() {
        // o = torch.optim.SGD([torch.zeros(1)], lr=2)
        // s = torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=8)
        // for _ in range(8): print(s.get_last_lr()); o.step(); s.step()
        let expected = [
            2.0,
            1.923_879_532,
            1.707_106_781,
            1.382_683_432,
            1.0,
            0.617_316_567,
            0.292_893_218,
            0.076_120_467,
        ];
        for (rate, expected) in rates(ScheduleName::Cosine, 0.0).iter().zip(expected) {
            assert!((rate - expected).abs() < 1e-8, "{rate} {expected}");
        }
    }

    #[test]
    fn warmup_rises_to_the_peak() {
        assert_eq!(
            rates(ScheduleName::Constant, 1.0),
            [0.5, 1.0, 1.5, 2.0, 2.0, 2.0, 2.0, 2.0]
        );
        let cosine = rates(ScheduleName::Cosine, 1.0);
        assert_eq!((cosine[3], cosine[4]), (2.0, 2.0));
        assert!(
            (cosine[6] - 1.0).abs() < 1e-12,
            "half of the way down: {cosine:?}"
        );
    }
}
