//! The transforms of whole images and of all weights.

use std::marker::PhantomData;

use pulp::Simd;

use super::{
    super::{
        channels_last::{BLOCK, Frame, padded},
        product::block_step,
        weight_blocks::{Weights, scatter},
    },
    tile::{Line, Tile, square},
};
use crate::simd::{Kernel, Vectors};

/// A vector at `at` of `values`.
#[inline(always)]
fn load<S: Simd>(values: &[f32], at: usize) -> S::f32s {
    S::as_simd_f32s(&values[at..][..S::F32_LANES]).0[0]
}

#[inline(always)]
fn store<S: Simd>(values: &mut [f32], at: usize, vector: S::f32s) {
    S::as_mut_simd_f32s(&mut values[at..][..S::F32_LANES]).0[0] = vector;
}

/// The tiles of an image, in their order: the first pixel of each in its frame.
#[inline(always)]
fn first_pixel(frame: &Frame, tiles: [usize; 2], step: usize, index: usize) -> usize {
    let [y, x] = [index / tiles[1], index % tiles[1]];
    (y * step * frame.outer[1] + x * step) * padded(frame.channels)
}

/// The squares of `N` pixels, `M` apart, of one image, each transformed by `L`: `[tiles, A²,
/// padded channels]`. `Bᵀ d B` of the input, `A dy Aᵀ` of the output's gradient.
pub struct Squares<'a, L, const N: usize, const M: usize, const A: usize> {
    pub line: PhantomData<L>,
    /// Its margins hold zeros.
    pub frame: &'a Frame,
    /// Rows and columns of tiles.
    pub tiles: [usize; 2],
    pub image: &'a [f32],
    /// Where the image is framed.
    pub framed: &'a mut [f32],
    pub to: &'a mut [f32],
}

impl<L, const N: usize, const M: usize, const A: usize> Kernel for Squares<'_, L, N, M, A>
where
    L: Line<N, A>,
{
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        let Self {
            frame,
            tiles,
            image,
            framed,
            to,
            ..
        } = self;
        frame.put(simd, image, framed);
        let channels = padded(frame.channels);
        let zero = simd.splat_f32s(0.0);
        for (index, to) in to.chunks_exact_mut(A * A * channels).enumerate() {
            let first = first_pixel(frame, tiles, M, index);
            for channel in (0..channels).step_by(S::F32_LANES) {
                let from = first + channel;
                let mut pixels = [[zero; N]; N];
                for (i, row) in pixels.iter_mut().enumerate() {
                    for (j, pixel) in row.iter_mut().enumerate() {
                        *pixel = load::<S>(framed, from + (i * frame.outer[1] + j) * channels);
                    }
                }
                let tile = square::<S, L, _, _>(simd, &pixels);
                for (place, &value) in tile.as_flattened().iter().enumerate() {
                    store::<S>(to, channel + place * channels, value);
                }
            }
        }
    }
}

/// `Aᵀ m A` of every tile of one image.
pub struct Output<'a, T, const M: usize, const A: usize> {
    pub tile: PhantomData<T>,
    pub frame: &'a Frame,
    pub tiles: [usize; 2],
    /// `[A², all tiles, padded channels]`.
    pub products: &'a [f32],
    /// Values from a place to the next.
    pub place_step: usize,
    /// The image's first tile.
    pub first: usize,
    pub bias: Option<&'a [f32]>,
    pub framed: &'a mut [f32],
    pub image: &'a mut [f32],
}

impl<T: Tile<M, A>, const M: usize, const A: usize> Kernel for Output<'_, T, M, A> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        let Self {
            frame,
            tiles,
            products,
            framed,
            ..
        } = self;
        let channels = padded(frame.channels);
        let zero = simd.splat_f32s(0.0);
        let products = &products[self.first * channels..];
        for index in 0..tiles[0] * tiles[1] {
            let first = first_pixel(frame, tiles, M, index);
            for channel in (0..channels).step_by(S::F32_LANES) {
                let to = first + channel;
                let at = index * channels + channel;
                let mut tile = [[zero; A]; A];
                for (i, row) in tile.iter_mut().enumerate() {
                    for (j, value) in row.iter_mut().enumerate() {
                        *value = load::<S>(products, (i * A + j) * self.place_step + at);
                    }
                }
                let pixels = square::<S, T::Output, _, _>(simd, &tile);
                for (i, row) in pixels.iter().enumerate() {
                    for (j, &pixel) in row.iter().enumerate() {
                        store::<S>(framed, to + (i * frame.outer[1] + j) * channels, pixel);
                    }
                }
            }
        }
        frame.take(simd, framed, self.bias, self.image);
    }
}

/// `G g Gᵀ` of the weights of one panel of [`Panels`](super::super::product::Panels).
pub struct Panel<'a, T, const M: usize, const A: usize> {
    pub tile: PhantomData<T>,
    pub weights: Weights<'a>,
    /// Whether the kernel is turned around.
    pub turned: bool,
    /// The panel's first column and its width.
    pub first: usize,
    pub width: usize,
    pub to: &'a mut [f32],
}

impl<T: Tile<M, A>, const M: usize, const A: usize> Kernel for Panel<'_, T, M, A> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        let step = block_step(self.width);
        let mut lines = [[0.0; BLOCK]; 9 * BLOCK];
        for (at, block) in self.to.chunks_exact_mut(A * A * step).enumerate() {
            // A panel of narrow vectors may be half a block.
            for column in (0..self.width).step_by(BLOCK) {
                let width = BLOCK.min(self.width - column);
                let first = self.first + column;
                let lane = first % BLOCK;
                self.weights
                    .gather(simd, at * BLOCK, first - lane, &mut lines);
                for (k, lines) in lines.chunks_exact(9).enumerate() {
                    for vector in (0..width).step_by(S::F32_LANES) {
                        let mut weights = [[zero; 3]; 3];
                        for (place, to) in weights.as_flattened_mut().iter_mut().enumerate() {
                            let place = if self.turned { 8 - place } else { place };
                            *to = load::<S>(&lines[place], lane + vector);
                        }
                        let tile = square::<S, T::Kernel, _, _>(simd, &weights);
                        let to = k * self.width + column + vector;
                        for (place, &value) in tile.as_flattened().iter().enumerate() {
                            store::<S>(block, place * step + to, value);
                        }
                    }
                }
            }
        }
    }
}

/// `Gᵀ u G` for some output channels: `[outputs, inputs, 3, 3]`.
pub struct WeightGradient<'a, T, const M: usize, const A: usize> {
    pub tile: PhantomData<T>,
    /// `[A², inputs, outputs]`, both padded, `place_step` apart.
    pub products: &'a [f32],
    pub place_step: usize,
    pub inputs: usize,
    /// Values from an input to the next.
    pub input_step: usize,
    /// The first output channel.
    pub first: usize,
    pub to: &'a mut [f32],
}

impl<T: Tile<M, A>, const M: usize, const A: usize> Kernel for WeightGradient<'_, T, M, A> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        let row_len = self.inputs * 9;
        let mut lines = [[0.0; BLOCK]; 9 * BLOCK];
        for input in (0..self.inputs).step_by(BLOCK) {
            for (block, rows) in self.to.chunks_mut(BLOCK * row_len).enumerate() {
                for (k, lines) in lines.chunks_exact_mut(9).enumerate() {
                    let first = (input + k) * self.input_step + self.first + block * BLOCK;
                    for vector in (0..BLOCK).step_by(S::F32_LANES) {
                        let mut tile = [[zero; A]; A];
                        for (place, value) in tile.as_flattened_mut().iter_mut().enumerate() {
                            let at = place * self.place_step + first + vector;
                            *value = load::<S>(self.products, at);
                        }
                        let weights = square::<S, T::KernelGradient, _, _>(simd, &tile);
                        for (line, &value) in lines.iter_mut().zip(weights.as_flattened()) {
                            store::<S>(line, vector, value);
                        }
                    }
                }
                let len = 9 * BLOCK.min(self.inputs - input);
                scatter(simd, &lines, rows, row_len, 9 * input, len);
            }
        }
    }
}
