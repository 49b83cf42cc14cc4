//! Figures out of times.

use serde::Serialize;
use trainer::bench::{quantile, sorted};

use crate::{clock::Took, turns::Loop};

/// What the steps of a loop took.
#[derive(Serialize)]
pub struct Figures {
    pub name: &'static str,
    /// The loop beside which it is held.
    pub base: &'static str,
    pub steps: usize,
    pub wall: Spread,
    /// Time of processors, where the system tells.
    pub cpu: Option<Spread>,
}

/// Times beside those of the base.
#[derive(Serialize)]
pub struct Spread {
    pub median_ms: f64,
    /// The first and the third quartile.
    pub middle_half_ms: [f64; 2],
    /// Median over the turns of the difference to the base.
    pub over_base_ms: f64,
    /// Median over the turns of the ratio to the base, less 1, in per cent.
    pub over_base: f64,
    /// The 95 % confidence interval of that median by order statistics, as if the turns were
    /// independent of each other. It says nothing of what is the same in all turns of a run,
    /// as the place of a network in memory: the bare loop beside itself tells of that.
    pub interval: [f64; 2],
}

/// Of the steps of a loop and those of its base in the same turns.
pub fn figures(own: &Loop, base: &Loop) -> Figures {
    let wall = |took: &[Took]| took.iter().map(|took| took.wall).collect::<Vec<_>>();
    let cpu = |took: &[Took]| took.iter().map(|took| took.cpu).collect::<Option<Vec<_>>>();
    Figures {
        name: own.name,
        base: base.name,
        steps: own.took.len(),
        wall: spread(&wall(&own.took), &wall(&base.took)),
        cpu: cpu(&own.took)
            .zip(cpu(&base.took))
            .map(|(own, base)| spread(&own, &base)),
    }
}

fn spread(own: &[f64], base: &[f64]) -> Spread {
    let ms = sorted(own.iter().map(|seconds| seconds * 1e3));
    let pairs = || own.iter().zip(base);
    let difference = sorted(pairs().map(|(own, base)| 1e3 * (own - base)));
    let over = sorted(pairs().map(|(own, base)| 100.0 * (own / base - 1.0)));
    // Ranks around n/2 by 1.96 deviations of a binomial count of n halves.
    let around = 0.98 / (over.len() as f64).sqrt();
    Spread {
        median_ms: quantile(&ms, 0.5),
        middle_half_ms: [quantile(&ms, 0.25), quantile(&ms, 0.75)],
        over_base_ms: quantile(&difference, 0.5),
        over_base: quantile(&over, 0.5),
        interval: [quantile(&over, 0.5 - around), quantile(&over, 0.5 + around)],
    }
}
