//! Pooling, forward and backward. A task has some planes: channels of images, of which
//! each is by itself.

mod average;
mod global;
mod halving;
mod max;
#[cfg(test)]
mod tests;
mod window;

pub use self::{
    average::{average, average_backward},
    global::{global_average, global_average_backward},
    max::{max, max_backward},
    window::Window,
};
