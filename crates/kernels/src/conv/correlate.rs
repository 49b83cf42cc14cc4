//! The direct kernel: sums over channels and places of the kernel, for some output
//! channels and some vectors of pixels at once, all in registers.

use pulp::Simd;

use super::planes::{Planes, copy_row};
use crate::simd::{Kernel, Level, Vectors};

/// The most vectors of pixels in registers.
const VECTORS: usize = 3;
/// The most output channels in registers.
pub const ROWS: usize = 8;
/// The most values of a row in registers, for the widest vectors.
const WIDEST: usize = VECTORS * 16;

/// Where outputs go.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Rows and columns of outputs.
    pub size: [usize; 2],
    /// Where the first goes.
    pub start: usize,
    /// From an image to the next.
    pub image: usize,
    /// From an output channel to the next.
    pub channel: usize,
    pub row: usize,
    pub column: usize,
}

/// One correlation of planes with a kernel.
#[derive(Debug, Clone)]
pub struct Correlation {
    pub planes: Planes,
    /// The distances of the places of the kernel.
    pub taps: Vec<usize>,
    /// Output channels.
    pub outputs: usize,
    pub target: Target,
}

/// How output channels are cut into blocks of registers, the largest first.
pub fn blocks(outputs: usize, rows: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let size = match outputs - at {
            0 => return None,
            left if left >= rows => rows,
            left @ (6 | 7) if rows > 6 => left.min(6),
            4..8 => 4,
            2 | 3 => 2,
            _ => 1,
        };
        let block = (at, size);
        at += size;
        Some(block)
    })
}

/// Output channels in a block at this level.
pub fn rows(level: Level) -> usize {
    struct Rows;
    impl Kernel for Rows {
        type Output = usize;
        #[inline(always)]
        fn run<S: Vectors>(self, _: S) -> usize {
            if S::REGISTER_COUNT >= 32 { ROWS } else { 4 }
        }
    }
    level.run(Rows)
}

/// Weights in the order in which the kernel reads them: for each block of output
/// channels, for each channel and place, those of the block. `of` gives the weight of
/// output channel, channel and place.
pub fn pack(
    level: Level,
    outputs: usize,
    channels: usize,
    taps: usize,
    of: impl Fn(usize, usize, usize) -> f32,
) -> Vec<f32> {
    let mut packed = Vec::with_capacity(outputs * channels * taps);
    for (first, size) in blocks(outputs, rows(level)) {
        for channel in 0..channels {
            for tap in 0..taps {
                packed.extend((first..first + size).map(|output| of(output, channel, tap)));
            }
        }
    }
    packed
}

/// A run of outputs that lie one after the other, in vectors and where they go.
#[derive(Debug, Clone, Copy)]
struct Piece {
    from: usize,
    to: usize,
    len: usize,
}

/// The outputs of the first `images` images of `planes`, plus `bias` of their channel.
pub struct Run<'a> {
    pub correlation: &'a Correlation,
    pub images: usize,
    pub planes: &'a [f32],
    /// By [`pack`].
    pub weights: &'a [f32],
    pub bias: Option<&'a [f32]>,
    pub output: &'a mut [f32],
}

impl Correlation {
    /// Ranges of `q` that are gone through: those of all images in one, where the
    /// margins between images are less work than vectors that are not full.
    fn spans(&self, images: usize, lanes: usize) -> (usize, usize, usize) {
        let [rows, columns] = self.target.size;
        let one = (rows - 1) * self.planes.pitch + columns;
        let all = (images - 1) * self.planes.image_len() + one;
        if images * one.div_ceil(lanes) <= all.div_ceil(lanes) {
            (images, self.planes.image_len(), one)
        } else {
            (1, 0, all)
        }
    }

    /// Where those of `len` values from `q` that are outputs go.
    #[inline(always)]
    fn pieces(&self, q: usize, len: usize, images: usize, pieces: &mut Vec<Piece>) {
        pieces.clear();
        let Target {
            size: [rows, columns],
            ..
        } = self.target;
        let pitch = self.planes.pitch;
        let mut at = q;
        while at < q + len {
            let (image, within) = (at / self.planes.image_len(), at % self.planes.image_len());
            let (row, column) = (within / pitch, within % pitch);
            if image >= images {
                break;
            }
            let rest = (pitch - column).min(q + len - at);
            if row < rows && column < columns {
                pieces.push(Piece {
                    from: at - q,
                    to: self.target.start
                        + image * self.target.image
                        + row * self.target.row
                        + column * self.target.column,
                    len: rest.min(columns - column),
                });
            }
            at += rest;
        }
    }
}

impl Kernel for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(mut self, simd: S) {
        let lanes = S::F32_LANES;
        let (count, step, len) = self.correlation.spans(self.images, lanes);
        let mut pieces = Vec::new();
        for span in 0..count {
            let (mut q, end) = (span * step, span * step + len);
            while q < end {
                let vectors = (end - q).div_ceil(lanes).min(VECTORS);
                let covered = (vectors * lanes).min(end - q);
                self.correlation
                    .pieces(q, covered, self.images, &mut pieces);
                match vectors {
                    3 => self.column::<S, 3>(simd, q, &pieces),
                    2 => self.column::<S, 2>(simd, q, &pieces),
                    _ => self.column::<S, 1>(simd, q, &pieces),
                }
                q += vectors * lanes;
            }
        }
    }
}

impl Run<'_> {
    /// All output channels at `NR` vectors from `q`.
    #[inline(always)]
    fn column<S: Simd, const NR: usize>(&mut self, simd: S, q: usize, pieces: &[Piece]) {
        let rows = if S::REGISTER_COUNT >= 32 { ROWS } else { 4 };
        for (first, size) in blocks(self.correlation.outputs, rows) {
            match size {
                8 => self.block::<S, 8, NR>(simd, q, first, pieces),
                6 => self.block::<S, 6, NR>(simd, q, first, pieces),
                4 => self.block::<S, 4, NR>(simd, q, first, pieces),
                2 => self.block::<S, 2, NR>(simd, q, first, pieces),
                _ => self.block::<S, 1, NR>(simd, q, first, pieces),
            }
        }
    }

    #[inline(always)]
    fn block<S: Simd, const MR: usize, const NR: usize>(
        &mut self,
        simd: S,
        q: usize,
        first: usize,
        pieces: &[Piece],
    ) {
        let lanes = S::F32_LANES;
        let Correlation {
            planes,
            taps,
            target,
            ..
        } = self.correlation;
        let depth = planes.channels * taps.len();
        let weights = &self.weights[first * depth..][..MR * depth];
        let mut weights = weights.chunks_exact(MR);
        let mut sums = [[simd.splat_f32s(0.0); NR]; MR];
        if let Some(bias) = self.bias {
            for (sums, &bias) in sums.iter_mut().zip(&bias[first..][..MR]) {
                *sums = [simd.splat_f32s(bias); NR];
            }
        }
        for channel in 0..planes.channels {
            let plane = &self.planes[channel * planes.channel_len() + q..];
            for (&tap, weights) in taps.iter().zip(&mut weights) {
                let (pixels, _) = S::as_simd_f32s(&plane[tap..][..NR * lanes]);
                let pixels = &pixels[..NR];
                for (sums, &weight) in sums.iter_mut().zip(weights) {
                    let weight = simd.splat_f32s(weight);
                    for (sum, &pixels) in sums.iter_mut().zip(pixels) {
                        *sum = simd.mul_add_e_f32s(weight, pixels, *sum);
                    }
                }
            }
        }
        // By itself: the sums must not be looked at by an index that is known only at
        // run time, or they are in memory all the time.
        let mut values = [[0.0; WIDEST]; MR];
        for (values, sums) in values.iter_mut().zip(&sums) {
            let (vectors, _) = S::as_mut_simd_f32s(&mut values[..NR * lanes]);
            for (vector, &sum) in vectors.iter_mut().zip(sums) {
                *vector = sum;
            }
        }
        for (row, values) in values.iter().enumerate() {
            let base = (first + row) * target.channel;
            for piece in pieces {
                let from = &values[piece.from..][..piece.len];
                if target.column == 1 {
                    copy_row(from, &mut self.output[base + piece.to..]);
                } else {
                    let to = self.output[base + piece.to..].iter_mut();
                    for (to, from) in to.step_by(target.column).zip(from) {
                        *to = *from;
                    }
                }
            }
        }
    }
}
