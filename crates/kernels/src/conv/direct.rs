//! Convolutions of every shape by the direct kernel, and their input gradients, which
//! are correlations of the output's gradient.

use rayon::prelude::*;

use super::{
    correlate::{Correlation, Run, Target, pack},
    planes::Planes,
    residue::{Residue, residues},
    shape::ConvShape,
};
use crate::{
    scratch::{self, zeros},
    simd::Level,
};

/// Outputs of a channel from which on an image is worth a task of its own.
const WORTHWHILE: usize = 256;
/// Tasks that a batch is cut into if it is large enough, whatever the number of threads.
const TASKS: usize = 16;

/// How many images of `area` outputs share planes.
pub fn images_together(batch: usize, area: usize) -> usize {
    WORTHWHILE.div_ceil(area).clamp(1, batch.div_ceil(TASKS))
}

/// `x` `[N, C, H, W]` convolved with `weight`, plus `bias` if there is one.
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
    let area = output[0] * output[1];
    let [dy, dx] = shape.dilation;
    let reach = [dy * (shape.kernel[0] - 1), dx * (shape.kernel[1] - 1)];
    let images = images_together(shape.batch, area);
    let planes = Planes::new(
        shape.inputs,
        images,
        shape.image,
        shape.stride,
        shape.padding,
        output,
        reach,
    );
    let places = places(shape.kernel);
    let taps = places.map(|[y, x]| planes.distance([y * dy, x * dx]));
    let correlation = Correlation {
        taps: taps.collect(),
        planes,
        outputs: shape.outputs,
        target: Target {
            size: output,
            start: 0,
            image: shape.groups * shape.outputs * area,
            channel: area,
            row: output[1],
            column: 1,
        },
    };
    let packed: Vec<_> = weight
        .chunks_exact(shape.weight_len())
        .map(|weight| {
            let of = |o: usize, c: usize, tap: usize| {
                weight[(o * shape.inputs + c) * shape.taps() + tap]
            };
            pack(level, shape.outputs, shape.inputs, shape.taps(), of)
        })
        .collect();
    let mut y = scratch::output(shape.batch * shape.groups * shape.outputs * area);
    let step = [shape.input_len(), shape.groups * shape.outputs * area];
    each_task(&correlation.planes, step, x, &mut y, |task| {
        for (group, weights) in packed.iter().enumerate() {
            task.fill(group * shape.inputs);
            level.run(Run {
                correlation: &correlation,
                images: task.images,
                planes: task.planes,
                weights,
                bias: bias.map(|bias| &bias[group * shape.outputs..][..shape.outputs]),
                output: &mut task.to[group * shape.outputs * area..],
            });
        }
    });
    y
}

/// The gradient of the input `[N, C, H, W]`, of that of the output `dy`.
pub fn input_gradient(level: Level, shape: &ConvShape, dy: &[f32], weight: &[f32]) -> Vec<f32> {
    let Some(output) = shape.output() else {
        return Vec::new();
    };
    let mut dx = scratch::output(shape.batch * shape.input_len());
    let rows = residues(shape, 0);
    let columns = residues(shape, 1);
    let margin = [&rows, &columns].map(|axis| axis.iter().map(Residue::before).max().unwrap_or(0));
    // Beyond the margin.
    let reach = |axis: &[Residue], margin: usize| {
        let reach = axis.iter().map(|residue| residue.reach(margin));
        reach.max().unwrap_or(0)
    };
    let size = [&rows, &columns].map(|axis| axis.iter().map(|r| r.count).max().unwrap_or(1));
    let planes = Planes::new(
        shape.outputs,
        images_together(shape.batch, size[0] * size[1]),
        output,
        [1; 2],
        margin,
        size,
        [reach(&rows, margin[0]), reach(&columns, margin[1])],
    );
    let [height, width] = shape.image;
    let mut parts = Vec::new();
    for row in &rows {
        for column in &columns {
            let places: Vec<[usize; 2]> = (row.places.iter())
                .flat_map(|&(y, _)| column.places.iter().map(move |&(x, _)| [y, x]))
                .collect();
            let taps = row.places.iter().flat_map(|&(_, y)| {
                let planes = &planes;
                let to = move |&(_, x): &(usize, usize)| {
                    planes.distance([margin[0] + row.begin - y, margin[1] + column.begin - x])
                };
                column.places.iter().map(to)
            });
            let correlation = Correlation {
                taps: taps.collect(),
                planes: planes.clone(),
                outputs: shape.inputs,
                target: Target {
                    size: [row.count, column.count],
                    start: row.first * width + column.first,
                    image: shape.input_len(),
                    channel: height * width,
                    row: shape.stride[0] * width,
                    column: shape.stride[1],
                },
            };
            let packed: Vec<_> = weight
                .chunks_exact(shape.weight_len())
                .map(|weight| {
                    let of = |c: usize, o: usize, tap: usize| {
                        let [y, x] = places[tap];
                        weight[((o * shape.inputs + c) * shape.kernel[0] + y) * shape.kernel[1] + x]
                    };
                    pack(level, shape.inputs, shape.outputs, places.len(), of)
                })
                .collect();
            if !places.is_empty() && row.count * column.count > 0 {
                parts.push((correlation, packed));
            }
        }
    }
    let area = output[0] * output[1];
    let step = [shape.groups * shape.outputs * area, shape.input_len()];
    let met: usize = parts
        .iter()
        .map(|(correlation, _)| correlation.target.size.iter().product::<usize>())
        .sum();
    each_task(&planes, step, dy, &mut dx, |task| {
        // Pixels that no output meets.
        if met < height * width {
            task.to.fill(0.0);
        }
        for group in 0..shape.groups {
            task.fill(group * shape.outputs);
            for (correlation, packed) in &parts {
                level.run(Run {
                    correlation,
                    images: task.images,
                    planes: task.planes,
                    weights: &packed[group],
                    bias: None,
                    output: &mut task.to[group * shape.inputs * height * width..],
                });
            }
        }
    });
    dx
}

/// The places of a kernel, row by row.
pub fn places([height, width]: [usize; 2]) -> impl Iterator<Item = [usize; 2]> {
    (0..height).flat_map(move |y| (0..width).map(move |x| [y, x]))
}

/// What one task reads and writes.
pub struct Task<'a> {
    layout: &'a Planes,
    from: &'a [f32],
    from_step: usize,
    pub images: usize,
    pub planes: &'a mut [f32],
    pub to: &'a mut [f32],
}

impl Task<'_> {
    /// Puts channels from `first` on into the planes.
    pub fn fill(&mut self, first: usize) {
        fill(
            self.layout,
            self.planes,
            self.from,
            self.from_step,
            self.images,
            first,
        );
    }
}

/// Puts channels of images into planes. `from` begins with the first image; an image
/// has `step` values.
pub fn fill(
    layout: &Planes,
    planes: &mut [f32],
    from: &[f32],
    step: usize,
    images: usize,
    first: usize,
) {
    let area = layout.area();
    for image in 0..images {
        let pixels = &from[image * step + first * area..];
        for channel in 0..layout.channels {
            layout.fill(planes, channel, image, &pixels[channel * area..][..area]);
        }
    }
}

/// Runs a task for every few images of a batch, in parallel. `step` are the values of an
/// image in `from` and in `to`.
fn each_task(
    layout: &Planes,
    step: [usize; 2],
    from: &[f32],
    to: &mut [f32],
    task: impl Fn(&mut Task<'_>) + Sync,
) {
    let [from_step, to_step] = step;
    let from = from.par_chunks(layout.images * from_step);
    let to = to.par_chunks_mut(layout.images * to_step);
    to.zip(from).for_each_init(
        || zeros(layout.len()),
        |planes, (to, from)| {
            task(&mut Task {
                layout,
                images: from.len() / from_step,
                from,
                from_step,
                planes,
                to,
            });
        },
    );
}
