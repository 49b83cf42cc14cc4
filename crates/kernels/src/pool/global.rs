use rayon::prelude::*;

use crate::{
    channels::{LANES, accumulate},
    parallel::CHUNK,
    scratch::output,
    simd::{Kernel, Level, Vectors},
};

/// The mean of every plane of `area` values.
pub fn global_average(level: Level, x: &[f32], area: usize) -> Vec<f32> {
    let planes = (CHUNK / area).max(1);
    let mut means = vec![0.0; x.len() / area];
    let tasks = means
        .par_chunks_mut(planes)
        .zip(x.par_chunks(planes * area));
    tasks.for_each(|(means, x)| level.run(Means { means, x, area }));
    means
}

/// The gradient of the input, whose planes have `area` values.
pub fn global_average_backward(dy: &[f32], area: usize) -> Vec<f32> {
    let planes = (CHUNK / area).max(1);
    let mut dx = output(dy.len() * area);
    let tasks = dx.par_chunks_mut(planes * area).zip(dy.par_chunks(planes));
    tasks.for_each(|(dx, dy)| {
        for (dx, &dy) in dx.chunks_mut(area).zip(dy) {
            dx.fill(dy / area as f32);
        }
    });
    dx
}

struct Means<'a> {
    means: &'a mut [f32],
    x: &'a [f32],
    area: usize,
}

impl Kernel for Means<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _simd: S) {
        for (mean, plane) in self.means.iter_mut().zip(self.x.chunks(self.area)) {
            let mut sums = [0.0; LANES];
            accumulate(plane, &mut sums);
            *mean = (sums.iter().sum::<f64>() / self.area as f64) as f32;
        }
    }
}
