use super::{blend::planes, check_grey_or_rgb};
use crate::augment::Image;
use crate::augment::random_step::random_step;

random_step! {
    /// Takes the colour away and keeps three channels, with probability `p`:
    /// torchvision's `RandomGrayscale`. Grey images stay as they are.
    RandomGrayscale, p: 0.1, check: check_grey_or_rgb, apply: grayscale
}

pub(super) fn grayscale(image: &mut Image) {
    let Some([red, green, blue]) = planes(image) else {
        return;
    };
    for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
        let grey = luma(*red, *green, *blue);
        (*red, *green, *blue) = (grey, grey, grey);
    }
}

/// The grey of a colour, with torchvision's weights, cut to a byte. They add up
/// to 0.9999.
///
/// In whole numbers: of the 2²⁴ colours, torchvision's `f32` puts three one
/// level lower, whose grey is a whole number that it narrowly misses.
pub(super) fn luma(red: u8, green: u8, blue: u8) -> u8 {
    let [red, green, blue] = [red, green, blue].map(u32::from);
    ((2989 * red + 5870 * green + 1140 * blue) / 10_000) as u8
}
