//! Means over windows of 2×2 that neither overlap nor leave anything out: the most common
//! case, in loops that run on over the ends of rows.

use super::Window;
use crate::conv::copy_row;

/// Whether a layer is one of these.
pub fn is_halving(window: Window) -> bool {
    let all_of = |value: usize| [value; 2];
    window.kernel == all_of(2)
        && window.stride == all_of(2)
        && window.padding == all_of(0)
        && window.input == window.output.map(|size| 2 * size)
}

/// The means of a plane. `sums` is memory for half of the plane.
#[inline(always)]
pub fn means(plane: &[f32], width: usize, sums: &mut [f32], means: &mut [f32]) {
    for (rows, sums) in plane
        .chunks_exact(2 * width)
        .zip(sums.chunks_exact_mut(width))
    {
        let (upper, lower) = rows.split_at(width);
        for ((sum, a), b) in sums.iter_mut().zip(upper).zip(lower) {
            *sum = a + b;
        }
    }
    let (pairs, _) = sums.as_chunks::<2>();
    for (mean, pair) in means.iter_mut().zip(pairs) {
        *mean = (pair[0] + pair[1]) * 0.25;
    }
}

/// The gradient of a plane. `rows` is memory for half of the plane.
#[inline(always)]
pub fn gradients(dy: &[f32], width: usize, rows: &mut [f32], plane: &mut [f32]) {
    let (pairs, _) = rows.as_chunks_mut::<2>();
    for (pair, dy) in pairs.iter_mut().zip(dy) {
        *pair = [dy * 0.25; 2];
    }
    for (to, row) in plane
        .chunks_exact_mut(2 * width)
        .zip(rows.chunks_exact(width))
    {
        let (upper, lower) = to.split_at_mut(width);
        copy_row(row, upper);
        copy_row(row, lower);
    }
}
