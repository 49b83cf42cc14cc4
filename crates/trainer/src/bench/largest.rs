//! The largest batch that a network can be computed with, by trial.

use serde::{Deserialize, Serialize};

use super::config::{BenchConfig, MOST_VALUES};
use crate::TrainError;

/// What a search for the largest batch found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LargestBatch {
    /// Images in it; 0 if not even one is possible.
    pub batch: usize,
    /// Why there is no larger one, as half a sentence.
    pub ended_by: String,
    /// All trials, in order.
    pub trials: Vec<Trial>,
}

/// A batch that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Images in it.
    pub batch: usize,
    /// The most memory that the process had, in megabytes (10⁶ bytes).
    pub peak_rss_mb: Option<f64>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A part of the largest batch below which it is not looked for: a sixteenth.
const GRAIN: usize = 16;

impl LargestBatch {
    /// Looks for it: from one image on the double each time until a trial fails, and from
    /// there by halves to a sixteenth of the batch.
    ///
    /// `trial` does a step with a batch in a process of its own, and gives the peak of its
    /// memory, or why it failed. A batch that would need more than `limit_mb`, by the line
    /// through the two largest that were possible, is not tried: on the CPU, memory that
    /// is not there is had from the disk, and nothing fails for hours. `most` images are
    /// possible at all.
    ///
    /// # Errors
    /// Of `trial`, if it cannot be done at all.
    pub fn search<E>(
        limit_mb: Option<f64>,
        most: usize,
        mut trial: impl FnMut(usize) -> Result<Result<Option<f64>, String>, E>,
    ) -> Result<Self, E> {
        let mut trials: Vec<Trial> = Vec::new();
        // Why a batch is not possible.
        let mut problem = |batch: usize| -> Result<Option<String>, E> {
            if batch > most {
                return Ok(Some(format!("{most} images are the most of a batch")));
            }
            if let (Some(limit), Some(needed)) = (limit_mb, needed_mb(&trials, batch))
                && needed > limit
            {
                return Ok(Some(format!(
                    "{batch} would need some {needed:.0} MB, and {limit:.0} MB can be had"
                )));
            }
            let (peak_rss_mb, error) = match trial(batch)? {
                // It came to its end before anybody saw how much it had.
                Ok(Some(peak)) if limit_mb.is_some_and(|limit| peak > limit) => {
                    (Some(peak), limit_mb.map(too_much))
                }
                Ok(peak) => (peak, None),
                Err(error) => (None, Some(error)),
            };
            let why = error.as_ref().map(|why| format!("{batch} failed: {why}"));
            trials.push(Trial {
                batch,
                peak_rss_mb,
                error,
            });
            Ok(why)
        };
        let (mut good, mut next) = (0, 1);
        let (mut bad, mut ended_by) = loop {
            match problem(next)? {
                Some(why) => break (next.min(most + 1), why),
                None => (good, next) = (next, next.saturating_mul(2)),
            }
        };
        while bad - good > (good / GRAIN).max(1) {
            let middle = good + (bad - good) / 2;
            match problem(middle)? {
                Some(why) => (bad, ended_by) = (middle, why),
                None => good = middle,
            }
        }
        Ok(Self {
            batch: good,
            ended_by,
            trials,
        })
    }
}

/// What is said of a trial that had more memory than it should.
#[must_use]
pub fn too_much(limit_mb: f64) -> String {
    format!("it took more than the {limit_mb:.0} MB of memory that can be had")
}

/// The memory that a batch would need, by the line through the two largest of the `trials`
/// that were possible.
fn needed_mb(trials: &[Trial], batch: usize) -> Option<f64> {
    let points = trials.iter().filter(|trial| trial.error.is_none());
    let mut points: Vec<(usize, f64)> = points
        .filter_map(|trial| Some((trial.batch, trial.peak_rss_mb?)))
        .collect();
    points.sort_by_key(|point| point.0);
    let [.., (small, low), (large, high)] = points[..] else {
        return None;
    };
    let each = ((high - low) / (large - small) as f64).max(0.0);
    Some(high + each * (batch as f64 - large as f64))
}

impl BenchConfig {
    /// The most images that a batch can have at all: 2³¹ values.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn most_images(&self) -> Result<usize, TrainError> {
        let image = self.checked()?.image;
        Ok(MOST_VALUES / image.iter().product::<usize>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine on which a batch takes 100 MB and 2 MB an image, and fails beyond `room`.
    fn search(limit: Option<f64>, most: usize, room: f64) -> (LargestBatch, Vec<usize>) {
        let mut tried = Vec::new();
        let found = LargestBatch::search::<()>(limit, most, |batch| {
            tried.push(batch);
            let needs = 100.0 + 2.0 * batch as f64;
            Ok(match needs > room {
                true => Err("out of memory".into()),
                false => Ok(Some(needs)),
            })
        });
        (found.unwrap(), tried)
    }

    #[test]
    fn doubles_until_it_fails_and_then_goes_by_halves() {
        let (found, tried) = search(None, 1 << 20, 100.0 + 2.0 * 90.0);
        // 64 is possible and 128 is not; a sixteenth of what is left is enough.
        assert_eq!(tried, [1, 2, 4, 8, 16, 32, 64, 128, 96, 80, 88, 92]);
        assert_eq!(found.batch, 88);
        assert_eq!(found.ended_by, "92 failed: out of memory");
        assert_eq!(found.trials.len(), tried.len());
        assert_eq!(found.trials[10].peak_rss_mb, Some(276.0));
        assert_eq!(found.trials[7].error.as_deref(), Some("out of memory"));
    }

    #[test]
    fn what_needs_more_than_there_is_is_not_tried() {
        let (found, tried) = search(Some(300.0), 1 << 20, f64::INFINITY);
        assert_eq!(tried, [1, 2, 4, 8, 16, 32, 64, 96, 100]);
        assert_eq!(found.batch, 100);
        assert_eq!(
            found.ended_by,
            "104 would need some 308 MB, and 300 MB can be had"
        );
    }

    #[test]
    fn ends_where_nothing_or_everything_is_possible() {
        let (found, tried) = search(None, 1 << 20, 50.0);
        assert_eq!((found.batch, tried), (0, vec![1]));
        assert_eq!(found.ended_by, "1 failed: out of memory");
        let (found, tried) = search(None, 11, f64::INFINITY);
        assert_eq!((found.batch, tried), (11, vec![1, 2, 4, 8, 10, 11]));
        assert_eq!(found.ended_by, "11 images are the most of a batch");
        // Where the system does not tell of memory, the trials do.
        let found = LargestBatch::search::<()>(Some(1.0), 4, |_| Ok(Ok(None)));
        assert_eq!(found.unwrap().batch, 4);
    }

    #[test]
    fn what_cannot_be_tried_ends_the_search() {
        let broken = LargestBatch::search(None, 4, |_| Err("no process"));
        assert_eq!(broken.unwrap_err(), "no process");
    }

    #[test]
    fn a_batch_has_at_most_so_many_values() {
        let most = BenchConfig::default().most_images().unwrap();
        assert_eq!(most, (1 << 31) / 784);
        let config = |batch_size| BenchConfig {
            batch_size,
            ..BenchConfig::default()
        };
        assert!(config(most).check().is_ok() && config(most + 1).check().is_err());
    }
}
