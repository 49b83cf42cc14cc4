//! How fast single operations are: products of matrices, and the convolutions of a network.
//!
//! The same on several backends, each in a process of its own, is the classical experiment of
//! the CPU against the GPU: small products are the CPU's, large ones the GPU's.

mod convolutions;
mod measure;
mod picture;
mod table;

use models::ModelOptions;
use serde::{Deserialize, Serialize};

pub use self::{convolutions::Convolution, picture::ops_svg, table::OpRow};
use super::{BenchConfig, config::Checked};
use crate::{
    TrainError,
    backend::{AdapterKind, Backend, BackendChoice},
    config::check,
};

/// A measurement of operations on one backend.
///
/// ```
/// use trainer::bench::ops::OpsConfig;
///
/// let config = OpsConfig { sizes: vec![100], batch_size: 4, ..OpsConfig::default() };
/// let found = config.run()?;
/// // The product, and both convolutions of LeNet-5, forward and backward.
/// assert_eq!(found.operations.len(), 1 + 2 * 2);
/// # Ok::<(), trainer::TrainError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpsConfig {
    /// The network whose convolutions are measured, as in [`BenchConfig::model`].
    pub model: String,
    /// What is chosen about the architecture beside its name.
    pub options: ModelOptions,
    /// Channels, height and width of an image, as in [`BenchConfig::image`].
    pub image: Option<[usize; 3]>,
    /// Images that a convolution is given, at least 1.
    pub batch_size: usize,
    /// Sides of the matrices, 1 to 16,384 each.
    pub sizes: Vec<usize>,
    /// Where to compute.
    pub backend: BackendChoice,
    /// Which kind of adapter a wgpu backend takes.
    pub adapter: AdapterKind,
    /// Threads that the CPU computes with, as in [`BenchConfig::threads`].
    pub threads: Option<usize>,
}

impl Default for OpsConfig {
    fn default() -> Self {
        let BenchConfig {
            model,
            options,
            image,
            batch_size,
            backend,
            adapter,
            threads,
            ..
        } = BenchConfig::default();
        Self {
            model,
            options,
            image,
            batch_size,
            sizes: (1..=10).map(|hundreds| 100 * hundreds).collect(),
            backend,
            adapter,
            threads,
        }
    }
}

/// Three such matrices are 3.2 GB.
const LARGEST: usize = 16_384;

/// What was measured on a backend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpsMeasurement {
    /// The backend.
    pub backend: Backend,
    /// The device, as the backend names it.
    pub device: String,
    /// The processor, as the system names it.
    pub processor: String,
    /// Threads that the CPU computed with.
    pub threads: usize,
    /// Whether [Kiln's own kernels](kernels) were on; only `flex` has them.
    pub kernels: bool,
    /// The operations with their times: products in the order of the sizes, then the
    /// convolutions in the order of the network, forward and backward.
    pub operations: Vec<OpTime>,
}

/// An operation, and how long it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpTime {
    /// The operation.
    #[serde(flatten)]
    pub op: Op,
    /// Median in milliseconds.
    pub ms: f64,
    /// The first and the third quartile, in milliseconds.
    pub ms_quartiles: [f64; 2],
    /// How many times it was measured.
    pub calls: usize,
    /// 10⁹ floating-point operations a second in the median: 2 for each multiply-add, and
    /// the backward pass of a convolution twice the forward pass.
    pub gflops: f64,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Op {
    /// The product of two matrices of `n` × `n`, the backend's own.
    Matmul {
        /// The side.
        n: usize,
    },
    /// A convolution of the network on a batch, without bias.
    Conv2d {
        /// Its shape.
        #[serde(flatten)]
        shape: Convolution,
        /// Images in the batch.
        batch: usize,
        /// What of it.
        pass: Pass,
    },
}

/// A half of what training does with a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pass {
    /// The output.
    Forward,
    /// The gradients of the input and of the weights, both.
    Backward,
}

impl Pass {
    /// As it stands in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Backward => "backward",
        }
    }
}

impl OpsConfig {
    /// Looks that the measurement can be done, as far as that needs no device.
    ///
    /// # Errors
    /// As [`BenchConfig::check`]; [`ConfigError::Value`](crate::config::ConfigError::Value)
    /// for a size that cannot be.
    pub fn check(&self) -> Result<(), TrainError> {
        self.convolutions().map(drop)
    }

    /// The convolutions of the network, each shape once.
    fn convolutions(&self) -> Result<Vec<Convolution>, TrainError> {
        for &size in &self.sizes {
            check(
                "sizes",
                size,
                (1..=LARGEST).contains(&size),
                &format!("each must be at least 1 and at most {LARGEST}"),
            )?;
        }
        let network = BenchConfig {
            model: self.model.clone(),
            options: self.options.clone(),
            image: self.image,
            batch_size: self.batch_size,
            backend: self.backend,
            adapter: self.adapter,
            threads: self.threads,
            ..BenchConfig::default()
        };
        let Checked { spec, summary, .. } = network.checked()?;
        Ok(convolutions::of(&spec, &summary))
    }
}
