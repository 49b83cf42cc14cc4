//! Random changes of training images, each a value that serde reads.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::{
    DataError,
    random::{Purpose, generator},
};

/// A random change of an image.
///
/// As TOML, in a list: `augment = [{ random_crop = { padding = 2 } }]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Augment {
    /// Adds black pixels on every side and cuts out an image of the size before
    /// at a random place: torchvision's `RandomCrop(size, padding)`. Every shift
    /// of up to `padding` pixels in each direction is equally likely.
    RandomCrop {
        /// Pixels added on each side, fewer than the image has: a crop always
        /// holds some of it.
        padding: usize,
    },
}

impl Augment {
    /// Whether images of `[channels, height, width]` can be changed so.
    fn check(&self, [_, height, width]: [usize; 3]) -> Result<(), DataError> {
        match *self {
            Self::RandomCrop { padding } if padding >= height.min(width) => {
                Err(DataError::Augment {
                    step: "random_crop",
                    problem: format!(
                        "padding {padding} is not below the {height}×{width} pixels of an image"
                    ),
                })
            }
            Self::RandomCrop { .. } => Ok(()),
        }
    }
}

/// What is done to an image: changes in order, drawn by a seed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Augmentation {
    steps: Vec<Augment>,
    seed: u64,
    shape: [usize; 3],
}

impl Augmentation {
    /// The changes of images of `shape`, `[channels, height, width]`.
    pub fn new(steps: Vec<Augment>, seed: u64, shape: [usize; 3]) -> Result<Self, DataError> {
        steps.iter().try_for_each(|step| step.check(shape))?;
        Ok(Self { steps, seed, shape })
    }

    /// Whether it does anything.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Changes `image` (bytes of the shape), which is image `index` of its data
    /// set, for `epoch`. A function of seed, epoch and index.
    pub fn apply(&self, image: &mut Vec<u8>, epoch: u64, index: usize) {
        let mut rng = generator(self.seed, Purpose::Augment, epoch, index as u64);
        for step in &self.steps {
            match step {
                Augment::RandomCrop { padding } => {
                    random_crop(image, self.shape, *padding, &mut rng)
                }
            }
        }
    }
}

fn random_crop(image: &mut Vec<u8>, shape: [usize; 3], padding: usize, rng: &mut impl Rng) {
    // Both ends are included: 2·padding + 1 places.
    let top = rng.random_range(0..=2 * padding);
    let left = rng.random_range(0..=2 * padding);
    *image = crop(image, shape, padding, [top, left]);
}

/// The image of `shape` whose corner lies at `[top, left]` in `image` padded
/// with `padding` zeros on every side.
fn crop(
    image: &[u8],
    [channels, height, width]: [usize; 3],
    padding: usize,
    [top, left]: [usize; 2],
) -> Vec<u8> {
    let mut cropped = vec![0; image.len()];
    // Columns of the result that lie on the image, and where they come from.
    let from = padding.saturating_sub(left).min(width);
    let to = (padding + width).saturating_sub(left).min(width).max(from);
    let source = (left + from).saturating_sub(padding);
    for channel in 0..channels {
        for row in 0..height {
            let Some(source_row) = (row + top).checked_sub(padding).filter(|&r| r < height) else {
                continue;
            };
            let source_at = (channel * height + source_row) * width + source;
            let at = (channel * height + row) * width;
            cropped[at + from..at + to].copy_from_slice(&image[source_at..source_at + (to - from)]);
        }
    }
    cropped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Two channels of 2×3 pixels.
    const IMAGE: [u8; 12] = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16];
    const SHAPE: [usize; 3] = [2, 2, 3];

    #[test]
    fn crops_are_torchvisions() {
        // F.crop(F.pad(torch.tensor(IMAGE).reshape(2, 2, 3), 1), top, left, 2, 3).flatten()
        for (place, expected) in [
            ([0, 0], [0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 11, 12]),
            ([1, 1], IMAGE),
            ([0, 2], [0, 0, 0, 2, 3, 0, 0, 0, 0, 12, 13, 0]),
            ([2, 1], [4, 5, 6, 0, 0, 0, 14, 15, 16, 0, 0, 0]),
        ] {
            assert_eq!(crop(&IMAGE, SHAPE, 1, place), expected, "{place:?}");
        }
    }

    #[test]
    fn padding_that_leaves_nothing_is_refused() {
        let new =
            |padding| Augmentation::new(vec![Augment::RandomCrop { padding }], 0, [1, 28, 20]);
        assert!(new(19).is_ok());
        assert!(new(20).is_err() && new(usize::MAX).is_err());
    }

    #[test]
    fn draws_every_shift_by_seed_epoch_and_index() {
        let applied = |seed, epoch, index| {
            let mut image = IMAGE.to_vec();
            let steps = vec![Augment::RandomCrop { padding: 1 }];
            Augmentation::new(steps, seed, SHAPE)
                .unwrap()
                .apply(&mut image, epoch, index);
            image
        };
        assert_eq!(applied(1, 2, 3), applied(1, 2, 3));
        let shifts: HashSet<_> = (0..200).map(|index| applied(1, 1, index)).collect();
        assert_eq!(shifts.len(), 9);
        let shifts: HashSet<_> = (0..200).map(|epoch| applied(1, epoch, 0)).collect();
        assert_eq!(shifts.len(), 9);
    }
}
