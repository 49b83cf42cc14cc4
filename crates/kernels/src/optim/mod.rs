//! Optimizers' arithmetic in one pass over memory, in place.
//!
//! Every function says whether it did its work. It does on the CPU, in `f32`, off the
//! graph, while the kernels are [on](crate::is_enabled); otherwise nothing has changed,
//! and the caller composes the same of Burn's operations. Both round in the same places:
//! updates and averages are the same to the last bit, on every machine.
//!
//! A tensor that nobody else holds is changed where it lies, another one is copied first.
#![cfg_attr(
    not(feature = "flex"),
    allow(dead_code, reason = "the passes have no tensors to run over")
)]

mod adam;
mod average;
mod pass;
mod scale;
mod sgd;
mod squares;
mod tensors;
#[cfg(all(test, feature = "flex"))]
mod tests;

pub use self::{
    adam::{Adam, adam},
    average::lerp,
    scale::{scale, scale_by},
    sgd::{Sgd, sgd},
    squares::sum_of_squares,
};
