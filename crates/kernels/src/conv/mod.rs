//! Two-dimensional convolutions over slices, forward and backward.

mod correlate;
mod direct;
mod planes;
mod shape;
#[cfg(test)]
mod tests;
mod weights;
mod winograd;

pub use shape::ConvShape;

use crate::simd::Level;

/// `x` `[N, C, H, W]` convolved with `weight`, plus `bias` if there is one.
pub fn forward(
    level: Level,
    shape: &ConvShape,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    match winograd::suits(shape) {
        true => winograd::forward(level, shape, x, weight, bias),
        false => direct::forward(level, shape, x, weight, bias),
    }
}

/// The gradient of the input `[N, C, H, W]`, of that of the output `dy`.
pub fn input_gradient(level: Level, shape: &ConvShape, dy: &[f32], weight: &[f32]) -> Vec<f32> {
    match winograd::suits(shape) {
        true => winograd::input_gradient(level, shape, dy, weight),
        false => direct::input_gradient(level, shape, dy, weight),
    }
}

/// The gradient of the weights, of that of the output `dy`.
pub fn weight_gradient(level: Level, shape: &ConvShape, x: &[f32], dy: &[f32]) -> Vec<f32> {
    match winograd::suits(shape) {
        true => winograd::weight_gradient(level, shape, x, dy),
        false => weights::weight_gradient(level, shape, x, dy),
    }
}
