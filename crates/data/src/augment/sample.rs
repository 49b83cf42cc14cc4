//! Reading an image between its pixels.
//!
//! Up to three channels lie side by side in a `u64`, 21 bits each: 8 for the
//! value and 13 for the weights of an interpolation. One multiplication weighs
//! all of them, and the place and weights of a pixel are worked out once for all
//! channels. 13 bits of weight are within 0.1 of 255 levels of exact ones.

use std::ops::Range;

use super::{Fill, Image, Interpolation};

/// Channels in a word.
const LANES: usize = 3;
const LANE_BITS: usize = 21;
/// Bits of a weight.
const WEIGHT_BITS: usize = 13;
/// The weights of the four pixels around a place add up to this.
const ONE: u64 = 1 << WEIGHT_BITS;
/// A 1 in each lane.
const EACH: u64 = 1 | 1 << LANE_BITS | 1 << (2 * LANE_BITS);

/// Bits of a [`Place`] after the point.
const FRACTION_BITS: usize = 32;
/// Added so that cutting a place off to `WEIGHT_BITS` rounds it.
const HALF_WEIGHT: i64 = 1 << (FRACTION_BITS - WEIGHT_BITS - 1);

/// A place in an image, x and y in units of 2⁻³² pixels from the centre of the
/// first pixel.
pub(super) type Place = [i64; 2];

/// A place given in pixels; none if it is too far away for a [`Place`].
pub(super) fn place([x, y]: [f64; 2]) -> Option<Place> {
    let possible = |at: f64| at.abs() < f64::from(1 << 29);
    let fixed = |at: f64| (at * (1_i64 << FRACTION_BITS) as f64).round_ties_even() as i64;
    (possible(x) && possible(y)).then(|| [fixed(x), fixed(y)])
}

/// The nearest whole pixel; halfway, the even one.
fn round(at: i64) -> i64 {
    let (down, half) = (at >> FRACTION_BITS, 1 << (FRACTION_BITS - 1));
    let part = at - (down << FRACTION_BITS);
    down + i64::from(part > half || (part == half && down % 2 != 0))
}

/// The nearest whole pixel; none if the place is so near to halfway, by `within`
/// of it, that it has to be looked at more closely.
pub(super) fn clearly_nearest(at: i64, within: i64) -> Option<i64> {
    let half = at + (1 << (FRACTION_BITS - 1));
    let down = half >> FRACTION_BITS;
    let part = half - (down << FRACTION_BITS);
    (within..=(1 << FRACTION_BITS) - within)
        .contains(&part)
        .then_some(down)
}

/// The channels of a word, with one black pixel around: interpolation between
/// the outermost pixels and nothing reads it.
pub(super) struct Source<'a> {
    pixels: &'a [u64],
    height: usize,
    width: usize,
    /// Outside of the image, ready to be written.
    fill: u64,
}

/// Draws the image anew with the same shape: `row(source, y, out)` writes row
/// `y`, a word a pixel as [`Source`] gives them, once for every three channels.
pub(super) fn resample(
    image: &mut Image,
    fill: &Fill,
    mut row: impl FnMut(&Source, usize, &mut [u64]),
) {
    let [channels, height, width] = image.shape();
    let (plane, stride) = (height * width, width + 2);
    image.redraw_with(image.shape(), |old, new, scratch| {
        let padded = stride * (height + 2);
        scratch.words.resize(padded + width, 0);
        let (pixels, out) = scratch.words.split_at_mut(padded);
        for first in (0..channels).step_by(LANES) {
            let lanes = first..channels.min(first + LANES);
            pixels.fill(0);
            for (lane, channel) in lanes.clone().enumerate() {
                let rows = old[channel * plane..][..plane].chunks_exact(width);
                let padded_rows = pixels.chunks_exact_mut(stride).skip(1);
                for (from, to) in rows.zip(padded_rows) {
                    for (&from, to) in from.iter().zip(&mut to[1..]) {
                        *to |= u64::from(from) << (lane * LANE_BITS);
                    }
                }
            }
            let source = Source {
                pixels,
                height,
                width,
                fill: lanes.clone().enumerate().fold(0, |word, (lane, channel)| {
                    word | u64::from(fill.of(channel)) << (lane * LANE_BITS + WEIGHT_BITS)
                }),
            };
            for y in 0..height {
                row(&source, y, out);
                for (lane, channel) in lanes.clone().enumerate() {
                    let new = &mut new[channel * plane + y * width..][..width];
                    for (new, &word) in new.iter_mut().zip(&*out) {
                        // The value's 8 bits are the upper ones of the lane.
                        *new = (word >> (lane * LANE_BITS + WEIGHT_BITS)) as u8;
                    }
                }
            }
        }
    });
}

/// The weights of the four pixels around a place: left and right above, then below.
fn weights([x, y]: Place) -> [u64; 4] {
    let part = |at: i64| (at >> (FRACTION_BITS - WEIGHT_BITS)) as u64 % ONE;
    let (right, below) = (part(x), part(y));
    let both = right * below / ONE;
    [ONE + both - right - below, right - both, below - both, both]
}

impl Source<'_> {
    /// Pixels in a row, with those around.
    fn stride(&self) -> usize {
        self.width + 2
    }

    /// The pixel of a column and row, which may lie outside.
    pub fn nearest(&self, [column, row]: [i64; 2]) -> u64 {
        if (0..self.height as i64).contains(&row) && (0..self.width as i64).contains(&column) {
            let at = (row as usize + 1) * self.stride() + column as usize + 1;
            self.pixels[at] << WEIGHT_BITS
        } else {
            self.fill
        }
    }

    /// The weighted mean of the four pixels around a place, which may lie
    /// outside. torchvision weighs with zeros outside, then mixes in the fill
    /// with what is missing of the weights.
    pub fn bilinear(&self, [x, y]: Place) -> u64 {
        let [x, y] = [x + HALF_WEIGHT, y + HALF_WEIGHT];
        let (column, row) = (x >> FRACTION_BITS, y >> FRACTION_BITS);
        let (width, height) = (self.width as i64, self.height as i64);
        if !(-1..width).contains(&column) || !(-1..height).contains(&row) {
            return self.fill;
        }
        let at = (row + 1) as usize * self.stride() + (column + 1) as usize;
        let weights = weights([x, y]);
        let sum = self.weigh(&self.pixels[at..], weights);
        let inside = [
            row >= 0 && column >= 0,
            row >= 0 && column + 1 < width,
            row + 1 < height && column >= 0,
            row + 1 < height && column + 1 < width,
        ];
        let weight = weights.iter().zip(inside).map(|(w, i)| w * u64::from(i));
        let weight = weight.sum::<u64>();
        if weight == ONE {
            return sum + EACH * (ONE / 2);
        }
        (0..LANES).fold(0, |word, lane| {
            let lane = lane * LANE_BITS;
            let part = |word: u64| (word >> lane & ((1 << LANE_BITS) - 1)) as i64;
            let (value, fill, one) = (part(sum), part(self.fill), ONE as i64);
            let mixed = (value - fill) * weight as i64 + (fill + one / 2) * one;
            word | ((mixed / one) as u64) << lane
        })
    }

    /// A row whose places, in pixels, are not on a straight line.
    pub fn each(
        &self,
        interpolation: Interpolation,
        out: &mut [u64],
        from: impl Fn(usize) -> [f64; 2],
    ) {
        for (column, out) in out.iter_mut().enumerate() {
            *out = match (interpolation, place(from(column))) {
                (Interpolation::Bilinear, Some(place)) => self.bilinear(place),
                (Interpolation::Nearest, Some([x, y])) => self.nearest([x, y].map(round)),
                (_, None) => self.fill,
            };
        }
    }

    /// The mean of four pixels, of which `corner` starts with the first.
    fn weigh(&self, corner: &[u64], [first, right, below, both]: [u64; 4]) -> u64 {
        let stride = self.stride();
        let corner = &corner[..stride + 2];
        corner[0] * first + corner[1] * right + corner[stride] * below + corner[stride + 1] * both
    }

    /// [`bilinear`](Self::bilinear) along a straight line: at `start`, then
    /// each pixel `step` further.
    pub fn bilinear_line(&self, start: Place, step: Place, out: &mut [u64]) {
        let at = |column: usize| [0, 1].map(|axis| start[axis] + step[axis] * column as i64);
        let ends = [self.width as i64, self.height as i64];
        // Where all four pixels are within the image, and where one may be.
        let rounded = start.map(|at| at + HALF_WEIGHT);
        let within = |margin: i64| {
            let [x, y] = [0, 1].map(|axis| {
                let bounds = -margin..ends[axis] - 1 + margin;
                columns(rounded[axis], step[axis], bounds, out.len())
            });
            x.start.max(y.start)..x.end.min(y.end)
        };
        let touched = within(1);
        let inner = within(0);
        if touched.is_empty() {
            out.fill(self.fill);
            return;
        }
        let inner = if inner.is_empty() {
            touched.start..touched.start
        } else {
            inner
        };
        out[..touched.start].fill(self.fill);
        out[touched.end..].fill(self.fill);
        for column in (touched.start..inner.start).chain(inner.end..touched.end) {
            out[column] = self.bilinear(at(column));
        }
        let [mut x, mut y] = at(inner.start).map(|at| at + HALF_WEIGHT);
        let pixels = &self.pixels[self.stride() + 1..];
        for out in &mut out[inner] {
            let (column, row) = (x >> FRACTION_BITS, y >> FRACTION_BITS);
            let corner = row as usize * self.stride() + column as usize;
            *out = self.weigh(&pixels[corner..], weights([x, y])) + EACH * (ONE / 2);
            x += step[0];
            y += step[1];
        }
    }
}

/// The columns below `count` for which `start + column · step` lies in `bounds`,
/// which are whole pixels.
fn columns(start: i64, step: i64, bounds: Range<i64>, count: usize) -> Range<usize> {
    let (low, high) = (bounds.start << FRACTION_BITS, bounds.end << FRACTION_BITS);
    let at = |column: usize| start + step * column as i64;
    // The first column that has reached `bound`, going the way of `step`: first
    // guessed, then set right, since the quotient is rounded.
    let reaches = |bound: i64, passed: &dyn Fn(i64) -> bool| {
        let guess = ((bound - start) as f64 / step as f64).clamp(0.0, count as f64) as usize;
        let mut column = guess;
        while column > 0 && passed(at(column - 1)) {
            column -= 1;
        }
        while column < count && !passed(at(column)) {
            column += 1;
        }
        column
    };
    match step {
        0 if (low..high).contains(&start) => 0..count,
        0 => 0..0,
        1.. => reaches(low, &|at| at >= low)..reaches(high, &|at| at >= high),
        _ => reaches(high, &|at| at < high)..reaches(low, &|at| at < low),
    }
}
