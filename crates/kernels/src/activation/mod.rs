//! Activations: functions of each value by itself, and what of the gradient passes them.

mod exponential;
mod normal;
mod relu;
mod smooth;

use relu::Relu;
pub use relu::{let_through, rectified};
use smooth::{Gelu, Sigmoid, Silu, Tanh};

use crate::{
    parallel,
    simd::{Kernel, Level, Vectors},
};

/// A function of a single value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    Tanh,
    /// `x · Φ(x)` by the normal distribution itself, not by its approximation with tanh
    /// (Hendrycks and Gimpel, 2016).
    Gelu,
    /// `x · sigmoid(x)`.
    Silu,
}

impl Activation {
    /// Whether the backward pass goes by the output; otherwise it goes by the input.
    pub fn keeps_output(self) -> bool {
        match self {
            Self::Relu | Self::Sigmoid | Self::Tanh => true,
            Self::Gelu | Self::Silu => false,
        }
    }

    /// Writes the activations of `input` into `output`, of the same length; those of what is
    /// in `output`, without an `input`.
    pub fn forward(self, level: Level, output: &mut [f32], input: Option<&[f32]>) {
        match self {
            Self::Relu => forward(level, Relu, output, input),
            Self::Sigmoid => forward(level, Sigmoid, output, input),
            Self::Tanh => forward(level, Tanh, output, input),
            Self::Gelu => forward(level, Gelu, output, input),
            Self::Silu => forward(level, Silu, output, input),
        }
    }

    /// From the gradient of the output, in place, that of the input. `kept` is the output or
    /// the input, as [`Self::keeps_output`] says.
    pub fn backward(self, level: Level, dy: &mut [f32], kept: &[f32]) {
        match self {
            Self::Relu => backward(level, Relu, dy, kept),
            Self::Sigmoid => backward(level, Sigmoid, dy, kept),
            Self::Tanh => backward(level, Tanh, dy, kept),
            Self::Gelu => backward(level, Gelu, dy, kept),
            Self::Silu => backward(level, Silu, dy, kept),
        }
    }
}

/// What an activation computes of one value.
trait Function: Copy + Sync {
    fn value<S: Vectors>(self, simd: S, x: f32) -> f32;

    /// The gradient of the input by that of the output and what is kept for this.
    fn gradient<S: Vectors>(self, simd: S, dy: f32, kept: f32) -> f32;
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
            *dy = self.function.gradient(simd, *dy, kept);
        }
    }
}

#[cfg(test)]
mod tests;
