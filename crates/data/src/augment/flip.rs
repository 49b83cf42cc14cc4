use serde::{Deserialize, Serialize};

use super::{
    Draw, Image, Step,
    parameter::{Problem, check_probability},
};

/// Mirrors the image left to right, with probability `p`: torchvision's
/// `RandomHorizontalFlip`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomHorizontalFlip {
    /// How likely, 0 to 1. Left out: 0.5.
    pub p: f64,
}

impl Default for RandomHorizontalFlip {
    fn default() -> Self {
        Self { p: 0.5 }
    }
}

impl Step for RandomHorizontalFlip {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        check_probability(self.p)?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        if draw.chance(self.p) {
            horizontal_flip(image);
        }
    }
}

/// Mirrors the image top to bottom, with probability `p`: torchvision's
/// `RandomVerticalFlip`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomVerticalFlip {
    /// How likely, 0 to 1. Left out: 0.5.
    pub p: f64,
}

impl Default for RandomVerticalFlip {
    fn default() -> Self {
        Self { p: 0.5 }
    }
}

impl Step for RandomVerticalFlip {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        check_probability(self.p)?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        if draw.chance(self.p) {
            vertical_flip(image);
        }
    }
}

pub(super) fn horizontal_flip(image: &mut Image) {
    let [_, _, width] = image.shape();
    for row in image.pixels_mut().chunks_exact_mut(width) {
        row.reverse();
    }
}

pub(super) fn vertical_flip(image: &mut Image) {
    let [_, _, width] = image.shape();
    let plane = image.plane();
    image.redraw(image.shape(), |old, new| {
        for (old, new) in old.chunks_exact(plane).zip(new.chunks_exact_mut(plane)) {
            let rows = old.chunks_exact(width).rev();
            for (old, new) in rows.zip(new.chunks_exact_mut(width)) {
                new.copy_from_slice(old);
            }
        }
    });
}
