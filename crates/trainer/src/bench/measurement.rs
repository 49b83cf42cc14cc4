use serde::{Deserialize, Serialize};

use super::BenchMode;
use crate::backend::Backend;

/// What a measurement found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The network.
    pub model: String,
    /// Images in a step.
    pub batch: usize,
    /// Where it was computed.
    pub backend: Backend,
    /// Threads that the CPU computed with.
    pub threads: usize,
    /// What a step was.
    pub mode: BenchMode,
    /// Median over the steps, in milliseconds.
    pub ms_per_step: f64,
    /// Images a second in the median step.
    pub images_per_s: f64,
    /// The most memory that the process had, in megabytes (10⁶ bytes), as
    /// [`peak_rss_mb`](super::peak_rss_mb).
    pub peak_rss_mb: Option<f64>,
    /// The first and the third quartile over the steps, in milliseconds.
    pub ms_quartiles: [f64; 2],
    /// Steps that were measured.
    pub steps: usize,
    /// Channels, height and width of an image.
    pub image: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// The device, as the backend names it.
    pub device: String,
    /// Whether [Kiln's own kernels](kernels) were on; only `flex` has them.
    pub kernels: bool,
}
