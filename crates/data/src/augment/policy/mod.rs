//! Policies: random operations of random strength, as searched or postulated by
//! their papers, in the form that torchvision's `v2` gives them for byte images.

mod auto_augment;
mod operation;
mod rand_augment;
mod space;
mod tables;

pub use auto_augment::{AutoAugment, AutoAugmentPolicy};
pub use rand_augment::{RandAugment, TrivialAugmentWide};

use super::{
    Draw, Fill, Image, Interpolation, color,
    parameter::{Problem, require},
};
use operation::Operation;
use space::{Bin, Space};

/// What a policy's operations have in common.
struct Policy<'a> {
    space: &'static Space,
    interpolation: Interpolation,
    fill: Option<&'a Fill>,
}

impl Policy<'_> {
    /// That images of `channels` can go through any operation.
    fn check(&self, channels: usize) -> Result<(), Problem> {
        color::check_grey_or_rgb(channels)?;
        self.fill
            .map_or(Ok(()), |fill| fill.check("fill", channels))
    }

    /// Applies `operation` with the strength of `bin`; to either side, if it has
    /// two, with the same probability.
    fn apply(&self, operation: Operation, bin: Bin, image: &mut Image, draw: &mut Draw) {
        let mut magnitude = self.space.magnitude(operation, bin, image.shape());
        if operation.is_signed() && draw.chance(0.5) {
            magnitude = -magnitude;
        }
        operation.apply(image, magnitude, self.interpolation, self.fill);
    }
}

fn check_bins(bins: usize) -> Result<(), Problem> {
    require("num_magnitude_bins", bins >= 2, || {
        format!("{bins} is not a number of at least 2")
    })
}

#[cfg(test)]
mod tests;
