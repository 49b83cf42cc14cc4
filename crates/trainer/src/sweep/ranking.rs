//! The trials of a sweep, best first.

use std::cmp::Ordering;

use serde::Serialize;

use super::{RunStatus, SweepRecord, SweptRun, SweptTrial, record::shown};

/// The mean of some runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of the sample (divided by n − 1); `None` of a single run.
    pub std: Option<f64>,
    /// How many runs.
    pub n: usize,
}

impl Mean {
    fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares = values
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>();
        (n > 0).then_some(Self {
            mean,
            std: (n > 1).then(|| (squares / (n - 1) as f64).sqrt()),
            n,
        })
    }

    /// As shares in percent: `92.31 ± 0.25 % (3)`.
    fn percent(&self) -> String {
        let mean = 100.0 * self.mean;
        match self.std {
            Some(std) => format!("{mean:.2} ± {:.2} % ({})", 100.0 * std, self.n),
            None => format!("{mean:.2} % ({})", self.n),
        }
    }
}

/// A trial with what its runs came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranked {
    /// The trial.
    #[serde(flatten)]
    pub trial: SweptTrial,
    /// Validation accuracy of the best epochs, 0 to 1: what is chosen by.
    pub valid_accuracy: Option<Mean>,
    /// Validation loss of the best epochs.
    pub valid_loss: Option<Mean>,
    /// Test accuracy of the best epochs, 0 to 1. Nothing is chosen by it.
    pub test_accuracy: Option<Mean>,
    /// Runs that diverged.
    pub diverged: usize,
    /// Seconds of a run.
    pub seconds: Option<Mean>,
}

impl SweepRecord {
    /// All trials, best first: by the mean validation accuracy of the runs that are
    /// done, of equals by the mean validation loss. Trials of which a run diverged
    /// come after the others, those without any run that is done last.
    #[must_use]
    pub fn ranking(&self) -> Vec<Ranked> {
        let mut ranked: Vec<Ranked> = self.trials.iter().map(|trial| self.ranked(trial)).collect();
        // Stable: of equals, the earlier trial is first.
        ranked.sort_by(order);
        ranked
    }

    fn ranked(&self, trial: &SweptTrial) -> Ranked {
        let of = |status| {
            let of_trial = self.runs.iter().filter(|run| run.trial == trial.trial);
            of_trial.filter(move |run| run.status == status)
        };
        let mean = |value: fn(&SweptRun) -> Option<f64>| {
            let values: Vec<f64> = of(RunStatus::Done).filter_map(value).collect();
            Mean::of(&values)
        };
        Ranked {
            trial: trial.clone(),
            valid_accuracy: mean(|run| Some(run.valid?.accuracy)),
            valid_loss: mean(|run| Some(run.valid?.loss)),
            test_accuracy: mean(|run| Some(run.test?.accuracy)),
            diverged: of(RunStatus::Diverged).count(),
            seconds: mean(|run| Some(run.seconds)),
        }
    }

    /// The ranking as a table in columns: settings, validation and test accuracy as
    /// mean ± standard deviation (number of runs), seconds of a run.
    #[must_use]
    pub fn table(&self) -> String {
        let ranking = self.ranking();
        let diverged = ranking.iter().any(|ranked| ranked.diverged > 0);
        let mut heading = vec!["trial".to_string()];
        heading.extend(self.keys.iter().cloned());
        heading.extend(["valid accuracy", "test accuracy", "s/run"].map(String::from));
        if diverged {
            heading.push("diverged".into());
        }
        let mut rows = vec![heading];
        for ranked in &ranking {
            let percent = |mean: Option<Mean>| mean.map_or("-".into(), |mean| mean.percent());
            let mut row = vec![ranked.trial.trial.to_string()];
            row.extend(ranked.trial.settings.iter().map(shown));
            row.push(percent(ranked.valid_accuracy));
            row.push(percent(ranked.test_accuracy));
            row.push(
                ranked
                    .seconds
                    .map_or("-".into(), |mean| format!("{:.1}", mean.mean)),
            );
            if diverged {
                row.push(ranked.diverged.to_string());
            }
            rows.push(row);
        }
        in_columns(&rows)
    }
}

fn order(a: &Ranked, b: &Ranked) -> Ordering {
    let class = |ranked: &Ranked| match (ranked.valid_accuracy, ranked.diverged) {
        (Some(_), 0) => 0,
        (Some(_), _) => 1,
        (None, _) => 2,
    };
    let mean = |mean: Option<Mean>| mean.map_or(0.0, |mean| mean.mean);
    let classes = class(a).cmp(&class(b));
    classes
        .then(mean(b.valid_accuracy).total_cmp(&mean(a.valid_accuracy)))
        .then(mean(a.valid_loss).total_cmp(&mean(b.valid_loss)))
}

/// Rows of as many cells each, in columns as wide as their widest cell.
fn in_columns(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns).filter_map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        text += cells.join("  ").trim_end();
        text.push('\n');
    }
    text
}
