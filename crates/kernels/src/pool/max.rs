use rayon::prelude::*;

use super::{Window, window::Columns};
use crate::{
    scratch::output,
    simd::{Kernel, Level, Vectors},
};

/// The largest value of every window, and its place in the plane: the first one, row after
/// row, of equal ones; the last of those that are not a number, as in PyTorch.
pub fn max(level: Level, x: &[f32], window: Window) -> (Vec<f32>, Vec<u32>) {
    let planes = x.len() / window.area();
    let mut largest = output(planes * window.windows());
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
    let mut dx = output(planes * window.area());
    let chunk = window.planes();
    let gradients = dy
        .par_chunks(chunk * window.windows())
        .zip(places.par_chunks(chunk * window.windows()));
    let tasks = dx.par_chunks_mut(chunk * window.area()).zip(gradients);
    tasks.for_each(|(dx, (dy, places))| {
        dx.fill(0.0);
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
    fn run<S: Vectors>(self, _simd: S) {
        let Self {
            largest,
            places,
            x,
            window,
        } = self;
        let columns = window.all_columns();
        // The first column that each window of a row sees.
        let firsts: Vec<u32> = (0..window.output[1])
            .map(|at| (at * window.stride[1]).saturating_sub(window.padding[1]) as u32)
            .collect();
        let (height, width) = (window.output[0], window.output[1]);
        let planes = largest
            .chunks_mut(window.windows())
            .zip(places.chunks_mut(window.windows()))
            .zip(x.chunks(window.area()));
        for ((largest, places), plane) in planes {
            for row in 0..height {
                let part = row * width..(row + 1) * width;
                let (largest, places) = (&mut largest[part.clone()], &mut places[part]);
                row_of_windows(plane, row, window, &columns, &firsts, largest, places);
            }
        }
    }
}

/// All windows of an output row side by side: value after value of the kernel.
#[inline(always)]
fn row_of_windows(
    plane: &[f32],
    row: usize,
    window: Window,
    columns: &[Columns],
    firsts: &[u32],
    largest: &mut [f32],
    places: &mut [u32],
) {
    let [_, width] = window.input;
    let rows = window.rows(row);
    largest.fill(f32::NEG_INFINITY);
    // What stays if all values are negative infinity.
    let start = (rows.start * width) as u32;
    for (place, first) in places.iter_mut().zip(firsts) {
        *place = start.wrapping_add(*first);
    }
    for y in rows {
        for Columns { windows, first } in columns {
            let place = y * width + first;
            let x = &plane[place..(y + 1) * width];
            let largest = &mut largest[windows.clone()];
            let places = &mut places[windows.clone()];
            match window.stride[1] {
                1 => compare::<1>(x, place as u32, largest, places),
                2 => compare::<2>(x, place as u32, largest, places),
                stride => {
                    let values = x.iter().step_by(stride).zip(largest).zip(places);
                    for (at, ((&value, largest), other)) in values.enumerate() {
                        take_larger(value, place as u32 + (at * stride) as u32, largest, other);
                    }
                }
            }
        }
    }
}

/// Every value, at a distance of `STRIDE` from the next, with the largest of its window.
#[inline(always)]
fn compare<const STRIDE: usize>(x: &[f32], place: u32, largest: &mut [f32], places: &mut [u32]) {
    let (groups, rest) = x.as_chunks::<STRIDE>();
    let windows = largest.iter_mut().zip(places.iter_mut());
    let mut here = place;
    for ((largest, other), group) in windows.zip(groups) {
        take_larger(group[0], here, largest, other);
        // Cannot wrap, as a plane's places are `u32`: but a check would rule out vectors.
        here = here.wrapping_add(STRIDE as u32);
    }
    if let (Some(&value), Some(largest)) = (rest.first(), largest.get_mut(groups.len())) {
        let here = place + (groups.len() * STRIDE) as u32;
        take_larger(value, here, largest, &mut places[groups.len()]);
    }
}

/// Takes a value that is larger than the largest of its window so far.
#[inline(always)]
fn take_larger(value: f32, place: u32, largest: &mut f32, other: &mut u32) {
    // Selected by masks: as a branch, which the compiler prefers for two conditional
    // assignments, random values are mispredicted half of the time.
    let larger = (value > *largest) | value.is_nan();
    let mask = u32::from(larger).wrapping_neg();
    *largest = f32::from_bits((value.to_bits() & mask) | (largest.to_bits() & !mask));
    *other = (place & mask) | (*other & !mask);
}
