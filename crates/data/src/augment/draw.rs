use chacha20::ChaCha8Rng;
use rand::RngExt;
use rand_distr::StandardNormal;

use super::Normalization;
use crate::random::{Purpose, generator};

/// What a step may draw on: random numbers that are a function of
/// `(seed, epoch, index)`, and what the pixels become in the end.
#[derive(Debug)]
pub(crate) struct Draw<'a> {
    rng: ChaCha8Rng,
    /// How the pipeline normalises the image after its last step.
    pub normalization: &'a Normalization,
}

impl<'a> Draw<'a> {
    /// For the changes of image `index` in `epoch`.
    pub fn for_image(
        normalization: &'a Normalization,
        seed: u64,
        epoch: u64,
        index: usize,
    ) -> Self {
        Self {
            rng: generator(seed, Purpose::Augment, epoch, index as u64),
            normalization,
        }
    }

    /// For the changes of batch `batch` (from 0) of `epoch` as a whole.
    pub fn for_batch(
        normalization: &'a Normalization,
        seed: u64,
        epoch: u64,
        batch: usize,
    ) -> Self {
        Self {
            rng: generator(seed, Purpose::Mix, epoch, batch as u64),
            normalization,
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
