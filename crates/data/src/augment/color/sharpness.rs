use serde::{Deserialize, Serialize};

use super::{blend::fused, check_factor, check_grey_or_rgb, half};
use crate::augment::{
    Draw, Image, Step,
    parameter::{Problem, check_probability},
};

/// Sharpens or blurs, with probability `p`: torchvision's `RandomAdjustSharpness`.
/// Images of at most 2 pixels a side stay as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RandomAdjustSharpness {
    /// From 0, which blurs, by 1, which changes nothing, upwards: 2 doubles the
    /// difference from the blurred image.
    pub sharpness_factor: f64,
    /// How likely, 0 to 1. Left out: 0.5.
    #[serde(default = "half")]
    pub p: f64,
}

impl Step for RandomAdjustSharpness {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        check_grey_or_rgb(shape[0])?;
        check_factor("sharpness_factor", self.sharpness_factor)?;
        check_probability(self.p)?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        if draw.chance(self.p) {
            sharpness(image, self.sharpness_factor);
        }
    }
}

/// Mixes the image with a blurred one, in which each pixel counts 5 and its 8
/// neighbours 1 each. The outermost pixels stay.
pub(crate) fn sharpness(image: &mut Image, factor: f64) {
    let [_, height, width] = image.shape();
    if height <= 2 || width <= 2 {
        return;
    }
    let rest = (1.0 - factor) as f32;
    let plane = image.plane();
    image.redraw(image.shape(), |old, new| {
        new.copy_from_slice(old);
        for (old, new) in old.chunks_exact(plane).zip(new.chunks_exact_mut(plane)) {
            let inner = new.chunks_exact_mut(width).skip(1);
            for (rows, new) in old.windows(3 * width).step_by(width).zip(inner) {
                let new = &mut new[1..width - 1];
                blur(rows, new);
                for (new, &level) in new.iter_mut().zip(&rows[width + 1..]) {
                    let level = f32::from(level);
                    *new = fused(f32::from(*new) - level, rest, level) as u8;
                }
            }
        }
    });
}

/// Blurs the row in the middle of three, without its ends.
fn blur(rows: &[u8], new: &mut [u8]) {
    let (above, rows) = rows.split_at(rows.len() / 3);
    let (here, below) = rows.split_at(above.len());
    let columns = (above.windows(3).zip(here.windows(3))).zip(below.windows(3));
    for (((above, here), below), new) in columns.zip(new) {
        let three = |row: &[u8]| u16::from(row[0]) + u16::from(row[1]) + u16::from(row[2]);
        let sum = three(above) + three(here) + three(below) + 4 * u16::from(here[1]);
        // To the nearest: no sum is a whole number and a half of 13.
        *new = ((2 * sum + 13) / 26) as u8;
    }
}
