//! Convolutions of every shape over many channels, with the channels last: for each
//! place of the kernel a product of pixels with weights, summed up in registers.

use rayon::prelude::*;

use super::{
    channels_last::{BLOCK, Frame, padded},
    direct::places,
    product::{Panels, RowsByPanels, Transposed, block_step},
    residue::{Residue, residues},
    shape::ConvShape,
    weight_blocks::{Weights, scatter},
};
use crate::{
    scratch::{self, scratch, zeros},
    simd::{Kernel, Level, Vectors},
};

/// Channels from which on vectors along them are full enough.
const CHANNELS: usize = 16;
/// Rows of a product that pay for a walk through all weights.
const ROWS: usize = 96;
/// Tasks that a batch is cut into if it is large enough.
const TASKS: usize = 8;
/// Values that framed images may take at once.
const ALL: usize = 6 << 20;
/// Tasks of the gradient of weights, at least, if there are channels for it.
const PARTS: usize = 16;

/// Whether this is the way for a convolution.
pub fn suits(shape: &ConvShape) -> bool {
    let full = |channels: usize| channels >= CHANNELS && 3 * padded(channels) <= 4 * channels;
    shape.groups == 1 && full(shape.inputs) && full(shape.outputs)
}

/// Images of `area` pixels that one task takes.
fn together(batch: usize, area: usize) -> usize {
    ROWS.div_ceil(area).clamp(1, batch.div_ceil(TASKS))
}

/// As [`super::forward`].
pub fn forward(
    level: Level,
    shape: &ConvShape,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let Some(output) = shape.output() else {
        return Vec::new();
    };
    let from = input_frame(shape, output);
    let to = Frame::new(shape.outputs, output, [0; 2], output);
    let weights = Weights::of_outputs(weight, shape.inputs, shape.outputs, shape.taps());
    let all: Vec<usize> = (0..shape.taps()).collect();
    let part = Part {
        starts: starts(&from, output, shape.stride),
        taps: taps(shape, &from),
        panels: panels(level, weights, &all),
        targets: starts(&to, output, [1; 2]),
    };
    let mut y = scratch::output(shape.batch * to.image_len());
    correlate(level, [&from, &to], &[part], bias, x, &mut y);
    y
}

/// As [`super::input_gradient`].
pub fn input_gradient(level: Level, shape: &ConvShape, dy: &[f32], weight: &[f32]) -> Vec<f32> {
    let Some(output) = shape.output() else {
        return Vec::new();
    };
    let axes = [residues(shape, 0), residues(shape, 1)];
    let [rows, columns] = &axes;
    let margin = axes.each_ref().map(|axis| {
        let before = axis.iter().map(Residue::before);
        before.max().unwrap_or(0)
    });
    let mut outer = [0; 2];
    for axis in 0..2 {
        let end = axes[axis].iter().map(|r| r.count + r.reach(margin[axis]));
        outer[axis] = end.max().unwrap_or(1).max(margin[axis] + output[axis]);
    }
    let from = Frame::new(shape.outputs, output, margin, outer);
    let to = Frame::new(shape.inputs, shape.image, [0; 2], shape.image);
    let weights = Weights::of_inputs(weight, shape.inputs, shape.outputs, shape.taps());
    let (from_pixel, to_pixel) = (padded(shape.outputs), padded(shape.inputs));
    let mut parts = Vec::new();
    for row in rows {
        for column in columns {
            let mut met = Vec::new();
            let mut taps = Vec::new();
            for &(y, back_y) in &row.places {
                for &(x, back_x) in &column.places {
                    met.push(y * shape.kernel[1] + x);
                    let at = [
                        margin[0] + row.begin - back_y,
                        margin[1] + column.begin - back_x,
                    ];
                    taps.push((at[0] * outer[1] + at[1]) * from_pixel);
                }
            }
            if met.is_empty() {
                continue;
            }
            let mut starts = Vec::with_capacity(row.count * column.count);
            let mut targets = Vec::with_capacity(row.count * column.count);
            for y in 0..row.count {
                for x in 0..column.count {
                    starts.push((y * outer[1] + x) * from_pixel);
                    let at = [
                        row.first + y * shape.stride[0],
                        column.first + x * shape.stride[1],
                    ];
                    targets.push((at[0] * shape.image[1] + at[1]) * to_pixel);
                }
            }
            parts.push(Part {
                starts,
                taps,
                panels: panels(level, weights, &met),
                targets,
            });
        }
    }
    let mut dx = scratch::output(shape.batch * to.image_len());
    correlate(level, [&from, &to], &parts, None, dy, &mut dx);
    dx
}

/// The input with the margins that the kernel reads.
fn input_frame(shape: &ConvShape, output: [usize; 2]) -> Frame {
    let mut outer = [0; 2];
    for axis in 0..2 {
        let read = (output[axis] - 1) * shape.stride[axis]
            + (shape.kernel[axis] - 1) * shape.dilation[axis]
            + 1;
        outer[axis] = read.max(shape.padding[axis] + shape.image[axis]);
    }
    Frame::new(shape.inputs, shape.image, shape.padding, outer)
}

/// Where in a frame each of `size` outputs, `step` pixels apart, begins.
fn starts(frame: &Frame, size: [usize; 2], step: [usize; 2]) -> Vec<usize> {
    let pixel = padded(frame.channels);
    let row = frame.outer[1] * step[0] * pixel;
    let all = (0..size[0]).flat_map(|y| (0..size[1]).map(move |x| y * row + x * step[1] * pixel));
    all.collect()
}

/// The distances of the places of the kernel.
fn taps(shape: &ConvShape, frame: &Frame) -> Vec<usize> {
    let [dilation_y, dilation_x] = shape.dilation;
    let distance = |[y, x]: [usize; 2]| {
        (y * dilation_y * frame.outer[1] + x * dilation_x) * padded(frame.channels)
    };
    places(shape.kernel).map(distance).collect()
}

/// The weights of some places of the kernel, one place after the other.
fn panels(level: Level, weights: Weights<'_>, met: &[usize]) -> Panels {
    let depth = met.len() * padded(weights.channels);
    Panels::new(level, 1, depth, weights.columns, |first, width, to| {
        level.run(Panel {
            weights,
            met,
            first,
            width,
            to,
        });
    })
}

/// One panel of weights.
struct Panel<'a> {
    weights: Weights<'a>,
    met: &'a [usize],
    first: usize,
    width: usize,
    to: &'a mut [f32],
}

impl Kernel for Panel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        let places = self.weights.places;
        let step = block_step(self.width);
        let blocks = padded(self.weights.channels) / BLOCK;
        let mut lines = vec![[0.0; BLOCK]; places * BLOCK];
        for block in 0..blocks {
            // A panel of narrow vectors may be half a block.
            for column in (0..self.width).step_by(BLOCK) {
                let width = BLOCK.min(self.width - column);
                let first = self.first + column;
                let lane = first % BLOCK;
                self.weights
                    .gather(simd, block * BLOCK, first - lane, &mut lines);
                for (tap, &place) in self.met.iter().enumerate() {
                    let to = &mut self.to[(tap * blocks + block) * step..][..step];
                    for (k, to) in to.chunks_exact_mut(self.width).take(BLOCK).enumerate() {
                        let line = &lines[k * places + place];
                        to[column..column + width].copy_from_slice(&line[lane..lane + width]);
                    }
                }
            }
        }
    }
}

/// The outputs that the same places of the kernel meet.
struct Part {
    /// Where in the framed input each output begins.
    starts: Vec<usize>,
    taps: Vec<usize>,
    panels: Panels,
    /// Where in the framed output it goes.
    targets: Vec<usize>,
}

impl Part {
    /// For several images, one after the other.
    fn repeated(&self, images: usize, steps: [usize; 2]) -> [Vec<usize>; 2] {
        let of = |one: &[usize], step: usize| {
            let images = 0..images;
            let all = images.flat_map(|image| one.iter().map(move |at| at + image * step));
            all.collect()
        };
        [of(&self.starts, steps[0]), of(&self.targets, steps[1])]
    }
}

/// All parts of all images.
fn correlate(
    level: Level,
    [from, to]: [&Frame; 2],
    parts: &[Part],
    bias: Option<&[f32]>,
    x: &[f32],
    y: &mut [f32],
) {
    let (from_len, to_len) = (from.image_len(), to.image_len());
    let batch = x.len() / from_len;
    let together = together(batch, from.area().min(to.area()));
    let steps = [from.len(), to.len()];
    let rows: Vec<_> = parts
        .iter()
        .map(|part| part.repeated(together, steps))
        .collect();
    y.par_chunks_mut(together * to_len)
        .zip(x.par_chunks(together * from_len))
        .for_each_init(
            || (from.framed(together), zeros(together * to.len())),
            |(framed_x, framed_y), (y, x)| {
                let images = x.len() / from_len;
                for (image, framed) in x
                    .chunks_exact(from_len)
                    .zip(framed_x.chunks_exact_mut(from.len()))
                {
                    level.run(Put {
                        frame: from,
                        image,
                        framed,
                    });
                }
                for (part, [starts, targets]) in parts.iter().zip(&rows) {
                    let count = images * part.starts.len();
                    level.run(RowsByPanels {
                        rows: framed_x,
                        starts: &starts[..count],
                        taps: &part.taps,
                        panels: &part.panels,
                        place: 0,
                        targets: &targets[..count],
                        to: framed_y,
                    });
                }
                for (image, framed) in y
                    .chunks_exact_mut(to_len)
                    .zip(framed_y.chunks_exact(to.len()))
                {
                    level.run(Take {
                        frame: to,
                        framed,
                        bias,
                        image,
                    });
                }
            },
        );
}

/// [`Frame::put`].
struct Put<'a> {
    frame: &'a Frame,
    image: &'a [f32],
    framed: &'a mut [f32],
}

impl Kernel for Put<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        self.frame.put(simd, self.image, self.framed);
    }
}

/// [`Frame::take`].
struct Take<'a> {
    frame: &'a Frame,
    framed: &'a [f32],
    bias: Option<&'a [f32]>,
    image: &'a mut [f32],
}

impl Kernel for Take<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        self.frame.take(simd, self.framed, self.bias, self.image);
    }
}

/// As [`super::weight_gradient`].
pub fn weight_gradient(level: Level, shape: &ConvShape, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let Some(output) = shape.output() else {
        return Vec::new();
    };
    let left = input_frame(shape, output);
    let right = Frame::new(shape.outputs, output, [0; 2], output);
    let one = starts(&left, output, shape.stride);
    let taps = taps(shape, &left);
    let [inputs, columns] = [shape.inputs, shape.outputs].map(padded);
    let together = (ALL / (left.len() + right.len())).clamp(1, shape.batch);
    let mut framed_x = left.framed(together);
    let mut framed_dy = scratch(together * right.len());
    // Some inputs at a place of the kernel are a task.
    let parts = PARTS.div_ceil(taps.len());
    let rows = inputs.div_ceil(parts).next_multiple_of(BLOCK);
    let per_place = inputs.div_ceil(rows);
    let mut products = scratch(taps.len() * inputs * columns);
    let mut parts = Vec::with_capacity(taps.len() * per_place);
    for (place, &tap) in products.chunks_exact_mut(inputs * columns).zip(&taps) {
        for (part, to) in place.chunks_mut(rows * columns).enumerate() {
            parts.push((tap + part * rows, to));
        }
    }
    let batches = x.chunks(together * left.image_len());
    let batches = batches.zip(dy.chunks(together * right.image_len()));
    for (batch, (x, dy)) in batches.enumerate() {
        let images = x.len() / left.image_len();
        let put = |frame: &Frame, images: &[f32], framed: &mut [f32]| {
            framed
                .par_chunks_exact_mut(frame.len())
                .zip(images.par_chunks_exact(frame.image_len()))
                .for_each(|(framed, image)| {
                    level.run(Put {
                        frame,
                        image,
                        framed,
                    })
                });
        };
        put(&left, x, &mut framed_x);
        put(&right, dy, &mut framed_dy);
        let starts: Vec<usize> = (0..images)
            .flat_map(|image| one.iter().map(move |start| (image, start)))
            .map(|(image, start)| image * left.len() + start)
            .collect();
        parts.par_iter_mut().for_each(|(distance, to)| {
            level.run(Transposed {
                left: &framed_x[*distance..],
                starts: &starts,
                right: &framed_dy[..images * right.len()],
                columns,
                to,
                add: batch > 0,
            });
        });
    }
    let places = taps.len();
    let mut gradient = scratch::output(shape.weight_len());
    gradient
        .par_chunks_mut(BLOCK * shape.inputs * places)
        .enumerate()
        .for_each(|(block, to)| {
            level.run(Gather {
                products: &products,
                steps: [inputs * columns, columns],
                inputs: shape.inputs,
                places,
                first: block * BLOCK,
                to,
            });
        });
    gradient
}

/// The gradients of the weights of some output channels, from products of all places.
struct Gather<'a> {
    products: &'a [f32],
    /// From a place to the next, and from an input to the next.
    steps: [usize; 2],
    inputs: usize,
    places: usize,
    first: usize,
    to: &'a mut [f32],
}

impl Kernel for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        let mut lines = vec![[0.0; BLOCK]; self.places * BLOCK];
        let row_len = self.inputs * self.places;
        for input in (0..self.inputs).step_by(BLOCK) {
            for (k, lines) in lines.chunks_exact_mut(self.places).enumerate() {
                for (place, line) in lines.iter_mut().enumerate() {
                    let at = place * self.steps[0] + (input + k) * self.steps[1] + self.first;
                    line.copy_from_slice(&self.products[at..][..BLOCK]);
                }
            }
            let len = self.places * BLOCK.min(self.inputs - input);
            scatter(simd, &lines, self.to, row_len, self.places * input, len);
        }
    }
}
