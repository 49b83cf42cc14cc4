//! What keeps a pass from being faster.

use std::fmt;

use serde::Serialize;

use crate::layers::Layer;

/// What the machine can do.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Machine {
    pub threads: usize,
    /// 10⁹ additions and multiplications a second in a large matrix product.
    #[serde(rename = "gemm_gflops")]
    pub gflops: f64,
    /// 10⁹ bytes a second from and to memory.
    #[serde(rename = "memory_gbytes_per_s")]
    pub gbytes: f64,
}

/// Where most of the time goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Limit {
    /// The arithmetic that is done, at the speed of a large matrix product.
    Compute,
    /// Input, weights and output, at the speed of memory.
    Memory,
    /// Winograd's transforms, and all else that is neither.
    Transform,
    /// Of a direct sum, all that is neither: copies with padding or with the channels
    /// last, vectors that are not full, sums too short to fill the machine.
    Overhead,
}

impl Limit {
    /// Of a pass over `layer` that takes `seconds`. Arithmetic and memory can overlap, so
    /// what is left for the rest is the time beyond the longer of the two.
    pub fn of(layer: &Layer, seconds: f64, machine: &Machine) -> Self {
        let winograd = layer.flop_of_winograd();
        let compute = winograd.unwrap_or(layer.flop()) / machine.gflops / 1e9;
        let memory = layer.bytes() / machine.gbytes / 1e9;
        let longer = compute.max(memory);
        match seconds - longer > longer {
            true if winograd.is_some() => Self::Transform,
            true => Self::Overhead,
            false if memory > compute => Self::Memory,
            false => Self::Compute,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Compute => "compute",
            Self::Memory => "memory",
            Self::Transform => "transform",
            Self::Overhead => "overhead",
        })
    }
}
