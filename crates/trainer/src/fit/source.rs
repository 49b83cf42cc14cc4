use data::{Batch, BatchLoader};

use crate::TrainError;

/// Batches to learn from or to be scored by: a [`BatchLoader`], or a user's own.
pub trait BatchSource {
    /// Images in an epoch.
    fn images(&self) -> usize;

    /// Batches in an epoch, at least 1.
    fn batches(&self) -> usize;

    /// The batches of an epoch (counted from 1; 0 where images are scored) from
    /// batch `first` on. The same arguments must give the same batches: a run that is
    /// resumed asks for what was not done yet.
    fn epoch_from(&self, epoch: u64, first: usize) -> EpochBatches<'_>;
}

/// The batches of an epoch, or what went wrong with one: [`TrainError::Source`] of
/// a source of one's own.
pub type EpochBatches<'a> = Box<dyn Iterator<Item = Result<Batch, TrainError>> + 'a>;

impl BatchSource for BatchLoader {
    fn images(&self) -> usize {
        self.images()
    }

    fn batches(&self) -> usize {
        self.batches()
    }

    fn epoch_from(&self, epoch: u64, first: usize) -> EpochBatches<'_> {
        Box::new(Self::epoch_from(self, epoch, first).map(|batch| batch.map_err(Into::into)))
    }
}

/// What a network learns from.
#[derive(Clone, Copy)]
pub struct FitData<'a> {
    /// The images that train.
    pub train: &'a dyn BatchSource,
    /// The images that choose the best epoch, if any.
    pub valid: Option<&'a dyn BatchSource>,
}
