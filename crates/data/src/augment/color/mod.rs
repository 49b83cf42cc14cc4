//! What colours become: torchvision's `v2` transforms of colour on byte images.
//!
//! Each kernel is a plain function of the image and its factor, which the steps
//! and the policies share. Where torchvision computes in `f32`, so does the
//! kernel, in the same order, because the last bit decides on which side of a
//! level a value falls when it is cut to a byte.

mod blend;
mod grayscale;
mod histogram;
mod hue;
mod jitter;
mod levels;
mod sharpness;

use super::parameter::{LARGEST, Problem, require};

pub(super) use blend::{brightness, contrast, fused, saturation};
pub use grayscale::RandomGrayscale;
pub use histogram::{RandomAutocontrast, RandomEqualize};
pub(super) use histogram::{autocontrast, equalize};
pub use jitter::ColorJitter;
pub use levels::{RandomInvert, RandomPosterize, RandomSolarize};
pub(super) use levels::{invert, posterize, solarize};
pub use sharpness::RandomAdjustSharpness;
pub(super) use sharpness::sharpness;

/// That images are grey or RGB. It is the step itself that cannot be, and so
/// the key is its `name`.
pub(super) fn check_grey_or_rgb(channels: usize) -> Result<(), Problem> {
    require("name", matches!(channels, 1 | 3), || {
        format!("it takes images of 1 or 3 channels, and these have {channels}")
    })
}

/// A probability that is left out, in most steps.
fn half() -> f64 {
    0.5
}

/// That `factor` is a number of at least 0, and not beyond [`LARGEST`].
fn check_factor(key: &'static str, factor: f64) -> Result<(), Problem> {
    require(key, (0.0..=LARGEST).contains(&factor), || {
        format!("{factor} is not a factor, a number from 0 to {LARGEST}")
    })
}

#[cfg(test)]
mod tests;
