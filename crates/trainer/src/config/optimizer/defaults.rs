//! The constants of an optimizer: those given, or its own.

use super::{OptimizerConfig, OptimizerName};

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

    /// The rate of the AdamW beside Muon over Muon's.
    #[must_use]
    pub fn adamw_lr_scale(&self) -> f64 {
        self.adamw_lr_scale.unwrap_or(0.015)
    }
}
