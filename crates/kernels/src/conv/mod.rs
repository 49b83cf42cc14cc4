//! Two-dimensional convolutions over slices, forward and backward.

mod channels_last;
mod correlate;
mod dense;
mod direct;
mod planes;
mod product;
mod residue;
mod shape;
#[cfg(test)]
mod tests;
mod weight_blocks;
mod weights;
mod winograd;

pub use planes::copy_row;
pub use shape::ConvShape;

use crate::simd::Level;

/// How a convolution is computed.
enum Way {
    Winograd,
    Dense,
    Direct,
}

fn way(shape: &ConvShape) -> Way {
    if winograd::suits(shape) {
        Way::Winograd
    } else if dense::suits(shape) {
        Way::Dense
    } else {
        Way::Direct
    }
}

/// `x` `[N, C, H, W]` convolved with `weight`, plus `bias` if there is one.
pub fn forward(
    level: Level,
    shape: &ConvShape,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    match way(shape) {
        Way::Winograd => winograd::forward(level, shape, x, weight, bias),
        Way::Dense => dense::forward(level, shape, x, weight, bias),
        Way::Direct => direct::forward(level, shape, x, weight, bias),
    }
}

/// The gradient of the input `[N, C, H, W]`, of that of the output `dy`.
pub fn input_gradient(level: Level, shape: &ConvShape, dy: &[f32], weight: &[f32]) -> Vec<f32> {
    match way(shape) {
        Way::Winograd => winograd::input_gradient(level, shape, dy, weight),
        Way::Dense => dense::input_gradient(level, shape, dy, weight),
        Way::Direct => direct::input_gradient(level, shape, dy, weight),
    }
}

/// The gradient of the weights, of that of the output `dy`.
pub fn weight_gradient(level: Level, shape: &ConvShape, x: &[f32], dy: &[f32]) -> Vec<f32> {
    match way(shape) {
        Way::Winograd => winograd::weight_gradient(level, shape, x, dy),
        Way::Dense => dense::weight_gradient(level, shape, x, dy),
        Way::Direct => weights::weight_gradient(level, shape, x, dy),
    }
}
