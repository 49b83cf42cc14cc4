//! Sigmoid, tanh, GELU and SiLU.

use super::{
    exponential::{exp, exp_m1},
    normal::normal,
};
use crate::{
    parallel,
    simd::{Kernel, Level, Vectors},
};

/// Activations made of the exponential function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smooth {
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    Tanh,
    /// `x · Φ(x)` by the normal distribution itself, not by its approximation with tanh
    /// (Hendrycks and Gimpel, 2016).
    Gelu,
    /// `x · sigmoid(x)`.
    Silu,
}

impl Smooth {
    /// Whether the backward pass goes by the output; otherwise it goes by the input.
    pub fn keeps_output(self) -> bool {
        match self {
            Self::Sigmoid | Self::Tanh => true,
            Self::Gelu | Self::Silu => false,
        }
    }
}

/// Writes the activations of `input` into `output`, of the same length; those of what is
/// in `output`, without an `input`.
pub fn smooth(level: Level, function: Smooth, output: &mut [f32], input: Option<&[f32]>) {
    match function {
        Smooth::Sigmoid => forward(level, Sigmoid, output, input),
        Smooth::Tanh => forward(level, Tanh, output, input),
        Smooth::Gelu => forward(level, Gelu, output, input),
        Smooth::Silu => forward(level, Silu, output, input),
    }
}

/// From the gradient of the output, in place, that of the input. `kept` is the output or
/// the input, as [`Smooth::keeps_output`] says.
pub fn smooth_backward(level: Level, function: Smooth, dy: &mut [f32], kept: &[f32]) {
    match function {
        Smooth::Sigmoid => backward(level, Sigmoid, dy, kept),
        Smooth::Tanh => backward(level, Tanh, dy, kept),
        Smooth::Gelu => backward(level, Gelu, dy, kept),
        Smooth::Silu => backward(level, Silu, dy, kept),
    }
}

/// A function of one value.
trait Function: Copy + Sync {
    fn value<S: Vectors>(self, simd: S, x: f32) -> f32;

    /// Its derivative, by what is kept for the backward pass.
    fn slope<S: Vectors>(self, simd: S, kept: f32) -> f32;
}

#[derive(Clone, Copy)]
struct Sigmoid;

impl Function for Sigmoid {
    #[inline(always)]
    fn value<S: Vectors>(self, simd: S, x: f32) -> f32 {
        1.0 / (1.0 + exp(simd, -x))
    }

    #[inline(always)]
    fn slope<S: Vectors>(self, _simd: S, y: f32) -> f32 {
        y * (1.0 - y)
    }
}

#[derive(Clone, Copy)]
struct Tanh;

impl Function for Tanh {
    /// By `e^-2|x| - 1`, which keeps all digits near 0.
    #[inline(always)]
    fn value<S: Vectors>(self, simd: S, x: f32) -> f32 {
        let less = exp_m1(simd, -2.0 * x.abs());
        (-less / (2.0 + less)).copysign(x)
    }

    #[inline(always)]
    fn slope<S: Vectors>(self, _simd: S, y: f32) -> f32 {
        (1.0 - y) * (1.0 + y)
    }
}

#[derive(Clone, Copy)]
struct Gelu;

impl Function for Gelu {
    #[inline(always)]
    fn value<S: Vectors>(self, simd: S, x: f32) -> f32 {
        x * normal(simd, x).0
    }

    #[inline(always)]
    fn slope<S: Vectors>(self, simd: S, x: f32) -> f32 {
        let (below, density) = normal(simd, x);
        simd.multiply_add(x, density, below)
    }
}

#[derive(Clone, Copy)]
struct Silu;

impl Function for Silu {
    #[inline(always)]
    fn value<S: Vectors>(self, simd: S, x: f32) -> f32 {
        x * Sigmoid.value(simd, x)
    }

    #[inline(always)]
    fn slope<S: Vectors>(self, simd: S, x: f32) -> f32 {
        let part = Sigmoid.value(simd, x);
        part * simd.multiply_add(x, 1.0 - part, 1.0)
    }
}

fn forward<F: Function>(level: Level, function: F, output: &mut [f32], input: Option<&[f32]>) {
    let run = |output: &mut [f32], input: Option<&[f32]>| {
        level.run(Forward {
            function,
            output,
            input,
        });
    };
    match input {
        Some(input) => parallel::each_with(output, input, |output, input| run(output, Some(input))),
        None => parallel::each(output, |output| run(output, None)),
    }
}

fn backward<F: Function>(level: Level, function: F, dy: &mut [f32], kept: &[f32]) {
    parallel::each_with(dy, kept, |dy, kept| {
        level.run(Backward { function, dy, kept });
    });
}

struct Forward<'a, F> {
    function: F,
    output: &'a mut [f32],
    input: Option<&'a [f32]>,
}

impl<F: Function> Kernel for Forward<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        match self.input {
            Some(input) => {
                for (y, &x) in self.output.iter_mut().zip(input) {
                    *y = self.function.value(simd, x);
                }
            }
            None => {
                for value in self.output {
                    *value = self.function.value(simd, *value);
                }
            }
        }
    }
}

struct Backward<'a, F> {
    function: F,
    dy: &'a mut [f32],
    kept: &'a [f32],
}

impl<F: Function> Kernel for Backward<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        for (dy, &kept) in self.dy.iter_mut().zip(self.kept) {
            *dy *= self.function.slope(simd, kept);
        }
    }
}

#[cfg(test)]
mod tests;
