//! Changes that spread the levels which an image has.

use super::{check_grey_or_rgb, levels::look_up};
use crate::augment::Image;
use crate::augment::random_step::random_step;

random_step! {
    /// Makes the levels of each channel as evenly frequent as can be, with
    /// probability `p`: torchvision's `RandomEqualize`.
    ///
    /// It is Pillow's scheme in whole numbers: a channel of which fewer than 255
    /// pixels lie below its highest level stays as it is.
    RandomEqualize, p: 0.5, check: |_| Ok(()), apply: equalize
}

random_step! {
    /// Stretches the levels of each channel to reach from 0 to 255, with
    /// probability `p`: torchvision's `RandomAutocontrast`. A channel of one
    /// level stays as it is.
    RandomAutocontrast, p: 0.5, check: check_grey_or_rgb, apply: autocontrast
}

pub(crate) fn equalize(image: &mut Image) {
    let plane = image.plane();
    for channel in image.pixels_mut().chunks_exact_mut(plane) {
        let mut histogram = [0_usize; 256];
        for &level in channel.iter() {
            histogram[usize::from(level)] += 1;
        }
        let highest = histogram.iter().rfind(|&&count| count > 0);
        let step = (plane - highest.copied().unwrap_or(plane)) / 255;
        if step == 0 {
            continue;
        }
        let mut below = step / 2;
        let table = histogram.map(|count| {
            let level = (below / step).min(255) as u8;
            below += count;
            level
        });
        look_up(channel, &table);
    }
}

pub(crate) fn autocontrast(image: &mut Image) {
    let plane = image.plane();
    for channel in image.pixels_mut().chunks_exact_mut(plane) {
        let (low, high) = channel.iter().fold((255, 0), |(low, high), &level| {
            (level.min(low), level.max(high))
        });
        if low >= high {
            continue;
        }
        let scale = f32::from(high - low) * (1.0_f64 / 255.0) as f32;
        let table = std::array::from_fn(|level| ((level as f32 - f32::from(low)) / scale) as u8);
        look_up(channel, &table);
    }
}
