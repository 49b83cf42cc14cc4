//! Convolutions 3×3 of stride 1 by Winograd's transforms (Lavin and Gray, 2016): a
//! quarter of the multiplications of the direct sum with tiles of 4 outputs, 4/9 with
//! tiles of 2. Between the transforms there are matrix products over channels, and
//! over tiles for the gradient of the weights.

#[cfg(test)]
mod tests;
mod tile;
mod transform;

use std::marker::PhantomData;

use rayon::prelude::*;

use self::{
    tile::{Four, Line, Tile, Two},
    transform::{Output, Panel, Squares, WeightGradient},
};
use super::{
    channels_last::{BLOCK, Frame, padded},
    product::{Panels, RowsByPanels, Transposed},
    shape::ConvShape,
    weight_blocks::Weights,
};
use crate::{
    scratch::{self, scratch},
    simd::Level,
};

/// Channels from which on the transforms are paid back.
const CHANNELS: usize = 16;
/// Tiles whose products take as long as the transforms of the weights. Measured with 512
/// channels.
const WEIGHTS: usize = 80;
/// Values that the tiles of one task should take: what a second cache holds.
const TASK: usize = 400 << 10;
/// Values that the tiles of all images may take at once.
const ALL: usize = 6 << 20;
/// Output channels whose weights one task takes from their products.
const OUTPUTS: usize = 4 * BLOCK;
/// Tasks from which on each takes its images through all stages.
const TASKS: usize = 8;

/// Whether this is the way for a convolution.
pub fn suits(shape: &ConvShape) -> bool {
    let simple = shape.kernel == [3; 2]
        && shape.stride == [1; 2]
        && shape.dilation == [1; 2]
        && shape.groups == 1
        && shape.padding.iter().all(|&padding| padding <= 2);
    simple
        && shape.inputs.min(shape.outputs) >= CHANNELS
        && shape
            .output()
            .is_some_and(|output| output.iter().all(|&size| size > 1))
}

/// Whether tiles of 4 are less work than tiles of 2. A place of a tile takes a product for
/// each tile, and the transforms of its weights.
fn tiles_of_four(shape: &ConvShape) -> bool {
    let output = shape.output().unwrap_or_default();
    let work = |tile: usize, places: usize| {
        let tiles = output[0].div_ceil(tile) * output[1].div_ceil(tile);
        places * (shape.batch * tiles + WEIGHTS)
    };
    work(4, 36) < work(2, 16)
}

/// As [`super::forward`].
pub fn forward(
    level: Level,
    shape: &ConvShape,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let weights = Weights::of_outputs(weight, shape.inputs, shape.outputs, 9);
    let four = tiles_of_four(shape);
    correlate(level, shape, four, x, bias, weights, false)
}

/// As [`super::input_gradient`]: the correlation with the kernel turned around.
pub fn input_gradient(level: Level, shape: &ConvShape, dy: &[f32], weight: &[f32]) -> Vec<f32> {
    let weights = Weights::of_inputs(weight, shape.inputs, shape.outputs, 9);
    let turned = turned(shape);
    let four = tiles_of_four(&turned);
    correlate(level, &turned, four, dy, None, weights, true)
}

/// The convolution whose output is the gradient of the input.
fn turned(shape: &ConvShape) -> ConvShape {
    ConvShape {
        inputs: shape.outputs,
        outputs: shape.inputs,
        image: shape.output().unwrap_or_default(),
        padding: shape.padding.map(|padding| 2 - padding),
        ..*shape
    }
}

/// As [`super::weight_gradient`].
pub fn weight_gradient(level: Level, shape: &ConvShape, x: &[f32], dy: &[f32]) -> Vec<f32> {
    gradient(level, shape, tiles_of_four(shape), x, dy)
}

fn gradient(level: Level, shape: &ConvShape, four: bool, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let Some(output) = shape.output() else {
        return Vec::new();
    };
    if four {
        let geometry = Geometry::<4, 6>::new(shape, output);
        geometry.weight_gradient(level, x, dy, PhantomData::<Four>)
    } else {
        let geometry = Geometry::<2, 4>::new(shape, output);
        geometry.weight_gradient(level, x, dy, PhantomData::<Two>)
    }
}

fn correlate(
    level: Level,
    shape: &ConvShape,
    four: bool,
    x: &[f32],
    bias: Option<&[f32]>,
    weights: Weights<'_>,
    turned: bool,
) -> Vec<f32> {
    let Some(output) = shape.output() else {
        return Vec::new();
    };
    if four {
        let geometry = Geometry::<4, 6>::new(shape, output);
        geometry.correlate(level, x, bias, weights, turned, PhantomData::<Four>)
    } else {
        let geometry = Geometry::<2, 4>::new(shape, output);
        geometry.correlate(level, x, bias, weights, turned, PhantomData::<Two>)
    }
}

/// How images are cut into tiles of `M` outputs.
struct Geometry<const M: usize, const A: usize> {
    batch: usize,
    /// Rows and columns of tiles of an image.
    tiles: [usize; 2],
    input: Frame,
    output: Frame,
}

impl<const M: usize, const A: usize> Geometry<M, A> {
    fn new(shape: &ConvShape, output: [usize; 2]) -> Self {
        let tiles = output.map(|size| size.div_ceil(M));
        let framed = tiles.map(|tiles| tiles * M + 2);
        Self {
            batch: shape.batch,
            tiles,
            input: Frame::new(shape.inputs, shape.image, shape.padding, framed),
            output: Frame::new(shape.outputs, output, [0; 2], tiles.map(|tiles| tiles * M)),
        }
    }

    /// Tiles of an image.
    fn count(&self) -> usize {
        self.tiles[0] * self.tiles[1]
    }

    /// Values of the tiles of an image.
    fn tiles_len(&self, frame: &Frame) -> usize {
        self.count() * A * A * padded(frame.channels)
    }

    /// The squares of `N` pixels of an image, transformed by `L`.
    fn transform<L: Line<N, A>, const N: usize>(
        &self,
        level: Level,
        frame: &Frame,
        image: &[f32],
        framed: &mut [f32],
        to: &mut [f32],
    ) {
        level.run(Squares::<L, N, M, A> {
            line: PhantomData,
            frame,
            tiles: self.tiles,
            image,
            framed,
            to,
        });
    }

    /// Those of all images, by all threads.
    fn transform_all<L: Line<N, A>, const N: usize>(
        &self,
        level: Level,
        frame: &Frame,
        images: &[f32],
        to: &mut [f32],
    ) {
        to.par_chunks_exact_mut(self.tiles_len(frame))
            .zip(images.par_chunks_exact(frame.image_len()))
            .for_each_init(
                || frame.framed(1),
                |framed, (to, image)| self.transform::<L, N>(level, frame, image, framed, to),
            );
    }

    fn correlate<T: Tile<M, A>>(
        &self,
        level: Level,
        x: &[f32],
        bias: Option<&[f32]>,
        weights: Weights<'_>,
        turned: bool,
        tile: PhantomData<T>,
    ) -> Vec<f32> {
        let weights = transformed(level, weights, turned, tile);
        let [from, to] = [&self.input, &self.output].map(Frame::image_len);
        let [inputs, outputs] = [&self.input, &self.output].map(|frame| self.tiles_len(frame));
        let mut y = scratch::output(self.batch * to);
        let [depth, columns] = [&self.input, &self.output].map(|frame| padded(frame.channels));
        let product = |tiles: &[f32], place: usize, products: &mut [f32]| {
            let count = products.len() / columns;
            let starts: Vec<usize> = (0..count).map(|tile| tile * A * A * depth).collect();
            let targets: Vec<usize> = (0..count).map(|tile| tile * columns).collect();
            level.run(RowsByPanels {
                rows: &tiles[place * depth..],
                starts: &starts,
                taps: &[0],
                panels: &weights,
                place,
                targets: &targets,
                to: products,
            });
        };
        let output = |products: &[f32], first: usize, framed: &mut [f32], image: &mut [f32]| {
            level.run(Output::<T, M, A> {
                tile,
                frame: &self.output,
                tiles: self.tiles,
                products,
                place_step: products.len() / (A * A),
                first,
                bias,
                framed,
                image,
            });
        };
        let together = (TASK / (inputs + outputs)).max(32 / self.count()).max(1);
        let too_much = self.batch * (inputs + outputs) > ALL;
        if self.batch.div_ceil(together) >= TASKS || too_much {
            let place_step = step(together * self.count() * columns);
            y.par_chunks_mut(together * to)
                .zip(x.par_chunks(together * from))
                .for_each_init(
                    || {
                        let framed = [self.input.framed(1), scratch(self.output.len())];
                        (
                            framed,
                            scratch(together * inputs),
                            scratch(A * A * place_step),
                        )
                    },
                    |([framed_x, framed_y], tiles, products), (y, x)| {
                        let images = x.len() / from;
                        let tiles = &mut tiles[..images * inputs];
                        let all = x.chunks_exact(from).zip(tiles.chunks_exact_mut(inputs));
                        for (image, tiles) in all {
                            self.transform::<T::Input, A>(
                                level,
                                &self.input,
                                image,
                                framed_x,
                                tiles,
                            );
                        }
                        let len = images * self.count() * columns;
                        for (place, products) in products.chunks_exact_mut(place_step).enumerate() {
                            product(tiles, place, &mut products[..len]);
                        }
                        for (at, image) in y.chunks_exact_mut(to).enumerate() {
                            output(products, at * self.count(), framed_y, image);
                        }
                    },
                );
            return y;
        }
        // Few tiles: the stages one after the other, each by all threads.
        let mut tiles = scratch(self.batch * inputs);
        self.transform_all::<T::Input, A>(level, &self.input, x, &mut tiles);
        let len = self.batch * self.count() * columns;
        let place_step = step(len);
        let mut products = scratch(A * A * place_step);
        products
            .par_chunks_exact_mut(place_step)
            .enumerate()
            .for_each(|(place, products)| product(&tiles, place, &mut products[..len]));
        y.par_chunks_exact_mut(to).enumerate().for_each_init(
            || scratch(self.output.len()),
            |framed, (at, image)| output(&products, at * self.count(), framed, image),
        );
        y
    }

    fn weight_gradient<T: Tile<M, A>>(
        &self,
        level: Level,
        x: &[f32],
        dy: &[f32],
        tile: PhantomData<T>,
    ) -> Vec<f32> {
        let frames = [&self.input, &self.output];
        let [from_x, from_y] = frames.map(Frame::image_len);
        let [inputs, outputs] = frames.map(|frame| self.tiles_len(frame));
        let [rows, columns] = frames.map(|frame| padded(frame.channels));
        let together = (ALL / (inputs + outputs)).clamp(1, self.batch);
        let mut tiles_x = scratch(together * inputs);
        let mut tiles_y = scratch(together * outputs);
        let place_step = step(rows * columns);
        let mut products = scratch(A * A * place_step);
        let batches = x
            .chunks(together * from_x)
            .zip(dy.chunks(together * from_y));
        for (batch, (x, dy)) in batches.enumerate() {
            self.transform_all::<T::Input, A>(level, &self.input, x, &mut tiles_x);
            self.transform_all::<T::OutputGradient, M>(level, &self.output, dy, &mut tiles_y);
            let depth = x.len() / from_x * self.count();
            let starts: Vec<usize> = (0..depth).map(|tile| tile * rows).collect();
            products
                .par_chunks_exact_mut(place_step)
                .enumerate()
                .for_each_init(
                    || (scratch(depth * rows), scratch(depth * columns)),
                    |(left, right), (place, to)| {
                        of_place(&tiles_x, place, A * A, left, rows);
                        of_place(&tiles_y, place, A * A, right, columns);
                        level.run(Transposed {
                            left,
                            starts: &starts,
                            right,
                            columns,
                            to: &mut to[..rows * columns],
                            add: batch > 0,
                        });
                    },
                );
        }
        let mut gradient = scratch::output(self.output.channels * self.input.channels * 9);
        gradient
            .par_chunks_mut(OUTPUTS * self.input.channels * 9)
            .enumerate()
            .for_each(|(block, to)| {
                level.run(WeightGradient::<T, M, A> {
                    tile,
                    products: &products,
                    place_step,
                    inputs: self.input.channels,
                    input_step: columns,
                    first: block * OUTPUTS,
                    to,
                });
            });
        gradient
    }
}

/// Values from a place to the next, for `len` of each. Not a power of 2: what lies that far
/// apart shares its place in a cache.
fn step(len: usize) -> usize {
    len + BLOCK
}

/// The values of one place of all tiles, one tile after the other.
fn of_place(tiles: &[f32], place: usize, places: usize, to: &mut [f32], channels: usize) {
    let tiles = tiles.chunks_exact(places * channels);
    for (to, tile) in to.chunks_exact_mut(channels).zip(tiles) {
        let (to, _) = to.as_chunks_mut::<BLOCK>();
        let (from, _) = tile[place * channels..][..channels].as_chunks::<BLOCK>();
        to.copy_from_slice(from);
    }
}

/// The transformed weights.
fn transformed<T: Tile<M, A>, const M: usize, const A: usize>(
    level: Level,
    weights: Weights<'_>,
    turned: bool,
    tile: PhantomData<T>,
) -> Panels {
    let depth = padded(weights.channels);
    Panels::new(level, A * A, depth, weights.columns, |first, width, to| {
        level.run(Panel::<T, M, A> {
            tile,
            weights,
            turned,
            first,
            width,
            to,
        });
    })
}
