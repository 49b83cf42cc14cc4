//! The transforms of whole images and of all weights.

use std::marker::PhantomData;

use pulp::Simd;

use super::{
    channels_last::{BLOCK, Frame, padded},
    product::panels,
    tile::{Tile, square},
};
use crate::simd::Kernel;

/// A vector at `at` of `values`.
#[inline(always)]
fn load<S: Simd>(values: &[f32], at: usize) -> S::f32s {
    S::as_simd_f32s(&values[at..][..S::F32_LANES]).0[0]
}

#[inline(always)]
fn store<S: Simd>(values: &mut [f32], at: usize, vector: S::f32s) {
    S::as_mut_simd_f32s(&mut values[at..][..S::F32_LANES]).0[0] = vector;
}

/// The tiles of one image: `[tiles, A², padded channels]`.
pub struct Image<'a, T> {
    pub tile: PhantomData<T>,
    /// Its margins hold zeros.
    pub frame: &'a Frame,
    /// Rows and columns of tiles.
    pub tiles: [usize; 2],
    pub image: &'a [f32],
    /// Where the image is framed.
    pub framed: &'a mut [f32],
    pub to: &'a mut [f32],
}

/// The tiles of an image, in their order: the first pixel of each in its frame.
#[inline(always)]
fn first_pixel(frame: &Frame, tiles: [usize; 2], step: usize, index: usize) -> usize {
    let [y, x] = [index / tiles[1], index % tiles[1]];
    (y * step * frame.outer[1] + x * step) * padded(frame.channels)
}

/// `Bᵀ d B` of every tile.
pub struct Input<'a, T, const M: usize, const A: usize>(pub Image<'a, T>);

impl<T: Tile<M, A>, const M: usize, const A: usize> Kernel for Input<'_, T, M, A> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Image {
            frame,
            tiles,
            image,
            framed,
            to,
            ..
        } = self.0;
        frame.put(image, framed);
        let channels = padded(frame.channels);
        let zero = simd.splat_f32s(0.0);
        for (index, to) in to.chunks_exact_mut(A * A * channels).enumerate() {
            let first = first_pixel(frame, tiles, M, index);
            for channel in (0..channels).step_by(S::F32_LANES) {
                let from = first + channel;
                let at = channel;
                let mut pixels = [[zero; A]; A];
                for (i, row) in pixels.iter_mut().enumerate() {
                    for (j, pixel) in row.iter_mut().enumerate() {
                        *pixel = load::<S>(framed, from + (i * frame.outer[1] + j) * channels);
                    }
                }
                let tile = square::<S, T::Input, _, _>(simd, &pixels);
                for (i, row) in tile.iter().enumerate() {
                    for (j, &value) in row.iter().enumerate() {
                        store::<S>(to, at + (i * A + j) * channels, value);
                    }
                }
            }
        }
    }
}

/// `A dy Aᵀ` of every tile.
pub struct OutputGradient<'a, T, const M: usize, const A: usize>(pub Image<'a, T>);

impl<T: Tile<M, A>, const M: usize, const A: usize> Kernel for OutputGradient<'_, T, M, A> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Image {
            frame,
            tiles,
            image,
            framed,
            to,
            ..
        } = self.0;
        frame.put(image, framed);
        let channels = padded(frame.channels);
        let zero = simd.splat_f32s(0.0);
        for (index, to) in to.chunks_exact_mut(A * A * channels).enumerate() {
            let first = first_pixel(frame, tiles, M, index);
            for channel in (0..channels).step_by(S::F32_LANES) {
                let from = first + channel;
                let at = channel;
                let mut pixels = [[zero; M]; M];
                for (i, row) in pixels.iter_mut().enumerate() {
                    for (j, pixel) in row.iter_mut().enumerate() {
                        *pixel = load::<S>(framed, from + (i * frame.outer[1] + j) * channels);
                    }
                }
                let tile = square::<S, T::OutputGradient, _, _>(simd, &pixels);
                for (i, row) in tile.iter().enumerate() {
                    for (j, &value) in row.iter().enumerate() {
                        store::<S>(to, at + (i * A + j) * channels, value);
                    }
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
    fn run<S: Simd>(self, simd: S) {
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
        frame.take(framed, self.bias, self.image);
    }
}

/// `G g Gᵀ` of the weights of one panel: `[A², depth, width]`.
pub struct Weights<'a, T, F> {
    pub tile: PhantomData<T>,
    /// Channels that are summed over, with and without padding.
    pub depth: [usize; 2],
    /// The panel's first column, and how many columns there are without padding.
    pub first: usize,
    pub columns: usize,
    /// The weight of a channel, a column, and a place of the kernel.
    pub of: &'a F,
    pub to: &'a mut [f32],
}

/// [`Weights`] for tiles of `M`.
pub struct Panel<'a, T, F, const M: usize, const A: usize>(pub Weights<'a, T, F>);

impl<T, F, const M: usize, const A: usize> Kernel for Panel<'_, T, F, M, A>
where
    T: Tile<M, A>,
    F: Fn(usize, usize, usize) -> f32,
{
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Weights {
            depth: [padded_depth, depth],
            first,
            columns,
            of,
            to,
            ..
        } = self.0;
        let width = to.len() / (A * A * padded_depth);
        let zero = simd.splat_f32s(0.0);
        for channel in 0..padded_depth {
            for column in (0..width).step_by(S::F32_LANES) {
                let mut weights = [[zero; 3]; 3];
                for (i, row) in weights.iter_mut().enumerate() {
                    for (j, weights) in row.iter_mut().enumerate() {
                        let mut lanes = [0.0; BLOCK];
                        for (lane, to) in lanes.iter_mut().enumerate().take(S::F32_LANES) {
                            let column = first + column + lane;
                            if column < columns && channel < depth {
                                *to = of(channel, column, i * 3 + j);
                            }
                        }
                        *weights = load::<S>(&lanes, 0);
                    }
                }
                let tile = square::<S, T::Kernel, _, _>(simd, &weights);
                for (i, row) in tile.iter().enumerate() {
                    for (j, &value) in row.iter().enumerate() {
                        let at = ((i * A + j) * padded_depth + channel) * width + column;
                        store::<S>(to, at, value);
                    }
                }
            }
        }
    }
}

/// The widths of the panels of `columns` columns, in values.
pub struct Widths(pub usize);

impl Kernel for Widths {
    type Output = Vec<usize>;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Vec<usize> {
        let panels = panels::<S>(self.0);
        panels.map(|(_, size)| size * S::F32_LANES).collect()
    }
}

/// `Gᵀ u G` for one block of output channels: `[outputs, inputs, 3, 3]`.
pub struct WeightGradient<'a, T, const M: usize, const A: usize> {
    pub tile: PhantomData<T>,
    /// `[A², inputs, outputs]`, both padded.
    pub products: &'a [f32],
    pub inputs: usize,
    pub outputs: usize,
    /// The first output channel.
    pub first: usize,
    pub to: &'a mut [f32],
}

impl<T: Tile<M, A>, const M: usize, const A: usize> Kernel for WeightGradient<'_, T, M, A> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let outputs = padded(self.outputs);
        let place_step = padded(self.inputs) * outputs;
        let zero = simd.splat_f32s(0.0);
        let row_len = self.inputs * 9;
        for (block, rows) in self.to.chunks_mut(S::F32_LANES * row_len).enumerate() {
            let first = self.first + block * S::F32_LANES;
            for input in 0..self.inputs {
                let mut tile = [[zero; A]; A];
                for (i, row) in tile.iter_mut().enumerate() {
                    for (j, value) in row.iter_mut().enumerate() {
                        let at = (i * A + j) * place_step + input * outputs + first;
                        *value = load::<S>(self.products, at);
                    }
                }
                let weights = square::<S, T::KernelGradient, _, _>(simd, &tile);
                for (i, row) in weights.iter().enumerate() {
                    for (j, &value) in row.iter().enumerate() {
                        let mut lanes = [0.0; BLOCK];
                        store::<S>(&mut lanes, 0, value);
                        let rows = rows.chunks_exact_mut(row_len);
                        for (row, lane) in rows.zip(lanes) {
                            row[input * 9 + i * 3 + j] = lane;
                        }
                    }
                }
            }
        }
    }
}
