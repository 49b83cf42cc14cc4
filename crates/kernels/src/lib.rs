//! CPU kernels for convolutional networks that Burn's Flex backend lacks.
//!
//! Every function takes and gives Burn's tensors, on any device. On the CPU (`Flex`),
//! in `f32`, it is computed here, forward and backward; everywhere else, and for cases
//! that are not covered, by Burn's own operation of the same name. Results do not depend
//! on the number of threads.
//!
//! [`set_enabled`], or `KILN_KERNELS=off` in the environment, turns the kernels off, for
//! comparison.

pub mod optim;
mod switch;

#[cfg(feature = "flex")]
mod simd;

pub use switch::{is_enabled, set_enabled};
