use pulp::Simd;
use rayon::prelude::*;

use super::Window;
use crate::simd::{Kernel, Level};

/// The largest value of every window, and its place in the plane: the first one, row after
/// row, of equal ones; the last of those that are not a number, as in PyTorch.
pub fn max(level: Level, x: &[f32], window: Window) -> (Vec<f32>, Vec<u32>) {
    let planes = x.len() / window.area();
    let mut largest = vec![0.0; planes * window.windows()];
    let mut places = vec![0; largest.len()];
    let chunk = window.planes();
    let outputs = largest
        .par_chunks_mut(chunk * window.windows())
        .zip(places.par_chunks_mut(chunk * window.windows()));
    let tasks = outputs.zip(x.par_chunks(chunk * window.area()));
    tasks.for_each(|((largest, places), x)| {
        level.run(Task {
            largest,
            places,
            x,
            window,
        });
    });
    (largest, places)
}

/// The gradient of the input, from that of the output and the places.
pub fn max_backward(dy: &[f32], places: &[u32], window: Window) -> Vec<f32> {
    let planes = dy.len() / window.windows();
    let mut dx = vec![0.0; planes * window.area()];
    let chunk = window.planes();
    let gradients = dy
        .par_chunks(chunk * window.windows())
        .zip(places.par_chunks(chunk * window.windows()));
    let tasks = dx.par_chunks_mut(chunk * window.area()).zip(gradients);
    tasks.for_each(|(dx, (dy, places))| {
        let outputs = dy
            .chunks(window.windows())
            .zip(places.chunks(window.windows()));
        for (dx, (dy, places)) in dx.chunks_mut(window.area()).zip(outputs) {
            for (&dy, &place) in dy.iter().zip(places) {
                dx[place as usize] += dy;
            }
        }
    });
    dx
}

struct Task<'a> {
    largest: &'a mut [f32],
    places: &'a mut [u32],
    x: &'a [f32],
    window: Window,
}

impl Kernel for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self {
            largest,
            places,
            x,
            window,
        } = self;
        let width = window.output[1];
        let outputs = largest.chunks_mut(width).zip(places.chunks_mut(width));
        for (row, (largest, places)) in outputs.enumerate() {
            let (plane, row) = (row / window.output[0], row % window.output[0]);
            let plane = &x[plane * window.area()..][..window.area()];
            row_of_windows(plane, row, window, largest, places);
        }
    }
}

/// All windows of an output row side by side: value after value of the kernel.
#[inline(always)]
fn row_of_windows(
    plane: &[f32],
    row: usize,
    window: Window,
    largest: &mut [f32],
    places: &mut [u32],
) {
    let [_, width] = window.input;
    let rows = window.rows(row);
    largest.fill(f32::NEG_INFINITY);
    for (column, place) in places.iter_mut().enumerate() {
        // What stays if all values are negative infinity.
        let column = (column * window.stride[1]).saturating_sub(window.padding[1]);
        *place = (rows.start * width + column) as u32;
    }
    for y in rows {
        for kernel in 0..window.kernel[1] {
            let (windows, column) = window.columns(kernel);
            if windows.is_empty() {
                continue;
            }
            let place = y * width + column;
            let x = &plane[place..(y + 1) * width];
            let largest = &mut largest[windows.clone()];
            let places = &mut places[windows];
            match window.stride[1] {
                1 => compare(x, 1, place as u32, largest, places),
                2 => compare(x, 2, place as u32, largest, places),
                stride => compare(x, stride, place as u32, largest, places),
            }
        }
    }
}

/// Takes every value that is larger than the largest of its window so far.
#[inline(always)]
fn compare(x: &[f32], stride: usize, place: u32, largest: &mut [f32], places: &mut [u32]) {
    // What the compiler needs to know to leave the checks out of the loop.
    let count = largest.len();
    let (x, places) = (&x[..(count - 1) * stride + 1], &mut places[..count]);
    for at in 0..count {
        let value = x[at * stride];
        let larger = value > largest[at] || value.is_nan();
        largest[at] = if larger { value } else { largest[at] };
        let here = place + (at * stride) as u32;
        places[at] = if larger { here } else { places[at] };
    }
}
