//! Images with their channels last, so that vectors run along channels.

use crate::simd::{Vectors, WIDEST};

/// Channels are padded with zeros to a multiple of this.
pub const BLOCK: usize = WIDEST;

/// Channels with their padding.
pub fn padded(channels: usize) -> usize {
    channels.next_multiple_of(BLOCK)
}

/// Where the pixels of an image `[C, H, W]` lie in one of `[height, width, padded C]`.
#[derive(Debug, Clone)]
pub struct Frame {
    pub channels: usize,
    /// Height and width of the image.
    pub size: [usize; 2],
    /// Height and width with all margins.
    pub outer: [usize; 2],
    /// Where each pixel goes, in values.
    places: Vec<usize>,
}

impl Frame {
    /// With `margin` rows above and columns to the left of the image.
    pub fn new(channels: usize, size: [usize; 2], margin: [usize; 2], outer: [usize; 2]) -> Self {
        let row = |y: usize| (y + margin[0]) * outer[1] + margin[1];
        let places = (0..size[0]).flat_map(|y| (0..size[1]).map(move |x| row(y) + x));
        Self {
            channels,
            size,
            outer,
            places: places.map(|place| place * padded(channels)).collect(),
        }
    }

    /// Pixels of the image.
    pub fn area(&self) -> usize {
        self.places.len()
    }

    /// Values of the image.
    pub fn image_len(&self) -> usize {
        self.channels * self.area()
    }

    /// Values of the framed image.
    pub fn len(&self) -> usize {
        self.outer[0] * self.outer[1] * padded(self.channels)
    }

    /// Puts an image into its frame, whose margins stay as they are.
    #[inline(always)]
    pub fn put<S: Vectors>(&self, simd: S, image: &[f32], framed: &mut [f32]) {
        let area = self.area();
        for first in (0..self.channels).step_by(BLOCK) {
            let count = BLOCK.min(self.channels - first);
            let planes = &image[first * area..][..count * area];
            for (at, places) in self.places.chunks(BLOCK).enumerate() {
                let start = at * BLOCK;
                let mut block = [[0.0; BLOCK]; BLOCK];
                for (row, plane) in block.iter_mut().zip(planes.chunks_exact(area)) {
                    copy(&plane[start..][..places.len()], row);
                }
                simd.transpose(&mut block);
                for (pixel, &place) in block.iter().zip(places) {
                    framed[place + first..][..BLOCK].copy_from_slice(pixel);
                }
            }
        }
    }

    /// Takes the image out of its frame, with `bias` of each channel added.
    #[inline(always)]
    pub fn take<S: Vectors>(
        &self,
        simd: S,
        framed: &[f32],
        bias: Option<&[f32]>,
        image: &mut [f32],
    ) {
        let area = self.area();
        for first in (0..self.channels).step_by(BLOCK) {
            let count = BLOCK.min(self.channels - first);
            let planes = &mut image[first * area..][..count * area];
            let mut added = [0.0; BLOCK];
            if let Some(bias) = bias {
                copy(&bias[first..][..count], &mut added);
            }
            for (at, places) in self.places.chunks(BLOCK).enumerate() {
                let start = at * BLOCK;
                let mut block = [[0.0; BLOCK]; BLOCK];
                for (pixel, &place) in block.iter_mut().zip(places) {
                    pixel.copy_from_slice(&framed[place + first..][..BLOCK]);
                }
                simd.transpose(&mut block);
                let rows = block.iter().zip(added);
                for ((row, added), plane) in rows.zip(planes.chunks_exact_mut(area)) {
                    let plane = &mut plane[start..][..places.len()];
                    match plane.as_chunks_mut::<BLOCK>() {
                        ([whole], []) => {
                            for (to, from) in whole.iter_mut().zip(row) {
                                *to = from + added;
                            }
                        }
                        _ => {
                            for (to, from) in plane.iter_mut().zip(row) {
                                *to = from + added;
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `from` to the beginning of `to`. Of a whole block it is one vector.
#[inline(always)]
pub fn copy(from: &[f32], to: &mut [f32; BLOCK]) {
    match from.as_chunks::<BLOCK>() {
        ([whole], []) => *to = *whole,
        _ => to[..from.len()].copy_from_slice(from),
    }
}
