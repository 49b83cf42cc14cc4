use std::ops::Range;

use rayon::prelude::*;

use super::{Affine, After, inverse_deviation};
use crate::{
    activation::rectified,
    channels::{Block, LANES, Rows},
    simd::{Kernel, Level, Vectors},
};

/// Mean and biased variance of every channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
}

/// Writes the batch `x`, normalised by its own statistics, to `output`.
///
/// No slice may be empty, and all must fit `rows`.
pub fn train(
    level: Level,
    output: &mut [f32],
    x: &[f32],
    rows: Rows,
    affine: Affine<'_>,
    after: After<'_>,
) -> Statistics {
    let tasks = rows.blocks(output).into_par_iter().zip(rows.ranges());
    let of_task = |(output, channels)| {
        let task = Task {
            output,
            channels,
            x: Some(x),
            rows,
            affine,
            after,
        };
        level.run(Train(task))
    };
    let (mean, variance) = tasks.flat_map_iter(of_task).unzip();
    Statistics { mean, variance }
}

/// Writes `x`, normalised by the statistics given, to `output`. Without `x`, normalises
/// what is in `output`.
///
/// No slice may be empty, and all must fit `rows`.
pub fn apply(
    level: Level,
    output: &mut [f32],
    x: Option<&[f32]>,
    rows: Rows,
    affine: Affine<'_>,
    statistics: (&[f32], &[f32]),
    after: After<'_>,
) {
    let tasks = rows.blocks(output).into_par_iter().zip(rows.ranges());
    tasks.for_each(|(output, channels)| {
        let task = Task {
            output,
            channels,
            x,
            rows,
            affine,
            after,
        };
        level.run(Apply(task, statistics));
    });
}

/// The channels that one thread normalises.
struct Task<'a> {
    output: Block<'a>,
    channels: Range<usize>,
    x: Option<&'a [f32]>,
    rows: Rows,
    affine: Affine<'a>,
    after: After<'a>,
}

struct Train<'a>(Task<'a>);

impl Kernel for Train<'_> {
    /// Mean and biased variance of each channel.
    type Output = Vec<(f32, f32)>;

    #[inline(always)]
    fn run<S: Vectors>(self, _simd: S) -> Self::Output {
        let mut task = self.0;
        let mut statistics = Vec::with_capacity(task.channels.len());
        for (nth, channel) in task.channels.clone().enumerate() {
            let (mean, variance) = moments(task.x.unwrap_or_default(), task.rows, channel);
            task.channel(nth, channel, mean, variance);
            statistics.push((mean, variance));
        }
        statistics
    }
}

struct Apply<'a>(Task<'a>, (&'a [f32], &'a [f32]));

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _simd: S) {
        let Self(mut task, (mean, variance)) = self;
        for (nth, channel) in task.channels.clone().enumerate() {
            task.channel(nth, channel, mean[channel], variance[channel]);
        }
    }
}

/// Mean and biased variance of a channel.
///
/// Sums of distances from the channel's first value: a mean that is large beside the
/// deviation does not eat up the digits.
#[inline(always)]
fn moments(x: &[f32], rows: Rows, channel: usize) -> (f32, f32) {
    let origin = f64::from(rows.row(x, 0, channel)[0]);
    let mut sums = [0.0; LANES];
    let mut squares = [0.0; LANES];
    for image in 0..rows.images {
        let (chunks, rest) = rows.row(x, image, channel).as_chunks::<LANES>();
        for chunk in chunks {
            for lane in 0..LANES {
                let distance = f64::from(chunk[lane]) - origin;
                sums[lane] += distance;
                squares[lane] += distance * distance;
            }
        }
        for (lane, &value) in rest.iter().enumerate() {
            let distance = f64::from(value) - origin;
            sums[lane] += distance;
            squares[lane] += distance * distance;
        }
    }
    let count = rows.count() as f64;
    let mean = sums.iter().sum::<f64>() / count;
    let variance = squares.iter().sum::<f64>() / count - mean * mean;
    // Rounding may leave less than nothing; `max` would also hide what is not a number.
    let variance = if variance < 0.0 { 0.0 } else { variance };
    ((origin + mean) as f32, variance as f32)
}

/// `(x - mean) * scale + bias`, in this order, so that a large mean costs no digits.
#[derive(Clone, Copy)]
struct Line {
    mean: f32,
    scale: f32,
    bias: f32,
}

impl Line {
    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        (x - self.mean) * self.scale + self.bias
    }
}

impl Task<'_> {
    #[inline(always)]
    fn channel(&mut self, nth: usize, channel: usize, mean: f32, variance: f32) {
        let Affine {
            weight,
            bias,
            epsilon,
        } = self.affine;
        let scale = f64::from(weight[channel]) * inverse_deviation(variance, epsilon);
        let line = Line {
            mean,
            scale: scale as f32,
            bias: bias[channel],
        };
        for (image, output) in self.output.iter_mut().enumerate() {
            let output = &mut output[self.rows.part(nth)];
            let residual = self.after.residual;
            let residual = residual.map(|all| self.rows.row(all, image, channel));
            match self.x {
                Some(x) => {
                    let x = self.rows.row(x, image, channel);
                    let points = output.iter_mut().zip(x).map(|(y, &x)| (y, x));
                    line.draw(points, residual, self.after.relu);
                }
                None => {
                    let points = output.iter_mut().map(|y| {
                        let x = *y;
                        (y, x)
                    });
                    line.draw(points, residual, self.after.relu);
                }
            }
        }
    }
}

impl Line {
    /// Puts to every point what is made of its value.
    #[inline(always)]
    fn draw<'a>(
        self,
        points: impl Iterator<Item = (&'a mut f32, f32)>,
        residual: Option<&[f32]>,
        relu: bool,
    ) {
        match (residual, relu) {
            (None, false) => points.for_each(|(y, x)| *y = self.at(x)),
            (None, true) => points.for_each(|(y, x)| *y = rectified(self.at(x))),
            (Some(residual), false) => points
                .zip(residual)
                .for_each(|((y, x), &more)| *y = self.at(x) + more),
            (Some(residual), true) => points
                .zip(residual)
                .for_each(|((y, x), &more)| *y = rectified(self.at(x) + more)),
        }
    }
}
