use serde::{Deserialize, Serialize};

use super::{
    Draw, Image, Pair, Step,
    crop::{PaddingMode, place},
    parameter::{Problem, check_positive, require},
};

/// Blurs the image with a Gaussian of a random width, mirrored at the border:
/// torchvision's `GaussianBlur`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GaussianBlur {
    /// Pixels that are averaged, an odd number, below twice the side; of a pair,
    /// first to the side, then up and down.
    pub kernel_size: Pair<usize>,
    /// The standard deviation in pixels, or the least and most of it. Left out:
    /// `[0.1, 2.0]`.
    #[serde(default = "sigma")]
    pub sigma: Pair<f64>,
}

fn sigma() -> Pair<f64> {
    Pair::Each([0.1, 2.0])
}

impl Step for GaussianBlur {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        let [_, height, width] = shape;
        for (size, side) in self.kernel_size.values().into_iter().zip([width, height]) {
            require("kernel_size", size % 2 == 1 && size / 2 < side, || {
                format!("{size} is not an odd number below twice the {side} pixels of an image")
            })?;
        }
        check_positive("sigma", self.sigma.values(), "deviations")?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        let [least, most] = self.sigma.values();
        let sigma = draw.uniform(least, most);
        gaussian_blur(image, self.kernel_size.values(), [sigma; 2]);
    }
}

/// Blurs with a kernel of `size` pixels and deviations of `sigma`, both to the
/// side, then up and down.
fn gaussian_blur(image: &mut Image, size: [usize; 2], sigma: [f64; 2]) {
    let [_, _, width] = image.shape();
    let plane = image.plane();
    image.redraw_with(image.shape(), |old, new, scratch| {
        for (old, new) in old.chunks_exact(plane).zip(new.chunks_exact_mut(plane)) {
            let values = &mut scratch.floats;
            values.clear();
            values.extend(old.iter().map(|&pixel| f32::from(pixel)));
            Blur { size, sigma }.apply(values, width, &mut scratch.room);
            for (new, &value) in new.iter_mut().zip(&*values) {
                *new = (value + 0.5) as u8;
            }
        }
    });
}

/// A Gaussian filter.
pub(super) struct Blur {
    /// Pixels to the side, and up and down; odd.
    pub size: [usize; 2],
    /// Standard deviations in pixels, to the side, and up and down.
    pub sigma: [f64; 2],
}

impl Blur {
    /// Blurs the plane `values`, of rows of `width`, with `room` for what is
    /// needed on the way.
    pub fn apply(&self, values: &mut [f32], width: usize, room: &mut Vec<f32>) {
        let height = values.len() / width;
        let [across, down] = self.size;
        let row_len = width + across - 1;
        room.clear();
        room.resize(across + down + row_len + values.len(), 0.0);
        let (kernel_x, rest) = room.split_at_mut(across);
        let (kernel_y, rest) = rest.split_at_mut(down);
        let (row, half_done) = rest.split_at_mut(row_len);
        gaussian(kernel_x, self.sigma[0]);
        gaussian(kernel_y, self.sigma[1]);
        let rows = values.chunks_exact(width);
        for (values, out) in rows.zip(half_done.chunks_exact_mut(width)) {
            for (at, value) in row.iter_mut().enumerate() {
                *value = values[mirrored(at, across, width)];
            }
            for (at, &weight) in kernel_x.iter().enumerate() {
                add(out, &row[at..][..width], weight);
            }
        }
        values.fill(0.0);
        for (y, out) in values.chunks_exact_mut(width).enumerate() {
            for (at, &weight) in kernel_y.iter().enumerate() {
                let from = mirrored(y + at, down, height);
                add(out, &half_done[from * width..][..width], weight);
            }
        }
    }
}

/// Adds `weight · values`.
fn add(sums: &mut [f32], values: &[f32], weight: f32) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += weight * value;
    }
}

/// Which of `len` pixels lies at `at`, counted from half a kernel of `size`
/// before the first.
fn mirrored(at: usize, size: usize, len: usize) -> usize {
    let at = at as isize - (size / 2) as isize;
    place(at, len, PaddingMode::Reflect).unwrap_or(0)
}

/// The normal distribution of deviation `sigma` at whole numbers around 0, made
/// to sum to 1.
fn gaussian(kernel: &mut [f32], sigma: f64) {
    let middle = (kernel.len() / 2) as f64;
    let density = |at: usize| (-((at as f64 - middle) / sigma).powi(2) / 2.0).exp();
    let sum: f64 = (0..kernel.len()).map(density).sum();
    for (at, weight) in kernel.iter_mut().enumerate() {
        *weight = (density(at) / sum) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::golden::Case;

    #[test]
    fn blurs_are_torchvisions() {
        for case in Case::all("geometry.json") {
            if case.step == "gaussian-blur" {
                let mut image = case.image();
                gaussian_blur(&mut image, case.parameter("size"), case.parameter("sigma"));
                case.check(&image, 1);
            }
        }
    }

    #[test]
    fn kernels_that_cannot_be_are_named() {
        let with = |kernel_size, sigma| {
            let blur = GaussianBlur { kernel_size, sigma };
            blur.check([1, 4, 9]).map_err(|problem| problem.key)
        };
        assert_eq!(with(Pair::Both(7), sigma()), Ok([1, 4, 9]));
        assert_eq!(with(Pair::Each([17, 7]), sigma()), Ok([1, 4, 9]));
        assert_eq!(with(Pair::Both(9), sigma()), Err("kernel_size"));
        assert_eq!(with(Pair::Both(4), sigma()), Err("kernel_size"));
        assert_eq!(with(Pair::Both(3), Pair::Both(0.0)), Err("sigma"));
        assert_eq!(with(Pair::Both(3), Pair::Each([2.0, 1.0])), Err("sigma"));
    }
}
