//! Reading an image between its pixels.
//!
//! Up to three channels lie side by side in a `u64`, 21 bits each: 8 for the
//! value and 13 for the weights of an interpolation. One multiplication weighs
//! all of them, and the place and weights of a pixel are worked out once for all
//! channels. 13 bits of weight are within 0.1 of 255 levels of exact ones.

use super::{
    Fill, Image,
    line::{FRACTION_BITS, Line, Place},
};

/// Channels in a word.
const LANES: usize = 3;
const LANE_BITS: usize = 21;
/// Bits of a weight.
const WEIGHT_BITS: usize = 13;
/// The weights of the four pixels around a place add up to this.
const ONE: u64 = 1 << WEIGHT_BITS;
/// A half of a level in each lane, so that cutting off rounds.
const HALVES: u64 = (1 | 1 << LANE_BITS | 1 << (2 * LANE_BITS)) * (ONE / 2);

/// Added so that cutting a place off to `WEIGHT_BITS` rounds it.
const HALF_WEIGHT: i64 = 1 << (FRACTION_BITS - WEIGHT_BITS - 1);

/// The nearest whole pixel; none if the place is so near to halfway, by `within`
/// of it, that it has to be looked at more closely.
fn clearly_nearest(at: i64, within: i64) -> Option<i64> {
    let half = at + (1 << (FRACTION_BITS - 1));
    let down = half >> FRACTION_BITS;
    let part = half - (down << FRACTION_BITS);
    (within..=(1 << FRACTION_BITS) - within)
        .contains(&part)
        .then_some(down)
}

/// Up to three channels, with one black pixel around: so an interpolation
/// between the outermost pixels and what is outside has something to read.
pub(super) struct Source<'a> {
    pixels: &'a [u64],
    height: usize,
    width: usize,
    /// Outside of the image.
    fill: u64,
    /// Whether the fill is mixed into what lies across the border: otherwise
    /// that is mixed with black alone.
    mixes: bool,
}

/// Draws the image anew with the same shape: `row(source, y, out)` writes row
/// `y`, a word a pixel as [`Source`] gives them, once for every three channels.
///
/// Without `fill` it is black outside, and a place at the border gets what of it
/// is black once. As in torchvision, `fill` 0 is not the same: there the border is
/// weighed once more, by the part of the place that lies in the image.
pub(super) fn resample(
    image: &mut Image,
    fill: Option<&Fill>,
    mut row: impl FnMut(&Source, usize, &mut [u64]),
) {
    let [channels, height, width] = image.shape();
    let plane = height * width;
    image.redraw_with(image.shape(), |old, new, scratch| {
        let padded = (height + 2) * (width + 2);
        scratch.words.resize(padded + width, 0);
        let (pixels, out) = scratch.words.split_at_mut(padded);
        pixels.fill(0);
        for first in (0..channels).step_by(LANES) {
            let lanes = LANES.min(channels - first);
            let old = &old[first * plane..][..lanes * plane];
            match lanes {
                1 => pack::<1>(old, pixels, [height, width]),
                2 => pack::<2>(old, pixels, [height, width]),
                _ => pack::<LANES>(old, pixels, [height, width]),
            }
            let source = Source {
                pixels,
                height,
                width,
                fill: (0..lanes).fold(0, |word, lane| {
                    word | u64::from(fill.map_or(0, |fill| fill.of(first + lane)))
                        << (lane * LANE_BITS + WEIGHT_BITS)
                }),
                mixes: fill.is_some(),
            };
            let new = &mut new[first * plane..][..lanes * plane];
            for y in 0..height {
                row(&source, y, out);
                let new = &mut new[y * width..];
                match lanes {
                    1 => unpack::<1>(out, new, plane),
                    2 => unpack::<2>(out, new, plane),
                    _ => unpack::<LANES>(out, new, plane),
                }
            }
        }
    });
}

/// Writes the channels of `old` side by side into the middle of `words`.
fn pack<const N: usize>(old: &[u8], words: &mut [u64], [height, width]: [usize; 2]) {
    let rows = words.chunks_exact_mut(width + 2).skip(1).take(height);
    for (y, words) in rows.enumerate() {
        let channels: [&[u8]; N] =
            std::array::from_fn(|lane| &old[(lane * height + y) * width..][..width]);
        for (x, word) in words[1..=width].iter_mut().enumerate() {
            *word = (0..N).fold(0, |word, lane| {
                word | u64::from(channels[lane][x]) << (lane * LANE_BITS)
            });
        }
    }
}

/// Writes a row of words as rows of channels, which are `plane` bytes apart.
fn unpack<const N: usize>(words: &[u64], new: &mut [u8], plane: usize) {
    // Channel by channel: such a loop takes several words at once.
    for (lane, channel) in new.chunks_mut(plane).take(N).enumerate() {
        for (byte, word) in channel.iter_mut().zip(words) {
            // The value is in the upper 8 bits of the lane.
            *byte = (word >> (lane * LANE_BITS + WEIGHT_BITS)) as u8;
        }
    }
}

/// The part of a place behind the whole pixels, as a weight.
fn part(at: i64) -> u64 {
    (at >> (FRACTION_BITS - WEIGHT_BITS)) as u64 % ONE
}

impl Source<'_> {
    /// Words from one row to the next.
    fn stride(&self) -> usize {
        self.width + 2
    }

    /// The pixel of a column and row, which may lie outside.
    fn nearest(&self, [column, row]: [i64; 2]) -> u64 {
        if (0..self.width as i64).contains(&column) && (0..self.height as i64).contains(&row) {
            let at = (row as usize + 1) * self.stride() + column as usize + 1;
            self.pixels[at] << WEIGHT_BITS
        } else {
            self.fill
        }
    }

    /// The weighted mean of the four pixels around a place, which may lie outside.
    fn bilinear(&self, [x, y]: Place) -> u64 {
        let [x, y] = [x + HALF_WEIGHT, y + HALF_WEIGHT];
        let (column, row) = (x >> FRACTION_BITS, y >> FRACTION_BITS);
        let (last_column, last_row) = (self.width as i64 - 1, self.height as i64 - 1);
        if !(-1..=last_column).contains(&column) || !(-1..=last_row).contains(&row) {
            return self.fill;
        }
        let corner = (row + 1) as usize * self.stride() + (column + 1) as usize;
        let sum = self.mean(&self.pixels[corner..], x, y);
        if !self.mixes {
            return sum + HALVES;
        }
        let inside = |at: i64, last: i64, part: u64| {
            u64::from(at >= 0) * (ONE - part) + u64::from(at < last) * part
        };
        let [x, y] = [
            inside(column, last_column, part(x)),
            inside(row, last_row, part(y)),
        ];
        match x * y / ONE {
            ONE => sum + HALVES,
            weight => self.mix(sum, weight as i64),
        }
    }

    /// A mean of black outside, as torchvision mixes the fill into it: with what
    /// `weight`, the part that is not outside, leaves.
    fn mix(&self, sum: u64, weight: i64) -> u64 {
        (0..LANES).fold(0, |word, lane| {
            let shift = lane * LANE_BITS;
            let value = |word: u64| (word >> shift & ((1 << LANE_BITS) - 1)) as i64;
            let (fill, one) = (value(self.fill), ONE as i64);
            let mixed = (value(sum) - fill) * weight + (fill + one / 2) * one;
            word | ((mixed / one) as u64) << shift
        })
    }

    /// The mean of four pixels, cut off: `corner` begins with the first.
    fn mean(&self, corner: &[u64], x: i64, y: i64) -> u64 {
        let corner = &corner[..self.stride() + 2];
        let (first, right) = (corner[0], corner[1]);
        let (below, both) = (corner[self.stride()], corner[self.stride() + 1]);
        let (x, y) = (part(x), part(y));
        // Lanes may borrow from each other on the way: the sum is right.
        let across = right.wrapping_sub(first);
        let down = below.wrapping_sub(first);
        let twist = both.wrapping_sub(below).wrapping_sub(across);
        (first << WEIGHT_BITS)
            .wrapping_add(across.wrapping_mul(x))
            .wrapping_add(down.wrapping_mul(y))
            .wrapping_add(twist.wrapping_mul(x.wrapping_mul(y) / ONE))
    }

    /// [`bilinear`](Self::bilinear) along `line`, from `start` on.
    // By itself its loop fits into the registers.
    #[inline(never)]
    pub fn bilinear_line(&self, line: &Line, start: Place, out: &mut [u64]) {
        let rounded = start.map(|at| at + HALF_WEIGHT);
        let [by_x, by_y] = [(0, self.width), (1, self.height)]
            .map(|(axis, size)| line.within(axis, rounded[axis], size as i64 - 1, out.len()));
        let from = by_x.0.max(by_y.0);
        let to = by_x.1.min(by_y.1).max(from);
        for column in (0..from).chain(to..out.len()) {
            out[column] = self.bilinear(line.at(start, column));
        }
        // Here all four pixels are within the image.
        let [mut x, mut y] = line.at(start, from).map(|at| at + HALF_WEIGHT);
        let (pixels, stride) = (&self.pixels[self.stride() + 1..], self.stride());
        let [step_x, step_y] = line.step;
        for out in &mut out[from..to] {
            let (column, row) = (x >> FRACTION_BITS, y >> FRACTION_BITS);
            let corner = (row as usize).wrapping_mul(stride) + column as usize;
            *out = self.mean(&pixels[corner..], x, y).wrapping_add(HALVES);
            [x, y] = [x.wrapping_add(step_x), y.wrapping_add(step_y)];
        }
    }

    /// A row of places that are not on a straight line.
    pub fn bilinear_row(&self, out: &mut [u64], place: impl Fn(usize) -> Option<Place>) {
        for (column, out) in out.iter_mut().enumerate() {
            *out = place(column).map_or(self.fill, |place| self.bilinear(place));
        }
    }

    /// The pixels nearest to a row of places. About halfway between two,
    /// `rounded(axis, column)` says which (axis 0 is x).
    pub fn nearest_row(
        &self,
        out: &mut [u64],
        place: impl Fn(usize) -> Option<Place>,
        rounded: impl Fn(usize, usize) -> i64,
    ) {
        // More than single precision is off.
        let doubt = [self.width, self.height].map(|size| (size as i64) << 12);
        for (column, out) in out.iter_mut().enumerate() {
            *out = place(column).map_or(self.fill, |place| {
                self.nearest([0, 1].map(|axis| {
                    clearly_nearest(place[axis], doubt[axis])
                        .unwrap_or_else(|| rounded(axis, column))
                }))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{distribution::draws, line::place};

    #[test]
    fn a_line_is_its_places_one_by_one() {
        let mut inner = 0;
        for (start, step) in draws(|draw| {
            // From still to far too fast, in whole pixels and not.
            let reach = [0.0, 0.3, 1.0, 3.0, 1e4][draw.below(5)];
            let mut pair = |size: f64| {
                let pair = [0, 1].map(|_| draw.uniform(-size, size));
                if draw.chance(0.3) {
                    pair.map(f64::round)
                } else {
                    pair
                }
            };
            (pair(6.0), pair(reach))
        }) {
            let start = place(start.map(|at| at + 3.0)).unwrap();
            let line = Line::new(place(step).unwrap());
            let shape = [5, 6, 9];
            let mut image = Image::new((0..=255).cycle().take(270).collect(), shape);
            resample(&mut image, Some(&Fill::Grey(77)), |source, _, out| {
                source.bilinear_line(&line, start, out);
                for (column, &word) in out.iter().enumerate() {
                    assert_eq!(
                        word,
                        source.bilinear(line.at(start, column)),
                        "{start:?} {step:?}"
                    );
                    inner += usize::from(word != source.fill);
                }
            });
        }
        assert!(inner > 10_000, "{inner}");
    }
}
