//! Figures out of times.

use serde::Serialize;
use trainer::bench::{quantile, sorted};

use crate::clock::Took;

/// What the steps of a loop took.
#[derive(Serialize)]
pub struct Figures {
    pub name: &'static str,
    pub steps: usize,
    pub wall: Spread,
    /// Time of processors, where the system tells.
    pub cpu: Option<Spread>,
}

/// Times beside those of the bare loop.
#[derive(Serialize)]
pub struct Spread {
    pub median_ms: f64,
    /// The first and the third quartile.
    pub middle_half_ms: [f64; 2],
    /// Median over the turns of the difference to the bare loop.
    pub over_bare_ms: f64,
    /// Median over the turns of the ratio to the bare loop, less 1, in per cent.
    pub over_bare: f64,
    /// Its 95 % confidence interval, by order statistics.
    pub interval: [f64; 2],
}

/// Of the steps of a loop and those of the bare one in the same turns.
pub fn figures(name: &'static str, own: &[Took], bare: &[Took]) -> Figures {
    let wall = |took: &[Took]| took.iter().map(|took| took.wall).collect::<Vec<_>>();
    let cpu = |took: &[Took]| took.iter().map(|took| took.cpu).collect::<Option<Vec<_>>>();
    Figures {
        name,
        steps: own.len(),
        wall: spread(&wall(own), &wall(bare)),
        cpu: cpu(own)
            .zip(cpu(bare))
            .map(|(own, bare)| spread(&own, &bare)),
    }
}

fn spread(own: &[f64], bare: &[f64]) -> Spread {
    let ms = sorted(own.iter().map(|seconds| seconds * 1e3));
    let pairs = || own.iter().zip(bare);
    let difference = sorted(pairs().map(|(own, bare)| 1e3 * (own - bare)));
    let over = sorted(pairs().map(|(own, bare)| 100.0 * (own / bare - 1.0)));
    // Ranks around n/2 by 1.96 deviations of a binomial count of n halves.
    let around = 0.98 / (over.len() as f64).sqrt();
    Spread {
        median_ms: quantile(&ms, 0.5),
        middle_half_ms: [quantile(&ms, 0.25), quantile(&ms, 0.75)],
        over_bare_ms: quantile(&difference, 0.5),
        over_bare: quantile(&over, 0.5),
        interval: [quantile(&over, 0.5 - around), quantile(&over, 0.5 + around)],
    }
}
