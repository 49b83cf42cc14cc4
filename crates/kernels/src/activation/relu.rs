//! ReLU, which norms and sums apply as well.

use super::Function;
use crate::simd::Vectors;

/// `max(value, 0)`. Not a number stays so, as in PyTorch.
#[inline(always)]
pub fn rectified(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

/// The gradient that reaches the input of a ReLU which gave `y`.
#[inline(always)]
pub fn let_through(dy: f32, y: f32) -> f32 {
    if y <= 0.0 { 0.0 } else { dy }
}

#[derive(Clone, Copy)]
pub struct Relu;

impl Function for Relu {
    #[inline(always)]
    fn value<S: Vectors>(self, _simd: S, x: f32) -> f32 {
        rectified(x)
    }

    #[inline(always)]
    fn gradient<S: Vectors>(self, _simd: S, dy: f32, y: f32) -> f32 {
        let_through(dy, y)
    }
}
