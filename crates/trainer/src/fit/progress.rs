use serde::{Deserialize, Serialize};

use crate::{
    config::StopConfig,
    evaluate::Tally,
    event::{EpochDone, Scores, Validated},
    schedule::ScheduleState,
};

/// Where a run is, beside its tensors: what a checkpoint keeps as `state.toml`.
///
/// Fractions are written with as many digits as give them back exactly.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Progress {
    /// Updates of the parameters in the run.
    pub updates: u64,
    /// Epochs that are over.
    pub epochs: usize,
    /// Batches of the epoch under way that are done.
    pub batches: usize,
    /// Epochs since the best one.
    pub since_best: usize,
    /// Weights that the average has taken in.
    pub averaged: u64,
    /// Seconds of training and validation.
    pub seconds: f64,
    /// Seconds of them in the epoch under way.
    pub epoch_seconds: f64,
    /// Seconds of those that were spent waiting for batches.
    pub epoch_data_seconds: f64,
    /// The first epoch that reached the target accuracy, and the seconds to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<Reached>,
    /// The scores of the epoch under way.
    pub tally: Tally,
    /// What the schedule has seen.
    pub schedule: ScheduleState,
    /// The best epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<EpochDone>,
    /// Validations between two steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validations: Vec<Validated>,
    /// All epochs that are over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<EpochDone>,
}

/// When the target accuracy was reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reached {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Its validation accuracy, 0 to 1.
    pub accuracy: f64,
    /// Seconds of training and validation up to its end, the sum over the epochs.
    pub seconds: f64,
}

/// The first epoch of a history that reached the target, if there is one.
pub(crate) fn reached(history: &[EpochDone], stop: &StopConfig) -> Option<Reached> {
    let target = stop.target_accuracy?;
    let mut seconds = 0.0;
    history.iter().find_map(|row| {
        seconds += row.seconds;
        let accuracy = row.valid?.accuracy;
        (accuracy >= target).then_some(Reached {
            epoch: row.epoch,
            accuracy,
            seconds,
        })
    })
}

/// Whether an epoch is better than one before it. Without validation there is
/// nothing to choose by: the later one is.
pub(crate) fn better(new: Option<Scores>, old: Option<Scores>) -> bool {
    match (new, old) {
        (Some(new), Some(old)) => new.better_than(&old),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_to_the_bit() {
        let scores = Scores {
            loss: 0.1 + 0.2,
            accuracy: 1.0 / 3.0,
        };
        let row = EpochDone {
            epoch: 1,
            train: scores,
            valid: Some(scores),
            lr: f64::MIN_POSITIVE,
            seconds: 1e-9,
            data_seconds: 123_456_789.123_456_78,
            best: true,
        };
        let mut tally = Tally::default();
        tally.add(scores, 7);
        let progress = Progress {
            updates: 1 << 40,
            best: Some(row),
            history: vec![
                row,
                EpochDone {
                    valid: None,
                    lr: f64::MAX,
                    ..row
                },
            ],
            tally,
            validations: vec![Validated {
                epoch: 1,
                global_step: 200,
                updates: 100,
                valid: scores,
            }],
            reached: Some(Reached {
                epoch: 1,
                accuracy: 2.0 / 3.0,
                seconds: 1e300,
            }),
            ..Progress::default()
        };
        let text = toml::to_string(&progress).unwrap();
        assert_eq!(toml::from_str::<Progress>(&text).unwrap(), progress);
    }

    #[test]
    fn the_best_epoch_has_the_highest_accuracy_then_the_lowest_loss() {
        let scores = |accuracy, loss| Some(Scores { loss, accuracy });
        assert!(better(scores(0.9, 2.0), scores(0.8, 1.0)));
        assert!(!better(scores(0.8, 1.0), scores(0.9, 2.0)));
        assert!(better(scores(0.9, 1.0), scores(0.9, 2.0)));
        assert!(!better(scores(0.9, 1.0), scores(0.9, 1.0)));
        assert!(better(None, None));
    }
}
