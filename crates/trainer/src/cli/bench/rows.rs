//! What is measured, row by row, and how that goes on when one fails.

use std::io::{IsTerminal, stderr};

use serde::Serialize;
use trainer::{
    StopFlag,
    backend::BackendChoice,
    bench::{BenchConfig, BenchMode, LargestBatch, Measurement, available_mb},
};

use super::{
    batch::BatchChoice,
    child::{self, Ended, Failure, Job},
};

/// The part of the free memory that a search for the largest batch may use. The rest is for
/// the system, and for what others ask for in the meantime.
const SHARE_OF_MEMORY: f64 = 0.9;

/// What is measured as one row, and what is known of it.
pub struct Row {
    /// With the images of a step as they were found, if they are to be the most.
    pub config: BenchConfig,
    pub batch: BatchChoice,
    /// The measurements of its rounds.
    pub rounds: Vec<Measurement>,
    pub largest: Option<LargestBatch>,
    pub failure: Option<Failure>,
}

/// A row of `--json`.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Told<'a> {
    Measured {
        #[serde(flatten)]
        found: Box<Measurement>,
        #[serde(skip_serializing_if = "Option::is_none")]
        largest_batch: Option<&'a LargestBatch>,
    },
    Failed {
        model: &'a str,
        /// `None` if none was found.
        batch: Option<usize>,
        /// As it was asked for.
        backend: BackendChoice,
        threads: Option<usize>,
        mode: BenchMode,
        error: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        largest_batch: Option<&'a LargestBatch>,
    },
}

impl Row {
    pub fn new(config: BenchConfig, batch: BatchChoice) -> Self {
        // One image is possible if any number is.
        let batch_size = match batch {
            BatchChoice::Images(images) => images,
            BatchChoice::Max => 1,
        };
        Self {
            config: BenchConfig {
                batch_size,
                ..config
            },
            batch,
            rounds: Vec::new(),
            largest: None,
            failure: None,
        }
    }

    /// Measures it once more, unless it has failed. `false` if a signal stopped it.
    /// `memory_mb` is what a search for the largest batch may use, if it was said.
    pub fn measure(&mut self, memory_mb: Option<f64>, stop: &StopFlag) -> anyhow::Result<bool> {
        if self.batch == BatchChoice::Max
            && self.largest.is_none()
            && self.failure.is_none()
            && !self.find_largest(memory_mb, stop)?
        {
            return Ok(false);
        }
        if self.failure.is_some() {
            return Ok(true);
        }
        match child::run(&Job::Measure(self.config.clone()), None, stop)? {
            Ended::Done(found) => self.rounds.push(found),
            Ended::Failed(failure) => self.failure = Some(failure),
            Ended::Interrupted => return Ok(false),
        }
        Ok(true)
    }

    /// `false` if a signal stopped it.
    fn find_largest(&mut self, memory_mb: Option<f64>, stop: &StopFlag) -> anyhow::Result<bool> {
        let available = available_mb();
        let limit = match (memory_mb, available.map(|mb| SHARE_OF_MEMORY * mb)) {
            (Some(asked), Some(free)) => Some(asked.min(free)),
            (asked, free) => asked.or(free),
        };
        if available.is_none() && self.may_be_on_cpu() {
            self.failure = Some(Failure {
                message: "this system does not tell how much memory is free, without which the \
                          largest batch for the CPU cannot be found: give a number"
                    .into(),
                code: 1,
            });
            return Ok(true);
        }
        let mut code = 1;
        let config = self.config.clone();
        let progress = stderr().is_terminal();
        let search = LargestBatch::search(limit, config.most_images()?, |batch_size| {
            let config = BenchConfig {
                batch_size,
                ..config.clone()
            };
            if progress {
                tell!("{}: trying {batch_size} images", config.model);
            }
            match child::run::<Option<f64>>(&Job::TryOut(config), limit, stop)? {
                Ended::Done(peak) => Ok(Ok(peak)),
                Ended::Failed(failure) => {
                    code = failure.code;
                    Ok(Err(failure.message))
                }
                Ended::Interrupted => Err(Broken::Interrupted),
            }
        });
        let found = match search {
            Ok(found) => found,
            Err(Broken::Interrupted) => return Ok(false),
            Err(Broken::Error(error)) => return Err(error),
        };
        if found.batch == 0 {
            let error = found.trials.first().and_then(|trial| trial.error.clone());
            self.failure = Some(Failure {
                message: error.unwrap_or_else(|| found.ended_by.clone()),
                code,
            });
        }
        self.config.batch_size = found.batch;
        self.largest = Some(found);
        Ok(true)
    }

    fn may_be_on_cpu(&self) -> bool {
        match self.config.backend {
            BackendChoice::Auto => true,
            BackendChoice::Fixed(backend) => backend.is_cpu(),
        }
    }

    /// The images of a step, if they are known.
    pub fn images(&self) -> Option<usize> {
        match (self.batch, &self.largest) {
            (BatchChoice::Images(images), _) => Some(images),
            (BatchChoice::Max, Some(found)) => Some(found.batch).filter(|&images| images > 0),
            (BatchChoice::Max, None) => None,
        }
    }

    /// What its rounds found together. `None` before the first, and if it failed.
    pub fn found(&self) -> Option<Measurement> {
        match self.failure {
            Some(_) => None,
            None => Measurement::of_rounds(&self.rounds),
        }
    }

    /// For `--json`. `None` if it was not come to.
    pub fn told(&self) -> Option<Told<'_>> {
        let largest_batch = self.largest.as_ref();
        if let Some(failure) = &self.failure {
            return Some(Told::Failed {
                model: &self.config.model,
                batch: self.images(),
                backend: self.config.backend,
                threads: self.config.threads,
                mode: self.config.mode,
                error: &failure.message,
                largest_batch,
            });
        }
        self.found().map(|found| Told::Measured {
            found: Box::new(found),
            largest_batch,
        })
    }
}

/// Why a search did not come to its end.
enum Broken {
    Interrupted,
    Error(anyhow::Error),
}

impl From<anyhow::Error> for Broken {
    fn from(error: anyhow::Error) -> Self {
        Self::Error(error)
    }
}
