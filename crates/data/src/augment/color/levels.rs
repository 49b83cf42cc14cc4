//! Changes that look at each level alone.

use serde::{Deserialize, Serialize};

use super::half;
use crate::augment::random_step::random_step;
use crate::augment::{
    Draw, Image, Step,
    parameter::{Problem, check_probability, require},
};

random_step! {
    /// Turns the levels upside down, with probability `p`: torchvision's
    /// `RandomInvert`.
    RandomInvert, p: 0.5, check: |_| Ok(()), apply: invert
}

/// Keeps the `bits` highest bits of each byte and clears the others, with
/// probability `p`: torchvision's `RandomPosterize`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RandomPosterize {
    /// How many bits are kept, 0 to 8.
    pub bits: u32,
    /// How likely, 0 to 1. Left out: 0.5.
    #[serde(default = "half")]
    pub p: f64,
}

impl Step for RandomPosterize {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        require("bits", self.bits <= 8, || {
            format!("{} of a byte cannot be kept: from 0 to 8", self.bits)
        })?;
        check_probability(self.p)?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        if draw.chance(self.p) {
            posterize(image, self.bits);
        }
    }
}

/// Inverts the levels from `threshold` on, with probability `p`: torchvision's
/// `RandomSolarize`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RandomSolarize {
    /// The lowest level that is inverted, 0 to 255.
    pub threshold: f64,
    /// How likely, 0 to 1. Left out: 0.5.
    #[serde(default = "half")]
    pub p: f64,
}

impl Step for RandomSolarize {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        let threshold = self.threshold;
        require("threshold", (0.0..=255.0).contains(&threshold), || {
            format!("{threshold} is not a level, from 0 to 255")
        })?;
        check_probability(self.p)?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        if draw.chance(self.p) {
            solarize(image, self.threshold);
        }
    }
}

pub(crate) fn invert(image: &mut Image) {
    for level in image.pixels_mut() {
        *level = !*level;
    }
}

/// Keeps the `bits` highest bits, 0 to 8, of each byte.
pub(crate) fn posterize(image: &mut Image, bits: u32) {
    // Nothing is left of a byte that is moved by 8: `u8` could not say so.
    let mask = (0xff00_u16 >> bits) as u8;
    for level in image.pixels_mut() {
        *level &= mask;
    }
}

/// Inverts the levels of at least `threshold`, 0 to 255.
pub(crate) fn solarize(image: &mut Image, threshold: f64) {
    let threshold = (threshold as f32).ceil() as u8;
    for level in image.pixels_mut() {
        *level = if *level >= threshold { !*level } else { *level };
    }
}

/// Replaces each level by `table[level]`.
pub(super) fn look_up(pixels: &mut [u8], table: &[u8; 256]) {
    for level in pixels {
        *level = table[usize::from(*level)];
    }
}
