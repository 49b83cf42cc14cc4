//! Weight gradients of every shape: products of rows of the output's gradient with rows
//! of the input, shifted.

use pulp::Simd;
use rayon::prelude::*;

use super::{
    direct::{fill, images_together, places},
    planes::Planes,
    shape::ConvShape,
};
use crate::{
    parallel::CHUNK,
    scratch::{output, zeros},
    simd::{Kernel, Level, Vectors},
};

/// Parts that the batch is cut into at most, whatever the number of threads.
const PARTS: usize = 16;
/// Values that all parts may take together, unless two parts take more.
const LARGEST: usize = 4 << 20;
/// Values of a row that are gone through at once, so that rows stay in the first cache.
const RUN: usize = 1024;

/// The gradient of the weights, of that of the output `dy`.
pub fn weight_gradient(level: Level, shape: &ConvShape, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let Some(size) = shape.output() else {
        return Vec::new();
    };
    let area = size[0] * size[1];
    let [dilation_y, dilation_x] = shape.dilation;
    let reach = [
        dilation_y * (shape.kernel[0] - 1),
        dilation_x * (shape.kernel[1] - 1),
    ];
    let whole = shape.groups * shape.weight_len();
    let parts = (LARGEST / whole).clamp(2, PARTS).min(shape.batch);
    let per_part = shape.batch.div_ceil(parts);
    let parts = shape.batch.div_ceil(per_part);
    // Where the batch gives few parts, the output channels give more.
    let split = (1..=PARTS.div_ceil(parts))
        .rev()
        .find(|split| shape.outputs.is_multiple_of(4 * split))
        .unwrap_or(1);
    let outputs = shape.outputs / split;
    let layout = Planes::new(
        shape.inputs,
        (RUN / area)
            .clamp(1, per_part)
            .max(images_together(per_part, area)),
        shape.image,
        shape.stride,
        shape.padding,
        size,
        reach,
    );
    let gradients = layout.of_outputs(outputs, size);
    let taps = places(shape.kernel).map(|[y, x]| layout.distance([y * dilation_y, x * dilation_x]));
    let taps: Vec<usize> = taps.collect();
    let distances: Vec<usize> = (0..shape.inputs)
        .flat_map(|channel| taps.iter().map(move |tap| (channel, tap)))
        .map(|(channel, tap)| channel * layout.channel_len() + tap)
        .collect();
    let steps = [shape.input_len(), shape.groups * shape.outputs * area];
    let one = (size[0] - 1) * layout.pitch + size[1];
    let mut sums = zeros(parts * whole);
    let chunks = sums.par_chunks_mut(outputs * distances.len());
    chunks.enumerate().for_each_init(
        || (zeros(layout.len()), zeros(gradients.len())),
        |(planes, rows), (at, sums)| {
            let (at, piece) = (at / split, at % split);
            let (part, group) = (at / shape.groups, at % shape.groups);
            let first = part * per_part;
            let end = (first + per_part).min(shape.batch);
            for image in (first..end).step_by(layout.images) {
                let images = layout.images.min(end - image);
                if images < layout.images {
                    rows.fill(0.0);
                    // Nothing times what is left of other images is nothing, if they are
                    // numbers.
                    planes.fill(0.0);
                }
                let x = &x[image * steps[0]..];
                let dy = &dy[image * steps[1]..];
                fill(&layout, planes, x, steps[0], images, group * shape.inputs);
                let from = group * shape.outputs + piece * outputs;
                fill(&gradients, rows, dy, steps[1], images, from);
                level.run(Products {
                    rows,
                    row_len: gradients.channel_len(),
                    planes,
                    distances: &distances,
                    len: (images - 1) * layout.image_len() + one,
                    sums,
                });
            }
        },
    );
    let mut gradient = output(whole);
    let chunks = gradient.par_chunks_mut(CHUNK).enumerate();
    chunks.for_each(|(at, to)| {
        for (part, sums) in sums.chunks_exact(whole).enumerate() {
            let from = &sums[at * CHUNK..][..to.len()];
            if part == 0 {
                to.copy_from_slice(from);
                continue;
            }
            for (to, from) in to.iter_mut().zip(from) {
                *to += from;
            }
        }
    });
    gradient
}

/// Adds to `sums` `[rows, distances]` the products of each row with the planes at each
/// distance.
struct Products<'a> {
    rows: &'a [f32],
    row_len: usize,
    planes: &'a [f32],
    distances: &'a [usize],
    len: usize,
    sums: &'a mut [f32],
}

impl Kernel for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(mut self, simd: S) {
        let rows = self.sums.len() / self.distances.len();
        let full = S::F32_LANES * self.len.div_ceil(S::F32_LANES);
        for start in (0..full).step_by(RUN) {
            let len = RUN.min(full - start);
            let mut row = 0;
            while row < rows {
                let many = S::REGISTER_COUNT >= 32;
                row += match rows - row {
                    4.. if many => self.row::<S, 4, 6>(simd, row, start, len),
                    3.. => self.row::<S, 3, 4>(simd, row, start, len),
                    2 => self.row::<S, 2, 4>(simd, row, start, len),
                    _ => self.row::<S, 1, 6>(simd, row, start, len),
                };
            }
        }
    }
}

impl Products<'_> {
    #[inline(always)]
    fn row<S: Simd, const MR: usize, const NR: usize>(
        &mut self,
        simd: S,
        row: usize,
        start: usize,
        len: usize,
    ) -> usize {
        let count = self.distances.len();
        let mut at = 0;
        while at + NR <= count {
            self.block::<S, MR, NR>(simd, row, at, start, len);
            at += NR;
        }
        while at < count {
            self.block::<S, MR, 1>(simd, row, at, start, len);
            at += 1;
        }
        MR
    }

    #[inline(always)]
    fn block<S: Simd, const MR: usize, const NR: usize>(
        &mut self,
        simd: S,
        row: usize,
        at: usize,
        start: usize,
        len: usize,
    ) {
        let vectors = len / S::F32_LANES;
        let mut rows = [&[][..]; MR];
        for (i, to) in rows.iter_mut().enumerate() {
            let row = &self.rows[(row + i) * self.row_len + start..][..len];
            *to = &S::as_simd_f32s(row).0[..vectors];
        }
        let mut planes = [&[][..]; NR];
        for (j, to) in planes.iter_mut().enumerate() {
            let plane = &self.planes[self.distances[at + j] + start..][..len];
            *to = &S::as_simd_f32s(plane).0[..vectors];
        }
        let mut sums = [[simd.splat_f32s(0.0); NR]; MR];
        for v in 0..vectors {
            let mut pixels = [simd.splat_f32s(0.0); NR];
            for (to, plane) in pixels.iter_mut().zip(&planes) {
                *to = plane[v];
            }
            for (sums, row) in sums.iter_mut().zip(&rows) {
                let row = row[v];
                for (sum, &pixels) in sums.iter_mut().zip(&pixels) {
                    *sum = simd.mul_add_e_f32s(row, pixels, *sum);
                }
            }
        }
        let count = self.distances.len();
        for (i, sums) in sums.iter().enumerate() {
            let to = &mut self.sums[(row + i) * count + at..][..NR];
            for (to, &sum) in to.iter_mut().zip(sums) {
                *to += simd.reduce_sum_f32s(sum);
            }
        }
    }
}
