//! Moving averages.

use burn::tensor::Tensor;

use super::{pass::Pass, tensors::in_place};

/// Moves `mean` by `share` of the way towards `new`, of the same length, as
/// `torch.Tensor.lerp_`: a mean that `new` is equal to stays as it is.
///
/// Whether it was done.
#[must_use]
pub fn lerp(mean: &mut Tensor<1>, new: &Tensor<1>, share: f64) -> bool {
    in_place(&Lerp(share as f32), [mean], [new])
}

pub(super) struct Lerp(pub f32);

impl Pass<1, 1> for Lerp {
    #[inline(always)]
    fn run(&self, [means]: [&mut [f32]; 1], [new]: [&[f32]; 1]) {
        for (mean, &new) in means.iter_mut().zip(new) {
            *mean += (new - *mean) * self.0;
        }
    }
}
