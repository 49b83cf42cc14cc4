use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde::{Deserialize, Serialize};

/// Asks a run to end after the update under way. Clones are one flag.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicUsize>);

impl StopFlag {
    /// A flag that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets it, with the number of the signal that asks for it: SIGINT is 2.
    pub fn set(&self, signal: usize) {
        self.0.store(signal, Ordering::Relaxed);
    }

    /// The number of the signal, if it is set.
    #[must_use]
    pub fn signal(&self) -> Option<usize> {
        Some(self.0.load(Ordering::Relaxed)).filter(|&signal| signal != 0)
    }

    /// What it is made of, for a handler of signals that stores their number:
    /// `signal_hook::flag::register_usize`.
    #[must_use]
    pub fn shared(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.0)
    }
}

/// What ended the training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndedBy {
    /// All epochs were done.
    Epochs,
    /// `stop.target_accuracy` was reached.
    TargetAccuracy,
    /// `stop.patience` epochs brought nothing better.
    Patience,
    /// `stop.minutes` had passed.
    Minutes,
    /// `stop.steps` were done.
    Steps,
    /// It was asked to stop.
    Interruption,
}
