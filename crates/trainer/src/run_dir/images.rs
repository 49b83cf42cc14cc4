use data::{BatchLoader, ImageDataset};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{IMAGES, RunDir, read::from_json};
use crate::{TrainError, plan::Plan};

/// What tells the images that a run goes by from others: `images.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunImages {
    train: Part,
    /// Those held out, or the data set's own, if there are any.
    valid: Option<Part>,
}

/// Of the images of one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    images: usize,
    /// SHA-256, in hexadecimal digits, of label (2 bytes, the lower one first) and pixels of
    /// one image after the other.
    sha256: String,
}

impl RunImages {
    pub fn of(plan: &Plan) -> Self {
        let part = |loader: &BatchLoader| Part::of(loader.dataset(), loader.indices());
        Self {
            train: part(&plan.train),
            valid: plan.valid.as_ref().map(part),
        }
    }

    /// What is another in `now`, in words.
    pub fn difference(&self, now: &Self) -> Option<String> {
        let training = different("training", Some(&self.train), Some(&now.train));
        training.or_else(|| different("validation", self.valid.as_ref(), now.valid.as_ref()))
    }

    /// What is another if `indices` of `images` are to be those that trained, in words.
    pub fn other_training(&self, images: &ImageDataset, indices: &[usize]) -> Option<String> {
        let now = Part::of(images, indices);
        different("training", Some(&self.train), Some(&now))
    }

    /// As [`other_training`](Self::other_training), of those that the best epoch was chosen by.
    pub fn other_validation(&self, images: &ImageDataset, indices: &[usize]) -> Option<String> {
        let now = Part::of(images, indices);
        different("validation", self.valid.as_ref(), Some(&now))
    }
}

fn different(purpose: &str, was: Option<&Part>, is: Option<&Part>) -> Option<String> {
    let count = |part: Option<&Part>| part.map_or(0, |part| part.images);
    let (before, after) = (count(was), count(is));
    if before != after {
        Some(format!(
            "there were {before} {purpose} images, and there are {after}"
        ))
    } else if was != is {
        Some(format!(
            "its {purpose} images, or their labels, are not those that it was begun with"
        ))
    } else {
        None
    }
}

impl Part {
    fn of(dataset: &ImageDataset, indices: &[usize]) -> Self {
        let mut hasher = Sha256::new();
        for &index in indices {
            hasher.update(dataset.labels()[index].to_le_bytes());
            hasher.update(dataset.image(index));
        }
        Self {
            images: indices.len(),
            sha256: format!("{:x}", hasher.finalize()),
        }
    }
}

impl RunDir {
    /// Writes what tells its images from others.
    pub(crate) fn write_images(&self, images: &RunImages) -> Result<(), TrainError> {
        self.write_json(IMAGES, images)
    }

    /// What tells its images from others, if it says so.
    pub(crate) fn images(&self) -> Result<Option<RunImages>, TrainError> {
        self.parsed(IMAGES, from_json)
    }
}
