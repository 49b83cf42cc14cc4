//! ReLU.

use crate::{
    parallel,
    simd::{Kernel, Level, Vectors},
};

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

/// Replaces every value by its ReLU.
pub fn relu(level: Level, values: &mut [f32]) {
    parallel::each(values, |values| level.run(Relu(values)));
}

/// From the gradient of the output `y`, in place, that of the input.
pub fn relu_backward(level: Level, dy: &mut [f32], y: &[f32]) {
    parallel::each_with(dy, y, |dy, y| level.run(ReluBackward { dy, y }));
}

struct Relu<'a>(&'a mut [f32]);

impl Kernel for Relu<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _simd: S) {
        for value in self.0 {
            *value = rectified(*value);
        }
    }
}

struct ReluBackward<'a> {
    dy: &'a mut [f32],
    y: &'a [f32],
}

impl Kernel for ReluBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _simd: S) {
        for (dy, &y) in self.dy.iter_mut().zip(self.y) {
            *dy = let_through(*dy, y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{parallel::CHUNK, reference::numbers};

    #[test]
    fn negative_values_become_zero() {
        for count in [0, 1, 37, 2 * CHUNK + 5] {
            let x = numbers("x", count);
            let expected: Vec<f32> = x.iter().map(|&v| v.max(0.0)).collect();
            for level in Level::all() {
                let mut values = x.clone();
                relu(level, &mut values);
                assert_eq!(values, expected, "{count} values, {}", level.name());
            }
        }
    }

    #[test]
    fn not_a_number_stays_so() {
        for level in Level::all() {
            let mut values = [f32::NAN, f32::NEG_INFINITY, f32::INFINITY];
            relu(level, &mut values);
            assert!(values[0].is_nan());
            assert_eq!(values[1..], [0.0, f32::INFINITY]);
        }
    }

    #[test]
    fn gradients_pass_where_the_output_is_positive() {
        for count in [1, 37, 2 * CHUNK + 5] {
            let y: Vec<f32> = numbers("y", count).iter().map(|v| v.max(0.0)).collect();
            let dy = numbers("dy", count);
            let expected: Vec<f32> = dy
                .iter()
                .zip(&y)
                .map(|(&dy, &y)| if y > 0.0 { dy } else { 0.0 })
                .collect();
            for level in Level::all() {
                let mut values = dy.clone();
                relu_backward(level, &mut values, &y);
                assert_eq!(values, expected, "{count} values, {}", level.name());
            }
        }
    }
}
