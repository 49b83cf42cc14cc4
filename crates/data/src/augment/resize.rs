use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{
    Augment, Draw, Image, Interpolation, Step,
    parameter::{Problem, Size},
};

/// Makes the image larger or smaller: torchvision's `Resize`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Resize {
    /// `[height, width]` in pixels. One number is the shorter side; the longer
    /// one keeps the proportion, rounded down.
    pub size: Size,
    /// How values between pixels are found. Left out: `bilinear`.
    #[serde(default = "bilinear")]
    pub interpolation: Interpolation,
    /// Whether an image that gets smaller is the mean of all its pixels, and not
    /// of the four around each place; means nothing to `nearest`. Left out: true.
    #[serde(default = "yes")]
    pub antialias: bool,
}

fn bilinear() -> Interpolation {
    Interpolation::Bilinear
}

fn yes() -> bool {
    true
}

impl Resize {
    /// To `size`, with torchvision's defaults for the rest.
    #[must_use]
    pub fn new(size: Size) -> Self {
        Self {
            size,
            interpolation: Interpolation::Bilinear,
            antialias: true,
        }
    }

    /// `[height, width]` of what becomes of an image.
    fn size(&self, [_, height, width]: [usize; 3]) -> [usize; 2] {
        let (short, long) = (height.min(width), height.max(width));
        match self.size {
            Size::Rectangle(size) => size,
            Size::Square(to) if height <= width => [to, to * long / short],
            Size::Square(to) => [to * long / short, to],
        }
    }
}

impl Step for Resize {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        self.size.check("size")?;
        let [height, width] = self.size(shape);
        Size::Rectangle([height, width]).check("size")?;
        Ok([shape[0], height, width])
    }

    fn apply(&self, image: &mut Image, _: &mut Draw) {
        let size = self.size(image.shape());
        resize(image, size, self.interpolation, self.antialias);
    }

    fn for_evaluation(&self, _: [usize; 3]) -> Option<Augment> {
        Some(self.clone().into())
    }
}

/// Makes the image `[height, width]` large.
pub(crate) fn resize(
    image: &mut Image,
    [height, width]: [usize; 2],
    interpolation: Interpolation,
    antialias: bool,
) {
    let [channels, old_height, old_width] = image.shape();
    if interpolation == Interpolation::Nearest {
        return nearest(image, [height, width]);
    }
    // First the rows, then the columns, with bytes between, as in PyTorch.
    if width != old_width {
        let axis = Axis::new(old_width, width, antialias);
        image.redraw_with([channels, old_height, width], |old, new, scratch| {
            let weights = &mut scratch.weights;
            for column in 0..width {
                let first = axis.weigh(column, weights);
                let rows = old.chunks_exact(old_width);
                for (old, new) in rows.zip(new.chunks_exact_mut(width)) {
                    let terms = old[first..].iter().zip(&*weights);
                    let sum: i32 = terms
                        .map(|(&pixel, weight)| i32::from(pixel) * weight)
                        .sum();
                    new[column] = axis.byte(sum);
                }
            }
        });
    }
    if height != old_height {
        let axis = Axis::new(old_height, height, antialias);
        image.redraw_with([channels, height, width], |old, new, scratch| {
            let (weights, sums) = (&mut scratch.weights, &mut scratch.sums);
            for row in 0..height {
                let first = axis.weigh(row, weights);
                let planes = old.chunks_exact(old_height * width);
                for (old, new) in planes.zip(new.chunks_exact_mut(height * width)) {
                    sums.clear();
                    sums.resize(width, 0);
                    let rows = old[first * width..].chunks_exact(width);
                    for (pixels, weight) in rows.zip(&*weights) {
                        for (sum, &pixel) in sums.iter_mut().zip(pixels) {
                            *sum += i32::from(pixel) * weight;
                        }
                    }
                    for (new, &sum) in new[row * width..].iter_mut().zip(&*sums) {
                        *new = axis.byte(sum);
                    }
                }
            }
        });
    }
}

fn nearest(image: &mut Image, [height, width]: [usize; 2]) {
    let [channels, old_height, old_width] = image.shape();
    // In `f32`, as PyTorch: its rounding decides between two pixels.
    let place = |at: usize, old: usize, new: usize| {
        let scale = old as f32 / new as f32;
        ((at as f32 * scale) as usize).min(old - 1)
    };
    image.redraw([channels, height, width], |old, new| {
        let planes = old.chunks_exact(old_height * old_width);
        for (old, new) in planes.zip(new.chunks_exact_mut(height * width)) {
            for (row, new) in new.chunks_exact_mut(width).enumerate() {
                let old = &old[place(row, old_height, height) * old_width..];
                for (column, new) in new.iter_mut().enumerate() {
                    *new = old[place(column, old_width, width)];
                }
            }
        }
    });
}

/// How the pixels of one side become fewer or more.
struct Axis {
    old: usize,
    /// Old pixels to a new one.
    scale: f64,
    /// How far, in old pixels, one reaches that gets a weight.
    reach: f64,
    /// Weights are in units of 2 to the minus this.
    bits: u32,
}

impl Axis {
    fn new(old: usize, new: usize, antialias: bool) -> Self {
        let scale = old as f64 / new as f64;
        let reach = if antialias { scale.max(1.0) } else { 1.0 };
        let mut axis = Self {
            old,
            scale,
            reach,
            bits: 0,
        };
        // As many bits as PyTorch takes: the largest weight fits into 15.
        let largest = (0..new).flat_map(|at| axis.shares(at)).fold(0.0, f64::max);
        let fits = |bits: &u32| ((largest * f64::from(1 << (bits + 1)) + 0.5) as i32) < 1 << 15;
        axis.bits = (0..22).take_while(fits).count() as u32;
        axis
    }

    /// The old pixels that new pixel `at` is made of.
    fn pixels(&self, at: usize) -> Range<usize> {
        let middle = self.middle(at);
        // A negative number becomes 0.
        let first = (middle - self.reach + 0.5) as usize;
        first..((middle + self.reach + 0.5) as usize).min(self.old)
    }

    /// Where the middle of new pixel `at` is.
    fn middle(&self, at: usize) -> f64 {
        (at as f64 + 0.5) * self.scale
    }

    /// Their shares in it: a triangle around its middle, of sum 1 also at the
    /// border.
    fn shares(&self, at: usize) -> impl Iterator<Item = f64> {
        let (middle, reach) = (self.middle(at), self.reach);
        let share = move |pixel: usize| {
            let away = (pixel as f64 + 0.5 - middle) / reach;
            (1.0 - away.abs()).max(0.0)
        };
        let sum: f64 = self.pixels(at).map(share).sum();
        self.pixels(at).map(move |pixel| share(pixel) / sum)
    }

    /// The shares as whole numbers, and the first pixel that has one.
    fn weigh(&self, at: usize, weights: &mut Vec<i32>) -> usize {
        let one = f64::from(1 << self.bits);
        weights.clear();
        weights.extend(self.shares(at).map(|share| (share * one + 0.5) as i32));
        self.pixels(at).start
    }

    /// The byte of a weighted sum.
    fn byte(&self, sum: i32) -> u8 {
        ((sum + (1 << self.bits >> 1)) >> self.bits).clamp(0, 255) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::golden::Case;

    #[test]
    fn sizes_are_torchvisions() {
        for case in Case::all("geometry.json") {
            if case.step == "resize" {
                let mut image = case.image();
                let size = case.parameter("size");
                let (mode, antialias) = (case.parameter("mode"), case.parameter("antialias"));
                let resize = Resize {
                    interpolation: mode,
                    antialias,
                    ..Resize::new(size)
                };
                let [height, width] = resize.size(image.shape());
                super::resize(&mut image, [height, width], mode, antialias);
                case.check(&image, 0);
            }
        }
    }

    #[test]
    fn one_number_is_the_shorter_side() {
        let resize = Resize::new(Size::Square(10));
        assert_eq!(resize.check([3, 20, 33]).unwrap(), [3, 10, 16]);
        assert_eq!(resize.check([3, 33, 20]).unwrap(), [3, 16, 10]);
        assert_eq!(resize.check([3, 1, 2000]).unwrap_err().key, "size");
        let none = Resize::new(Size::Rectangle([0, 4]));
        assert_eq!(none.check([3, 4, 4]).unwrap_err().key, "size");
    }
}
