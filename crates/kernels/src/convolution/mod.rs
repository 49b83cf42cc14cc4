//! Convolutions for Burn's tensors: by the kernels where they are to be had, otherwise by
//! Burn's own operation.

#[cfg(feature = "flex")]
mod operation;

use burn::tensor::{Tensor, module, ops::ConvOptions};

/// The two-dimensional convolution (cross-correlation, as in all of deep learning) of `x`
/// `[N, C, H, W]` with `weight` `[outputs, C / groups, height, width]`, plus `bias`
/// `[outputs]`: `[N, outputs, H', W']`, as `torch.nn.functional.conv2d`.
///
/// 3×3 kernels of stride 1 over many channels are computed by Winograd's transforms, in
/// which the rounding is about that of the direct sum.
///
/// # Panics
/// If the shapes do not fit each other or `options`, as Burn's own.
#[must_use]
pub fn conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvOptions<2>,
) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if let Some(shape) = operation::covered(&x, &weight, bias.as_ref(), &options) {
        return operation::apply(x, weight, bias, shape);
    }
    module::conv2d(x, weight, bias, options)
}
