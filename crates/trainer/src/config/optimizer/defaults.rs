//! The constants of an optimizer: those given, or its own.

use super::{AdjustLr, OptimizerConfig, OptimizerName};

impl OptimizerConfig {
    /// The largest learning rate.
    #[must_use]
    pub fn lr(&self) -> f64 {
        self.lr.unwrap_or(match self.name {
            OptimizerName::Sgd => 0.05,
            OptimizerName::Adam | OptimizerName::AdamW => 2e-3,
            OptimizerName::RmsProp => 1e-3,
            OptimizerName::Adagrad => 0.01,
            OptimizerName::Lion => 2e-4,
            OptimizerName::Muon => 0.02,
        })
    }

    /// The weight decay.
    #[must_use]
    pub fn weight_decay(&self) -> f64 {
        self.weight_decay.unwrap_or(match self.name {
            OptimizerName::Sgd => 5e-4,
            OptimizerName::AdamW | OptimizerName::Muon => 0.01,
            OptimizerName::Lion => 0.1,
            OptimizerName::Adam | OptimizerName::RmsProp | OptimizerName::Adagrad => 0.0,
        })
    }

    /// The momentum; 0 for an optimizer without.
    #[must_use]
    pub fn momentum(&self) -> f64 {
        self.momentum.unwrap_or(match self.name {
            OptimizerName::Sgd => 0.9,
            OptimizerName::Muon => 0.95,
            _ => 0.0,
        })
    }

    /// Whether momentum looks ahead.
    #[must_use]
    pub fn nesterov(&self) -> bool {
        let own = self.name == OptimizerName::Muon;
        self.nesterov.unwrap_or(own)
    }

    /// What the moving averages keep; for Muon those of the AdamW beside it.
    #[must_use]
    pub fn betas(&self) -> [f64; 2] {
        self.betas.unwrap_or(match self.name {
            OptimizerName::Lion => [0.9, 0.99],
            OptimizerName::Muon => [0.9, 0.95],
            _ => [0.9, 0.999],
        })
    }

    /// What is added to deviations; for Muon those of the AdamW beside it.
    #[must_use]
    pub fn eps(&self) -> f64 {
        self.eps.unwrap_or(match self.name {
            OptimizerName::Adagrad | OptimizerName::Muon => 1e-10,
            _ => 1e-8,
        })
    }

    /// What RMSprop's average of squares keeps.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        self.alpha.unwrap_or(0.99)
    }

    /// Whether RMSprop takes the mean of the gradient off its square.
    #[must_use]
    pub fn centered(&self) -> bool {
        self.centered.unwrap_or(false)
    }

    /// How Adagrad's rate falls beside the schedule.
    #[must_use]
    pub fn lr_decay(&self) -> f64 {
        self.lr_decay.unwrap_or(0.0)
    }

    /// Where Adagrad's sum of squares begins.
    #[must_use]
    pub fn initial_accumulator(&self) -> f64 {
        self.initial_accumulator.unwrap_or(0.0)
    }

    /// What the shape of a matrix does to its rate in Muon.
    #[must_use]
    pub fn adjust_lr(&self) -> AdjustLr {
        self.adjust_lr.unwrap_or_default()
    }

    /// Puts the optimizer's own constants where they are left out.
    pub(crate) fn complete(&mut self) {
        let constants = self.name.constants();
        let has = |key| constants.contains(&key);
        self.lr = Some(self.lr());
        self.weight_decay = Some(self.weight_decay());
        self.momentum = has("momentum").then(|| self.momentum());
        // Without momentum it does nothing, and is not to be asked for.
        self.nesterov = has("nesterov").then(|| self.nesterov() && self.momentum() > 0.0);
        self.betas = has("betas").then(|| self.betas());
        self.eps = has("eps").then(|| self.eps());
        self.alpha = has("alpha").then(|| self.alpha());
        self.centered = has("centered").then(|| self.centered());
        self.lr_decay = has("lr_decay").then(|| self.lr_decay());
        self.initial_accumulator = has("initial_accumulator").then(|| self.initial_accumulator());
        self.adjust_lr = has("adjust_lr").then(|| self.adjust_lr());
        self.adamw_lr_scale = has("adamw_lr_scale").then(|| self.adamw_lr_scale());
    }

    /// The rate of the AdamW beside Muon over Muon's.
    #[must_use]
    pub fn adamw_lr_scale(&self) -> f64 {
        self.adamw_lr_scale.unwrap_or(0.015)
    }
}
