use std::ops::Range;

use rayon::prelude::*;

use super::inverse_deviation;
use crate::{
    activation::let_through,
    channels::{Block, LANES, Rows},
    simd::{Kernel, Level, Vectors},
};

/// What the backward pass needs of the forward pass.
#[derive(Debug, Clone, Copy)]
pub struct Backward<'a> {
    /// The input.
    pub x: &'a [f32],
    /// The output, if a ReLU was part of it.
    pub y: Option<&'a [f32]>,
    /// The scale of each channel.
    pub weight: &'a [f32],
    /// By which it was normalised.
    pub mean: &'a [f32],
    pub variance: &'a [f32],
    pub epsilon: f64,
    /// Whether those are the statistics of `x`, through which gradients flow as well.
    pub of_batch: bool,
}

/// The gradients of weight and bias, from that of the output, `dy`.
///
/// The gradient of the input goes to `dx`, and `dy` becomes that of the residual.
/// Without `dx`, it takes the place of `dy`. No slice may be empty, and all must fit `rows`.
pub fn backward(
    level: Level,
    dy: &mut [f32],
    dx: Option<&mut [f32]>,
    rows: Rows,
    saved: Backward<'_>,
) -> (Vec<f32>, Vec<f32>) {
    let ranges = rows.ranges();
    let dx: Vec<Option<Block<'_>>> = match dx {
        Some(dx) => rows.blocks(dx).into_iter().map(Some).collect(),
        None => ranges.iter().map(|_| None).collect(),
    };
    let tasks = rows.blocks(dy).into_par_iter().zip(dx).zip(ranges);
    let of_task = |((dy, dx), channels)| {
        level.run(Task {
            dy,
            dx,
            channels,
            rows,
            saved,
        })
    };
    tasks.flat_map_iter(of_task).unzip()
}

/// Terms of a partial sum that are added up in 32 bits, at twice the speed of 64.
const RUN: usize = 8;

/// The channels that one thread computes.
struct Task<'a> {
    dy: Block<'a>,
    dx: Option<Block<'a>>,
    channels: Range<usize>,
    rows: Rows,
    saved: Backward<'a>,
}

impl Kernel for Task<'_> {
    /// The gradients of each channel's weight and bias.
    type Output = Vec<(f32, f32)>;

    #[inline(always)]
    fn run<S: Vectors>(mut self, _simd: S) -> Self::Output {
        let mut gradients = Vec::with_capacity(self.channels.len());
        for (nth, channel) in self.channels.clone().enumerate() {
            let deviation = inverse_deviation(self.saved.variance[channel], self.saved.epsilon);
            let (sum, product) = self.sums(nth, channel);
            let slope = self.slope(channel, deviation, sum, product);
            self.input(nth, channel, slope);
            gradients.push(((product * deviation) as f32, sum as f32));
        }
        gradients
    }
}

/// How the gradient of the input comes from that of the output:
/// `scale * (dy - shift - (x - mean) * tilt)`.
#[derive(Clone, Copy)]
struct Slope {
    mean: f32,
    scale: f32,
    /// Nothing where statistics are not those of the batch.
    by_statistics: Option<(f32, f32)>,
}

impl Task<'_> {
    /// The sums of `dy` and of `dy * (x - mean)`, once the ReLU has let pass what it does.
    #[inline(always)]
    fn sums(&mut self, nth: usize, channel: usize) -> (f64, f64) {
        let Self { rows, saved, .. } = *self;
        let mean = f64::from(saved.mean[channel]);
        let mut sums = [0.0; LANES];
        let mut products = [0.0; LANES];
        for (image, dy) in self.dy.iter_mut().enumerate() {
            let dy = &mut dy[rows.part(nth)];
            let x = rows.row(saved.x, image, channel);
            if let Some(y) = saved.y {
                let y = rows.row(y, image, channel);
                for (dy, &y) in dy.iter_mut().zip(y) {
                    *dy = let_through(*dy, y);
                }
            }
            let (chunks, rest) = dy.as_chunks::<LANES>();
            let (x_chunks, x_rest) = x.as_chunks::<LANES>();
            let runs = chunks.chunks(RUN).zip(x_chunks.chunks(RUN));
            for (dy, x) in runs {
                let mut sum = [0.0; LANES];
                let mut product = [0.0; LANES];
                for (dy, x) in dy.iter().zip(x) {
                    for lane in 0..LANES {
                        sum[lane] += dy[lane];
                        product[lane] += dy[lane] * (x[lane] - saved.mean[channel]);
                    }
                }
                for lane in 0..LANES {
                    sums[lane] += f64::from(sum[lane]);
                    products[lane] += f64::from(product[lane]);
                }
            }
            for (lane, (&dy, &x)) in rest.iter().zip(x_rest).enumerate() {
                sums[lane] += f64::from(dy);
                products[lane] += f64::from(dy) * (f64::from(x) - mean);
            }
        }
        (sums.iter().sum(), products.iter().sum())
    }

    #[inline(always)]
    fn slope(&self, channel: usize, deviation: f64, sum: f64, product: f64) -> Slope {
        let count = self.rows.count() as f64;
        let shift = sum / count;
        let tilt = product * deviation * deviation / count;
        let by_statistics = (shift as f32, tilt as f32);
        Slope {
            mean: self.saved.mean[channel],
            scale: (f64::from(self.saved.weight[channel]) * deviation) as f32,
            by_statistics: self.saved.of_batch.then_some(by_statistics),
        }
    }

    /// The gradient of the input.
    #[inline(always)]
    fn input(&mut self, nth: usize, channel: usize, slope: Slope) {
        let Self { rows, saved, .. } = *self;
        let part = rows.part(nth);
        for (image, dy) in self.dy.iter_mut().enumerate() {
            let dy = &mut dy[part.clone()];
            let x = rows.row(saved.x, image, channel);
            match &mut self.dx {
                Some(dx) => {
                    let dx = &mut dx[image][part.clone()];
                    let points = dx.iter_mut().zip(dy.iter()).map(|(dx, &dy)| (dx, dy));
                    slope.descend(points, x);
                }
                None => {
                    let points = dy.iter_mut().map(|point| {
                        let dy = *point;
                        (point, dy)
                    });
                    slope.descend(points, x);
                }
            }
        }
    }
}

impl Slope {
    /// Puts to every point what is made of its gradient.
    #[inline(always)]
    fn descend<'a>(self, points: impl Iterator<Item = (&'a mut f32, f32)>, x: &[f32]) {
        let Self { mean, scale, .. } = self;
        match self.by_statistics {
            Some((shift, tilt)) => points
                .zip(x)
                .for_each(|((dx, dy), &x)| *dx = scale * (dy - shift - (x - mean) * tilt)),
            None => points.for_each(|(dx, dy)| *dx = scale * dy),
        }
    }
}
