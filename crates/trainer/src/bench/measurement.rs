use serde::{Deserialize, Serialize};

use super::{BenchMode, Parts, flops, quantile, sorted};
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
    /// Median over the steps, in milliseconds; of several rounds, the median of theirs.
    pub ms_per_step: f64,
    /// Images a second in the median step.
    pub images_per_s: f64,
    /// 10⁹ floating-point operations a second in the median step: 2 for each multiply-add,
    /// and 3 forward passes for a training step.
    pub gflops: f64,
    /// 10⁹ operations a second in the fastest of several products of 1024 × 1024 matrices,
    /// on the same device in the same process; of several rounds, in the fastest of all.
    pub gemm_gflops: f64,
    /// `gflops` as a share of `gemm_gflops`. Convolutions that need fewer operations than
    /// are counted, such as Winograd's, can take it above 1.
    pub gemm_share: f64,
    /// The most memory that the process had, in megabytes (10⁶ bytes), as
    /// [`peak_rss_mb`](super::peak_rss_mb).
    pub peak_rss_mb: Option<f64>,
    /// The first and the third quartile over the steps, in milliseconds; of several rounds,
    /// the medians of theirs.
    pub ms_quartiles: [f64; 2],
    /// The median of each round, in milliseconds.
    pub ms_rounds: Vec<f64>,
    /// Where the time of a training step goes.
    pub parts: Option<Parts>,
    /// Steps that were measured in a round.
    pub steps: usize,
    /// Steps before these, which were not.
    pub warmup: usize,
    /// The form of the architecture, if it has several.
    pub form: Option<String>,
    /// Channels, height and width of an image.
    pub image: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Number of trainable parameters.
    pub parameters: usize,
    /// Multiply-adds of a forward pass of one image.
    pub macs: usize,
    /// The device, as the backend names it.
    pub device: String,
    /// The processor, as the system names it.
    pub processor: String,
    /// Whether [Kiln's own kernels](kernels) were on; only `flex` has them.
    pub kernels: bool,
}

impl Measurement {
    /// The same measurement done several times, as one: medians of times, the most memory,
    /// the fastest matrix product. `None` of none.
    #[must_use]
    pub fn of_rounds(rounds: &[Self]) -> Option<Self> {
        let first = rounds.first()?;
        let median = |of: &dyn Fn(&Self) -> f64| quantile(&sorted(rounds.iter().map(of)), 0.5);
        let part = |of: fn(&Parts) -> f64| median(&|round| round.parts.as_ref().map_or(0.0, of));
        let most = |values: &mut dyn Iterator<Item = f64>| values.reduce(f64::max);
        let mut whole = Self {
            ms_per_step: median(&|round| round.ms_per_step),
            ms_quartiles: [0, 1].map(|at| median(&|round| round.ms_quartiles[at])),
            ms_rounds: rounds.iter().flat_map(|r| r.ms_rounds.clone()).collect(),
            parts: first.parts.map(|_| Parts {
                forward_ms: part(|parts| parts.forward_ms),
                backward_ms: part(|parts| parts.backward_ms),
                optimizer_ms: part(|parts| parts.optimizer_ms),
            }),
            gemm_gflops: most(&mut rounds.iter().map(|round| round.gemm_gflops))?,
            peak_rss_mb: most(&mut rounds.iter().filter_map(|round| round.peak_rss_mb)),
            ..first.clone()
        };
        whole.derive();
        Some(whole)
    }

    /// Finds what follows from the milliseconds of a step and the matrix product.
    pub(super) fn derive(&mut self) {
        let operations = flops::of_step(self.macs, self.batch, self.mode);
        self.images_per_s = 1e3 * self.batch as f64 / self.ms_per_step;
        self.gflops = flops::gflops(operations, self.ms_per_step);
        self.gemm_share = self.gflops / self.gemm_gflops;
    }

    /// How far the times lie apart, as a share of the median: from the first to the third
    /// quartile of the steps; of several rounds, from the fastest to the slowest of them.
    #[must_use]
    pub fn spread(&self) -> f64 {
        let [low, high] = match &sorted(self.ms_rounds.iter().copied())[..] {
            [low, .., high] => [*low, *high],
            _ => self.ms_quartiles,
        };
        (high - low) / self.ms_per_step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(ms: f64, peak: Option<f64>, gemm: f64) -> Measurement {
        let mut round = Measurement {
            model: "lenet5".into(),
            batch: 256,
            backend: Backend::Flex,
            threads: 2,
            mode: BenchMode::Train,
            ms_per_step: ms,
            images_per_s: 0.0,
            gflops: 0.0,
            gemm_gflops: gemm,
            gemm_share: 0.0,
            peak_rss_mb: peak,
            ms_quartiles: [ms - 1.0, ms + 2.0],
            ms_rounds: vec![ms],
            parts: Some(Parts {
                forward_ms: 0.2 * ms,
                backward_ms: 0.7 * ms,
                optimizer_ms: 0.1 * ms,
            }),
            steps: 20,
            warmup: 3,
            form: None,
            image: [1, 28, 28],
            classes: 10,
            parameters: 61_706,
            macs: 416_520,
            device: "CPU, 2 threads".into(),
            processor: "A".into(),
            kernels: true,
        };
        round.derive();
        round
    }

    #[test]
    fn rates_follow_from_the_time() {
        let one = round(10.0, None, 127.954_944);
        assert!((one.images_per_s - 25_600.0).abs() < 1e-9);
        assert!((one.gflops - 63.977_472).abs() < 1e-9);
        assert!((one.gemm_share - 0.5).abs() < 1e-12);
        assert!((one.spread() - 0.3).abs() < 1e-12);
    }

    #[test]
    fn rounds_become_one() {
        let rounds = [
            round(10.0, Some(50.0), 90.0),
            round(16.0, Some(60.0), 100.0),
            round(12.0, None, 80.0),
        ];
        let whole = Measurement::of_rounds(&rounds).unwrap();
        assert_eq!((whole.ms_per_step, whole.gemm_gflops), (12.0, 100.0));
        assert_eq!(whole.ms_rounds, [10.0, 16.0, 12.0]);
        assert_eq!(
            (whole.ms_quartiles, whole.peak_rss_mb),
            ([11.0, 14.0], Some(60.0))
        );
        assert_eq!(whole.parts.unwrap().backward_ms, 0.7 * 12.0);
        assert!((whole.images_per_s - 256e3 / 12.0).abs() < 1e-9);
        assert!((whole.spread() - 0.5).abs() < 1e-12);
        assert_eq!(Measurement::of_rounds(&rounds[..1]).unwrap(), rounds[0]);
        assert_eq!(Measurement::of_rounds(&[]), None);
    }
}
