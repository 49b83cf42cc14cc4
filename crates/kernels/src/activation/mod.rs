//! Activations: functions of each value by itself, and what of the gradient passes them.

mod exponential;
mod normal;
mod relu;
mod smooth;

pub use relu::{let_through, rectified, relu, relu_backward};
pub use smooth::{Smooth, smooth, smooth_backward};
