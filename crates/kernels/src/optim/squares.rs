//! Sums of squares, of which norms are made.

use burn::tensor::Tensor;
#[cfg(feature = "flex")]
use {
    super::{
        pass::CHUNK,
        tensors::{on_flex, slice},
    },
    crate::simd::{Kernel, Level, Vectors, level},
    burn::{backend::Flex, tensor::TensorData},
    burn_flex::FlexTensor,
    rayon::prelude::*,
};

/// The sum of the squares of `values`, `[1]`, summed in 64 bits and in an order that
/// depends on their number alone. `None` if it was not done.
#[cfg(feature = "flex")]
#[must_use]
pub fn sum_of_squares(values: &Tensor<1>) -> Option<Tensor<1>> {
    let values = on_flex(values)?;
    let sum = sum(slice(&values)) as f32;
    let sum = FlexTensor::from_data(TensorData::new(vec![sum], [1]));
    Some(Tensor::from_primitive::<Flex>(sum))
}

/// `None`: without the kernels it is not done.
#[cfg(not(feature = "flex"))]
#[must_use]
pub fn sum_of_squares(_: &Tensor<1>) -> Option<Tensor<1>> {
    None
}

#[cfg(feature = "flex")]
pub(super) fn sum(values: &[f32]) -> f64 {
    let level = level();
    if values.len() <= CHUNK {
        return sum_of_chunk(level, values);
    }
    let chunks = values.par_chunks(CHUNK).map(|c| sum_of_chunk(level, c));
    let sums: Vec<f64> = chunks.collect();
    sums.iter().sum()
}

#[cfg(feature = "flex")]
pub(super) fn sum_of_chunk(level: Level, values: &[f32]) -> f64 {
    level.run(Squares(values))
}

/// How many sums grow beside each other, on every machine.
#[cfg(feature = "flex")]
const LANES: usize = 16;

#[cfg(feature = "flex")]
struct Squares<'a>(&'a [f32]);

#[cfg(feature = "flex")]
impl Kernel for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) -> f64 {
        let mut sums = [0.0; LANES];
        let (groups, rest) = self.0.as_chunks::<LANES>();
        // The square of 24 bits is exact in 64.
        for group in groups {
            for (sum, value) in sums.iter_mut().zip(group.map(f64::from)) {
                *sum += value * value;
            }
        }
        for (sum, value) in sums.iter_mut().zip(rest.iter().copied().map(f64::from)) {
            *sum += value * value;
        }
        sums.iter().sum()
    }
}
