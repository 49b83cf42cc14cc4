//! The values of a schedule: those given, or its own.

use super::{Anneal, ScheduleConfig, ScheduleName};

impl ScheduleConfig {
    /// Epochs of warm-up: the given ones, or the course's own.
    #[must_use]
    pub fn warmup_epochs(&self) -> f64 {
        self.warmup_epochs.unwrap_or(match self.name {
            ScheduleName::OneCycle => 0.0,
            _ => 0.5,
        })
    }

    /// The lowest rate.
    #[must_use]
    pub fn min_lr(&self) -> f64 {
        self.min_lr.unwrap_or(0.0)
    }

    /// What the rate is multiplied with.
    #[must_use]
    pub fn gamma(&self) -> f64 {
        self.gamma.unwrap_or(match self.name {
            ScheduleName::Exponential => 0.9,
            _ => 0.1,
        })
    }

    /// The power of polynomial.
    #[must_use]
    pub fn power(&self) -> f64 {
        self.power.unwrap_or(0.9)
    }

    /// The share of the updates in which one-cycle rises.
    #[must_use]
    pub fn pct_start(&self) -> f64 {
        self.pct_start.unwrap_or(0.3)
    }

    /// How many times smaller than the largest the first rate of one-cycle is.
    #[must_use]
    pub fn div_factor(&self) -> f64 {
        self.div_factor.unwrap_or(25.0)
    }

    /// How many times smaller than the first the last rate of one-cycle is.
    #[must_use]
    pub fn final_div_factor(&self) -> f64 {
        self.final_div_factor.unwrap_or(1e4)
    }

    /// The form of rise and fall of one-cycle.
    #[must_use]
    pub fn anneal(&self) -> Anneal {
        self.anneal.unwrap_or(Anneal::Cos)
    }

    /// What plateau multiplies the rate with.
    #[must_use]
    pub fn factor(&self) -> f64 {
        self.factor.unwrap_or(0.1)
    }

    /// Epochs without a better loss that plateau bears.
    #[must_use]
    pub fn patience(&self) -> u64 {
        self.patience.unwrap_or(3)
    }

    /// The share by which a loss must be lower for plateau.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold.unwrap_or(1e-4)
    }

    /// Epochs after a fall in which plateau counts none.
    #[must_use]
    pub fn cooldown(&self) -> u64 {
        self.cooldown.unwrap_or(0)
    }

    /// Puts its own values where they are left out, but for those that go by the length of
    /// the run: `step_epochs` and `milestones`.
    pub(crate) fn complete(&mut self) {
        let keys = self.name.keys();
        let takes = |key| keys.contains(&key);
        self.warmup_epochs = Some(self.warmup_epochs());
        self.min_lr = takes("min_lr").then(|| self.min_lr());
        self.gamma = takes("gamma").then(|| self.gamma());
        self.power = takes("power").then(|| self.power());
        self.pct_start = takes("pct_start").then(|| self.pct_start());
        self.div_factor = takes("div_factor").then(|| self.div_factor());
        self.final_div_factor = takes("final_div_factor").then(|| self.final_div_factor());
        self.anneal = takes("anneal").then(|| self.anneal());
        self.factor = takes("factor").then(|| self.factor());
        self.patience = takes("patience").then(|| self.patience());
        self.threshold = takes("threshold").then(|| self.threshold());
        self.cooldown = takes("cooldown").then(|| self.cooldown());
    }
}
