//! Sigmoid, tanh, GELU and SiLU, made of the exponential function.

use super::{
    Function,
    exponential::{exp, exp_m1},
    normal::normal,
};
use crate::simd::Vectors;

#[derive(Clone, Copy)]
pub struct Sigmoid;

impl Function for Sigmoid {
    #[inline(always)]
    fn value<S: Vectors>(self, simd: S, x: f32) -> f32 {
        1.0 / (1.0 + exp(simd, -x))
    }

    #[inline(always)]
    fn gradient<S: Vectors>(self, _simd: S, dy: f32, y: f32) -> f32 {
        dy * (y * (1.0 - y))
    }
}

#[derive(Clone, Copy)]
pub struct Tanh;

impl Function for Tanh {
    /// By `e^-2|x| - 1`, which keeps all digits near 0.
    #[inline(always)]
    fn value<S: Vectors>(self, simd: S, x: f32) -> f32 {
        let less = exp_m1(simd, -2.0 * x.abs());
        (-less / (2.0 + less)).copysign(x)
    }

    #[inline(always)]
    fn gradient<S: Vectors>(self, _simd: S, dy: f32, y: f32) -> f32 {
        dy * ((1.0 - y) * (1.0 + y))
    }
}

#[derive(Clone, Copy)]
pub struct Gelu;

impl Function for Gelu {
    #[inline(always)]
    fn value<S: Vectors>(self, simd: S, x: f32) -> f32 {
        x * normal(simd, x).0
    }

    #[inline(always)]
    fn gradient<S: Vectors>(self, simd: S, dy: f32, x: f32) -> f32 {
        let (below, density) = normal(simd, x);
        dy * simd.multiply_add(x, density, below)
    }
}

#[derive(Clone, Copy)]
pub struct Silu;

impl Function for Silu {
    #[inline(always)]
    fn value<S: Vectors>(self, simd: S, x: f32) -> f32 {
        x * Sigmoid.value(simd, x)
    }

    #[inline(always)]
    fn gradient<S: Vectors>(self, simd: S, dy: f32, x: f32) -> f32 {
        let part = Sigmoid.value(simd, x);
        dy * (part * simd.multiply_add(x, 1.0 - part, 1.0))
    }
}
