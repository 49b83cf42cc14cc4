use rayon::prelude::*;

use super::{
    Window,
    halving::{self, is_halving},
    window::Columns,
};
use crate::{
    scratch::output,
    simd::{Kernel, Level, Vectors},
};

/// The mean of every window; of the values in the plane alone, or of the padding as well.
pub fn average(level: Level, x: &[f32], window: Window, with_padding: bool) -> Vec<f32> {
    let planes = x.len() / window.area();
    let mut means = output(planes * window.windows());
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
    let mut dx = output(planes * window.area());
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
    fn run<S: Vectors>(self, _simd: S) {
        let window = self.window;
        let width = window.input[1];
        if is_halving(window) {
            let mut sums = vec![0.0; window.area() / 2];
            let planes = self.means.chunks_exact_mut(window.windows());
            for (means, plane) in planes.zip(self.x.chunks_exact(window.area())) {
                halving::means(plane, width, &mut sums, means);
            }
            return;
        }
        self.means.fill(0.0);
        let columns = window.all_columns();
        let widths = widths(window, self.with_padding);
        let planes = self.means.chunks_mut(window.windows());
        for (means, plane) in planes.zip(self.x.chunks(window.area())) {
            for (row, means) in means.chunks_mut(window.output[1]).enumerate() {
                for y in window.rows(row) {
                    let x = &plane[y * width..(y + 1) * width];
                    for Columns { windows, first } in &columns {
                        gather(&mut means[windows.clone()], &x[*first..], window.stride[1]);
                    }
                }
                divide(means, window.counted(0, row, self.with_padding), &widths);
            }
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
    fn run<S: Vectors>(self, _simd: S) {
        let window = self.window;
        let width = window.input[1];
        if is_halving(window) {
            let mut rows = vec![0.0; window.area() / 2];
            let planes = self.dx.chunks_exact_mut(window.area());
            for (plane, dy) in planes.zip(self.dy.chunks_exact(window.windows())) {
                halving::gradients(dy, width, &mut rows, plane);
            }
            return;
        }
        self.dx.fill(0.0);
        let columns = window.all_columns();
        let widths = widths(window, self.with_padding);
        let planes = self.dx.chunks_mut(window.area());
        for (plane, dy) in planes.zip(self.dy.chunks_mut(window.windows())) {
            for (row, dy) in dy.chunks_mut(window.output[1]).enumerate() {
                divide(dy, window.counted(0, row, self.with_padding), &widths);
                for y in window.rows(row) {
                    let dx = &mut plane[y * width..(y + 1) * width];
                    for Columns { windows, first } in &columns {
                        scatter(&mut dx[*first..], &dy[windows.clone()], window.stride[1]);
                    }
                }
            }
        }
    }
}

/// The width that each window of a row counts.
fn widths(window: Window, with_padding: bool) -> Vec<f32> {
    (0..window.output[1])
        .map(|column| window.counted(1, column, with_padding) as f32)
        .collect()
}

/// Divides the values of an output row by the number of values of their windows.
#[inline(always)]
fn divide(values: &mut [f32], height: usize, widths: &[f32]) {
    for (value, width) in values.iter_mut().zip(widths) {
        *value /= height as f32 * width;
    }
}

/// Adds to each sum the value of its window: one, then the next a stride further.
#[inline(always)]
fn gather(sums: &mut [f32], x: &[f32], stride: usize) {
    if stride == 2 {
        let (pairs, rest) = x.as_chunks::<2>();
        for (sum, pair) in sums.iter_mut().zip(pairs) {
            *sum += pair[0];
        }
        if let (Some(sum), Some(value)) = (sums.get_mut(pairs.len()), rest.first()) {
            *sum += value;
        }
        return;
    }
    for (sum, value) in sums.iter_mut().zip(x.iter().step_by(stride)) {
        *sum += value;
    }
}

/// The other way round: adds the gradient of each window to its value.
#[inline(always)]
fn scatter(dx: &mut [f32], dy: &[f32], stride: usize) {
    if stride == 2 {
        let (pairs, rest) = dx.as_chunks_mut::<2>();
        let count = pairs.len();
        for (pair, dy) in pairs.iter_mut().zip(dy) {
            pair[0] += dy;
        }
        if let (Some(value), Some(dy)) = (rest.first_mut(), dy.get(count)) {
            *value += dy;
        }
        return;
    }
    for (value, dy) in dx.iter_mut().step_by(stride).zip(dy) {
        *value += dy;
    }
}
