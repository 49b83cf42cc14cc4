//! What a step takes: time that passes, and time of processors.

use std::{fs, time::Instant};

use anyhow::Context;

/// What something took, in seconds.
#[derive(Clone, Copy)]
pub struct Took {
    pub wall: f64,
    /// Of all threads of the process together, those of the loaders too. What other
    /// processes do hardly changes it. `None` where the system does not tell.
    pub cpu: Option<f64>,
}

/// Began with what is measured.
pub struct Clock {
    cpu: Option<f64>,
    wall: Instant,
}

impl Clock {
    pub fn start() -> anyhow::Result<Self> {
        Ok(Self {
            cpu: cpu_seconds()?,
            wall: Instant::now(),
        })
    }

    pub fn took(&self) -> anyhow::Result<Took> {
        let wall = self.wall.elapsed().as_secs_f64();
        let cpu = cpu_seconds()?.zip(self.cpu).map(|(now, then)| now - then);
        Ok(Took { wall, cpu })
    }
}

/// Seconds of processors that the threads of the process had so far: in Linux, to the
/// nanosecond, the first number of each thread's `schedstat`.
fn cpu_seconds() -> anyhow::Result<Option<f64>> {
    let Ok(threads) = fs::read_dir("/proc/self/task") else {
        return Ok(None);
    };
    let mut nanoseconds = 0;
    for thread in threads {
        // A kernel may be built without it.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else {
            return Ok(None);
        };
        let first = text.split_whitespace().next();
        let had: u64 = first.and_then(|n| n.parse().ok()).context("no schedstat")?;
        nanoseconds += had;
    }
    Ok(Some(nanoseconds as f64 / 1e9))
}
