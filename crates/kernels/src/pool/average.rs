use pulp::Simd;
use rayon::prelude::*;

use super::Window;
use crate::simd::{Kernel, Level};

/// The mean of every window; of the values in the plane alone, or of the padding as well.
pub fn average(level: Level, x: &[f32], window: Window, with_padding: bool) -> Vec<f32> {
    let planes = x.len() / window.area();
    let mut means = vec![0.0; planes * window.windows()];
    let chunk = window.planes();
    let tasks = means
        .par_chunks_mut(chunk * window.windows())
        .zip(x.par_chunks(chunk * window.area()));
    tasks.for_each(|(means, x)| {
        level.run(Forward {
            means,
            x,
            window,
            with_padding,
        });
    });
    means
}

/// The gradient of the input. That of the output, `dy`, is divided in place.
pub fn average_backward(
    level: Level,
    dy: &mut [f32],
    window: Window,
    with_padding: bool,
) -> Vec<f32> {
    let planes = dy.len() / window.windows();
    let mut dx = vec![0.0; planes * window.area()];
    let chunk = window.planes();
    let tasks = dx
        .par_chunks_mut(chunk * window.area())
        .zip(dy.par_chunks_mut(chunk * window.windows()));
    tasks.for_each(|(dx, dy)| {
        level.run(Backward {
            dx,
            dy,
            window,
            with_padding,
        });
    });
    dx
}

struct Forward<'a> {
    means: &'a mut [f32],
    x: &'a [f32],
    window: Window,
    with_padding: bool,
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let window = self.window;
        let width = window.input[1];
        for (row, means) in self.means.chunks_mut(window.output[1]).enumerate() {
            let (plane, row) = (row / window.output[0], row % window.output[0]);
            let plane = &self.x[plane * window.area()..][..window.area()];
            for y in window.rows(row) {
                let x = &plane[y * width..(y + 1) * width];
                for kernel in 0..window.kernel[1] {
                    let (windows, column) = window.columns(kernel);
                    if windows.is_empty() {
                        continue;
                    }
                    let (means, x) = (&mut means[windows], &x[column..]);
                    match window.stride[1] {
                        1 => gather(means, x, 1),
                        2 => gather(means, x, 2),
                        stride => gather(means, x, stride),
                    }
                }
            }
            divide(means, row, window, self.with_padding);
        }
    }
}

struct Backward<'a> {
    dx: &'a mut [f32],
    dy: &'a mut [f32],
    window: Window,
    with_padding: bool,
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let window = self.window;
        let width = window.input[1];
        for (row, dy) in self.dy.chunks_mut(window.output[1]).enumerate() {
            let (plane, row) = (row / window.output[0], row % window.output[0]);
            let plane = &mut self.dx[plane * window.area()..][..window.area()];
            divide(dy, row, window, self.with_padding);
            for y in window.rows(row) {
                let dx = &mut plane[y * width..(y + 1) * width];
                for kernel in 0..window.kernel[1] {
                    let (windows, column) = window.columns(kernel);
                    if windows.is_empty() {
                        continue;
                    }
                    let (dx, dy) = (&mut dx[column..], &dy[windows]);
                    match window.stride[1] {
                        1 => scatter(dx, dy, 1),
                        2 => scatter(dx, dy, 2),
                        stride => scatter(dx, dy, stride),
                    }
                }
            }
        }
    }
}

/// Divides the values of an output row by the number of values of their windows.
#[inline(always)]
fn divide(values: &mut [f32], row: usize, window: Window, with_padding: bool) {
    let height = window.counted(0, row, with_padding);
    for (column, value) in values.iter_mut().enumerate() {
        *value /= (height * window.counted(1, column, with_padding)) as f32;
    }
}

#[inline(always)]
fn gather(sums: &mut [f32], x: &[f32], stride: usize) {
    let x = &x[..(sums.len() - 1) * stride + 1];
    for (at, sum) in sums.iter_mut().enumerate() {
        *sum += x[at * stride];
    }
}

#[inline(always)]
fn scatter(dx: &mut [f32], dy: &[f32], stride: usize) {
    let dx = &mut dx[..(dy.len() - 1) * stride + 1];
    for (at, &dy) in dy.iter().enumerate() {
        dx[at * stride] += dy;
    }
}
