//! Factors of gradients.

use burn::tensor::Tensor;

#[cfg(feature = "flex")]
use super::tensors::{on_flex, slice};
use super::{pass::Pass, tensors::in_place};

/// Multiplies `values` by `factor`. Whether it was done.
#[must_use]
pub fn scale(values: &mut Tensor<1>, factor: f64) -> bool {
    in_place(&Scale(factor as f32), [values], [])
}

/// Multiplies `values` by `factor`, `[1]` on the same device. Whether it was done.
#[must_use]
pub fn scale_by(values: &mut Tensor<1>, factor: &Tensor<1>) -> bool {
    match single(factor) {
        // Most gradients are short enough.
        Some(1.0) => true,
        Some(factor) => in_place(&Scale(factor), [values], []),
        None => false,
    }
}

#[cfg(feature = "flex")]
fn single(factor: &Tensor<1>) -> Option<f32> {
    match slice(&on_flex(factor)?) {
        &[factor] => Some(factor),
        _ => None,
    }
}

#[cfg(not(feature = "flex"))]
fn single(_: &Tensor<1>) -> Option<f32> {
    None
}

pub(super) struct Scale(pub f32);

impl Pass<1, 0> for Scale {
    #[inline(always)]
    fn run(&self, [values]: [&mut [f32]; 1], []: [&[f32]; 0]) {
        for value in values {
            *value *= self.0;
        }
    }
}
