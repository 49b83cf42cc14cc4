//! The architectures, a family a file.

pub mod lenet;
pub mod mlp;
