use chacha20::ChaCha8Rng;
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::{
    DatasetInfo,
    random::{Purpose, generator},
};

/// What a step may draw on: random numbers that are a function of
/// `(seed, epoch, index)`, and the description of the data set.
#[derive(Debug)]
pub(crate) struct Draw<'a> {
    rng: ChaCha8Rng,
    /// The data set that the image is of.
    pub info: &'a DatasetInfo,
}

impl<'a> Draw<'a> {
    /// For the changes of image `index` in `epoch`.
    pub fn for_image(info: &'a DatasetInfo, seed: u64, epoch: u64, index: usize) -> Self {
        Self {
            rng: generator(seed, Purpose::Augment, epoch, index as u64),
            info,
        }
    }

    /// For the changes of batch `batch` (from 0) of `epoch` as a whole.
    pub fn for_batch(info: &'a DatasetInfo, seed: u64, epoch: u64, batch: usize) -> Self {
        Self {
            rng: generator(seed, Purpose::Mix, epoch, batch as u64),
            info,
        }
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.rng.random::<f64>() < p
    }

    /// Uniform over `[low, high)`; `low` if they are equal.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.rng.random::<f64>()
    }

    /// A whole number below `end`, each equally likely.
    pub fn below(&mut self, end: usize) -> usize {
        self.rng.random_range(0..end)
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        self.rng.sample(StandardNormal)
    }

    /// The generator itself, for distributions.
    pub fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.rng
    }
}
