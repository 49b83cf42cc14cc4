//! Changes that mix the image with a duller one: with black, with its mean, with
//! its greys. A factor of 0 gives the dull image, 1 the image as it is, and more
//! than 1 goes away from the dull one.

use super::{grayscale::luma, levels::look_up};
use crate::augment::Image;

/// `a × b + c`, rounded once: what PyTorch's kernels compute on machines that
/// multiply and add in one instruction. The product is exact in `f64`.
pub(crate) fn fused(a: f32, b: f32, c: f32) -> f32 {
    (f64::from(a) * f64::from(b) + f64::from(c)) as f32
}

/// `factor` parts of an image and the rest of another, cut to a byte.
#[derive(Debug, Clone, Copy)]
struct Blend {
    factor: f32,
    rest: f32,
}

impl Blend {
    fn new(factor: f64) -> Self {
        Self {
            factor: factor as f32,
            rest: (1.0 - factor) as f32,
        }
    }

    fn of(self, level: u8, other: f32) -> u8 {
        fused(other, self.rest, f32::from(level) * self.factor) as u8
    }
}

/// `factor`, from 0, times each level.
pub(crate) fn brightness(image: &mut Image, factor: f64) {
    let factor = factor as f32;
    let table = std::array::from_fn(|level| (level as f32 * factor) as u8);
    look_up(image.pixels_mut(), &table);
}

/// Mixes a grey or RGB image with the mean of its greys.
pub(crate) fn contrast(image: &mut Image, factor: f64) {
    let plane = image.plane();
    let sum: u64 = match planes(image) {
        Some([red, green, blue]) => (red.iter().zip(green).zip(blue))
            .map(|((red, green), blue)| u64::from(luma(*red, *green, *blue)))
            .sum(),
        None => image.pixels().iter().map(|&level| u64::from(level)).sum(),
    };
    let mean = sum as f32 / plane as f32;
    let blend = Blend::new(factor);
    let table = std::array::from_fn(|level| blend.of(level as u8, mean));
    look_up(image.pixels_mut(), &table);
}

/// Mixes each pixel of an RGB image with its grey. Leaves a grey image as it is.
pub(crate) fn saturation(image: &mut Image, factor: f64) {
    let Some([red, green, blue]) = planes(image) else {
        return;
    };
    let blend = Blend::new(factor);
    for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
        let grey = f32::from(luma(*red, *green, *blue));
        *red = blend.of(*red, grey);
        *green = blend.of(*green, grey);
        *blue = blend.of(*blue, grey);
    }
}

/// Red, green and blue of an image that has three channels.
pub(super) fn planes(image: &mut Image) -> Option<[&mut [u8]; 3]> {
    let plane = image.plane();
    if image.shape()[0] != 3 {
        return None;
    }
    let (red, others) = image.pixels_mut().split_at_mut(plane);
    let (green, blue) = others.split_at_mut(plane);
    Some([red, green, blue])
}
