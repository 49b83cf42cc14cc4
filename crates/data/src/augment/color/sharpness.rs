use serde::{Deserialize, Serialize};

use super::{blend::fused, check_factor, check_grey_or_rgb, half};
use crate::augment::{
    Draw, Image, Step,
    parameter::{Problem, check_probability},
};

/// Sharpens or blurs, with probability `p`: torchvision's `RandomAdjustSharpness`.
/// Images of at most 2 pixels a side stay as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
                let (above, rows) = rows.split_at(width);
                let (here, below) = rows.split_at(width);
                let columns = above.windows(3).zip(here.windows(3)).zip(below.windows(3));
                for (((above, here), below), new) in columns.zip(&mut new[1..]) {
                    let three = |row: &[u8]| row.iter().map(|&level| u16::from(level)).sum::<u16>();
                    let sum = three(above) + three(here) + three(below) + 4 * u16::from(here[1]);
                    // To the nearest; sum / 13 never lies in the middle.
                    let blurred = f32::from((2 * sum + 13) / 26);
                    let level = f32::from(here[1]);
                    *new = fused(blurred - level, rest, level) as u8;
                }
            }
        }
    });
}
