//! Random numbers as a function of a key.

use chacha20::ChaCha8Rng;
use rand::{SeedableRng, seq::SliceRandom};

/// What a stream of random numbers is for: part of its key, so that two uses of
/// one seed never share numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Shuffle = 1,
    Split = 2,
    Augment = 3,
    Mix = 4,
}

/// The generator of a key. The key is the 256-bit key of ChaCha as it stands;
/// nothing is mixed or hashed.
pub(crate) fn generator(seed: u64, purpose: Purpose, epoch: u64, index: u64) -> ChaCha8Rng {
    let mut key = [0u8; 32];
    for (slot, word) in key
        .chunks_exact_mut(8)
        .zip([seed, purpose as u64, epoch, index])
    {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// The order in which `len` items are visited in `epoch`: each of `0..len` once.
///
/// A function of its arguments alone.
#[must_use]
pub fn permutation(len: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.shuffle(&mut generator(seed, Purpose::Shuffle, epoch, 0));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visits_each_item_once_in_an_order_of_its_own() {
        let first = permutation(1000, 42, 1);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
        assert_eq!(first, permutation(1000, 42, 1));
        assert_ne!(first, permutation(1000, 42, 2));
        assert_ne!(first, permutation(1000, 43, 1));
    }
}
