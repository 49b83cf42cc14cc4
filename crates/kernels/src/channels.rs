//! Images as rows of their channels, and what is the same for a whole channel.

use rayon::prelude::*;

use crate::simd::{Kernel, Level, Vectors, level};

/// Partial sums that a row is added to side by side. A fixed number, so that a sum is the
/// same for vectors of any width.
pub const LANES: usize = 16;

/// Values that one task should have of an image at least.
const BLOCK: usize = 64;

/// `[images, channels, area]`, how an image batch lies in memory: a row of `area` values
/// for each channel of each image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    pub images: usize,
    pub channels: usize,
    /// Values of a channel of one image. 1 for what has no height and width.
    pub area: usize,
}

/// The rows of some channels that follow one another: a slice for every image.
pub type Block<'a> = Vec<&'a mut [f32]>;

impl Rows {
    /// Of `[N, C, ...]`.
    pub fn of(shape: &[usize]) -> Self {
        Self {
            images: shape[0],
            channels: shape[1],
            area: shape[2..].iter().product(),
        }
    }

    /// Channels of a task: one, or as many as make its slices worth the trouble.
    pub fn block(self) -> usize {
        BLOCK.div_ceil(self.area).clamp(1, self.channels)
    }

    /// The channels of each task, in order.
    pub fn ranges(self) -> Vec<std::ops::Range<usize>> {
        let block = self.block();
        let starts = (0..self.channels).step_by(block);
        let end = |start: usize| (start + block).min(self.channels);
        starts.map(|start| start..end(start)).collect()
    }

    /// The values of each task, in the order of [`ranges`](Self::ranges).
    pub fn blocks(self, values: &mut [f32]) -> Vec<Block<'_>> {
        let block = self.block();
        let count = self.channels.div_ceil(block);
        let mut blocks: Vec<Block<'_>> = (0..count)
            .map(|_| Vec::with_capacity(self.images))
            .collect();
        for image in values.chunks_mut(self.channels * self.area) {
            for (block, rows) in blocks.iter_mut().zip(image.chunks_mut(block * self.area)) {
                block.push(rows);
            }
        }
        blocks
    }

    /// The row of a channel of an image.
    #[inline(always)]
    pub fn row(self, values: &[f32], image: usize, channel: usize) -> &[f32] {
        let start = (image * self.channels + channel) * self.area;
        &values[start..start + self.area]
    }

    /// The part of a block that is the row of its channel number `nth`.
    #[inline(always)]
    pub fn part(self, nth: usize) -> std::ops::Range<usize> {
        nth * self.area..(nth + 1) * self.area
    }

    /// Values of a channel, in all images.
    pub fn count(self) -> usize {
        self.images * self.area
    }
}

/// Adds a row to partial sums.
#[inline(always)]
pub fn accumulate(row: &[f32], sums: &mut [f64; LANES]) {
    let mut local = *sums;
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, &value) in local.iter_mut().zip(chunk) {
            *sum += f64::from(value);
        }
    }
    for (sum, &value) in local.iter_mut().zip(rest) {
        *sum += f64::from(value);
    }
    *sums = local;
}

/// The sum over images and area for every channel of `dy`, `[n, c, area]`: the gradient
/// of a convolution's bias. Added up in `f64`, in an order that the shape alone decides.
pub fn sum_per_channel(dy: &[f32], n: usize, c: usize, area: usize) -> Vec<f32> {
    let rows = Rows {
        images: n,
        channels: c,
        area,
    };
    sums(level(), dy, rows)
}

fn sums(level: Level, dy: &[f32], rows: Rows) -> Vec<f32> {
    if dy.is_empty() {
        return vec![0.0; rows.channels];
    }
    let sum = |channels| level.run(Sum { dy, rows, channels });
    rows.ranges().into_par_iter().flat_map_iter(sum).collect()
}

struct Sum<'a> {
    dy: &'a [f32],
    rows: Rows,
    channels: std::ops::Range<usize>,
}

impl Kernel for Sum<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Vectors>(self, _simd: S) -> Vec<f32> {
        let mut result = Vec::with_capacity(self.channels.len());
        for channel in self.channels {
            let mut sums = [0.0; LANES];
            for image in 0..self.rows.images {
                accumulate(self.rows.row(self.dy, image, channel), &mut sums);
            }
            result.push(sums.iter().sum::<f64>() as f32);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{close, numbers};

    #[test]
    fn sums_are_those_of_the_channels() {
        for (n, c, area) in [(1, 1, 1), (3, 5, 1), (2, 70, 4), (4, 3, 49), (2, 2, 1000)] {
            let dy = numbers("dy", n * c * area);
            let mut expected = vec![0.0; c];
            for (at, &value) in dy.iter().enumerate() {
                expected[at / area % c] += f64::from(value);
            }
            let rows = Rows::of(&[n, c, area]);
            for level in Level::all() {
                close(&sums(level, &dy, rows), &expected);
            }
        }
    }

    #[test]
    fn sums_of_an_empty_batch_are_zero() {
        assert_eq!(sum_per_channel(&[], 0, 2, 4), [0.0; 2]);
    }
}
