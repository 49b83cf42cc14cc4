//! The loop as a library: networks, batches, losses and observers of one's own.
#![cfg(feature = "flex")]
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

mod bad_input;
mod resuming;
mod support;
mod training;
