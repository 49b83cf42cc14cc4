//! File formats of data sets. Their readers trust nothing: what a file claims is
//! held against what is there before anything is allocated.

pub mod cifar;
pub(crate) mod content;
pub mod idx;
