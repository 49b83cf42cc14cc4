//! CPU kernels for convolutional networks that Burn's Flex backend lacks.
//!
//! Every function takes and gives Burn's tensors, on any device. On the CPU (`Flex`),
//! in `f32`, it is computed here, forward and backward; everywhere else, and for cases
//! that are not covered, by Burn's own operation of the same name. Results do not depend
//! on the number of threads.
//!
//! The kernels are there with the feature `flex`, which is not on by default; without it
//! every function is Burn's own.
//!
//! [`set_enabled`], or `KILN_KERNELS=off` in the environment, turns the kernels off, for
//! comparison.

#![forbid(unsafe_code)]

mod convolution;
mod environment;
mod functions;
pub mod optim;
mod switch;

#[cfg(feature = "flex")]
mod activation;
#[cfg(feature = "flex")]
mod channels;
#[cfg(feature = "flex")]
mod conv;
#[cfg(feature = "flex")]
mod layers;
#[cfg(feature = "flex")]
mod norm;
#[cfg(feature = "flex")]
mod parallel;
#[cfg(feature = "flex")]
mod pool;
#[cfg(all(test, feature = "flex"))]
mod reference;
#[cfg(feature = "flex")]
mod residual;
#[cfg(feature = "flex")]
mod scratch;
#[cfg(feature = "flex")]
mod simd;

pub use convolution::conv2d;
pub use environment::{WrongVariable, check_environment};
pub use functions::{
    add, add_relu, avg_pool2d, batch_norm, batch_norm_train, gelu, global_avg_pool2d, max_pool2d,
    relu, sigmoid, silu, tanh,
};
pub use switch::{is_enabled, set_enabled};

/// Whether a tensor is one that the kernels compute with.
#[cfg(feature = "flex")]
fn is_ours<const D: usize>(tensor: &burn::tensor::Tensor<D>) -> bool {
    use burn::{backend::DispatchDevice, tensor::DType};
    let device = tensor.device().inner();
    is_enabled()
        && tensor.dtype() == DType::F32
        && matches!(device.as_dispatch(), DispatchDevice::Flex(_))
}
