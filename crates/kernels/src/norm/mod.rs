//! Batch normalisation (Ioffe and Szegedy, 2015), forward and backward, fused with the
//! residual sum and the ReLU that may follow it.
//!
//! A task has a channel, or a few, of all images, and goes over it twice: the second time
//! it comes from the core's cache. Statistics and sums are added up in `f64` (those of the
//! backward pass in short runs of `f32` first), in an order that the shape alone decides.

mod backward;
mod forward;
#[cfg(test)]
mod tests;

pub use self::{
    backward::{Backward, backward},
    forward::{apply, train},
};

/// What is the same for every value of a channel.
#[derive(Debug, Clone, Copy)]
pub struct Affine<'a> {
    /// The scale of each channel.
    pub weight: &'a [f32],
    /// What is added to each channel.
    pub bias: &'a [f32],
    pub epsilon: f64,
}

/// What follows the normalisation.
#[derive(Debug, Clone, Copy)]
pub struct After<'a> {
    /// Added, value by value.
    pub residual: Option<&'a [f32]>,
    /// Whether the ReLU of it all is taken.
    pub relu: bool,
}

/// One over the standard deviation.
#[inline(always)]
fn inverse_deviation(variance: f32, epsilon: f64) -> f64 {
    1.0 / (f64::from(variance) + epsilon).sqrt()
}
