//! The measurements as a file, and as a table of ratios.

use serde::{Deserialize, Serialize};

use super::contest::{Case, Contestant, Found};
use crate::bench::{
    cases::{Measured, Side, cases},
    machine::Machine,
};

/// A measurement: a line of `train.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub date: String,
    pub cpu: String,
    pub cores: usize,
    pub threads: usize,
    pub kiln: String,
    pub burn: String,
    /// PyTorch's version; empty of others.
    pub torch: String,
    pub contestant: String,
    pub model: String,
    pub batch: usize,
    pub steps: usize,
    pub ms_per_step: Option<f64>,
    pub images_per_s: Option<f64>,
    /// In 10⁶ bytes.
    pub peak_rss_mb: Option<u64>,
    pub command: String,
    /// Why there is no measurement; else empty.
    #[serde(default)]
    pub error: String,
}

impl Row {
    /// What came of a turn.
    pub fn new(
        machine: &Machine,
        contestant: &Contestant,
        case: &Case,
        found: anyhow::Result<Found>,
    ) -> Self {
        let (found, error) = match found {
            Ok(found) => (Some(found), String::new()),
            Err(error) => (None, format!("{error:#}")),
        };
        let known = |value: fn(&Found) -> f64, digits: f64| {
            let value = found.as_ref().map(value);
            value.map(|value| (value * digits).round() / digits)
        };
        let memory = found.as_ref().and_then(|found| found.peak_rss_mb);
        Self {
            date: machine.date.clone(),
            cpu: machine.cpu.clone(),
            cores: machine.cores,
            threads: case.threads,
            kiln: machine.kiln.clone(),
            burn: machine.burn.clone(),
            ms_per_step: known(|found| found.ms_per_step, 1e3),
            images_per_s: known(|found| found.images_per_s, 10.0),
            peak_rss_mb: memory.map(|mb| mb.round() as u64),
            torch: found.and_then(|found| found.torch).unwrap_or_default(),
            contestant: contestant.name().into(),
            model: case.model.clone(),
            batch: case.batch,
            steps: case.steps,
            command: contestant.command(case),
            error,
        }
    }

    pub fn memory(&self) -> Option<f64> {
        self.peak_rss_mb.map(|mb| mb as f64)
    }
}

impl Measured for Row {
    fn is_case_of(&self, other: &Self) -> bool {
        (&self.model, self.batch) == (&other.model, other.batch)
    }

    fn contestant(&self) -> &str {
        &self.contestant
    }

    fn speed(&self) -> Option<f64> {
        self.images_per_s
    }

    fn error(&self) -> &str {
        &self.error
    }
}

/// The heads of [`lines`].
pub fn heading() -> String {
    format!(
        "{:<15} {:>5} {:<17} {:>9} {:>7}  {:>10}  {}\n",
        "model", "batch", "who", "ms", "MB", "Kiln is ×", "min to max"
    )
}

/// A line for each contestant of each case. The ratio is that of images a second, Kiln's over
/// the contestant's, above 1 if Kiln is faster: the median over the rounds, in each of which
/// all were measured right after each other.
pub fn lines(rows: &[Row]) -> String {
    let mut text = String::new();
    for case in cases(rows) {
        let first = case.first();
        for side in &case.sides {
            text += &format!("{:<15} {:>5} {:<17}", first.model, first.batch, side.name());
            let kiln = case.side("kiln").filter(|_| side.name() != "kiln");
            text += &format!("{}\n", line(side, kiln).trim_end());
        }
    }
    text
}

fn line(side: &Side<Row>, kiln: Option<&Side<Row>>) -> String {
    let shown = |value: Option<f64>, decimals: usize| {
        value.map_or("-".into(), |value| format!("{value:.decimals$}"))
    };
    let mut text = format!(
        " {:>9} {:>7}",
        shown(side.median(|row| row.ms_per_step), 2),
        shown(side.median(Row::memory), 0)
    );
    if let Some(ratio) = kiln.and_then(|kiln| kiln.ratio_to(side)) {
        let range = format!("{:.2} to {:.2}", ratio.lowest, ratio.highest);
        text += &format!("  {:>10.2}  {range:<13}", ratio.median);
    }
    if let Some(error) = side.error() {
        text += &format!("  failed: {error}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kernels: bool, found: anyhow::Result<(f64, Option<f64>)>) -> Row {
        let machine = Machine {
            date: "2026-03-14".into(),
            cpu: "A".into(),
            cores: 4,
            kiln: "0.1.0".into(),
            burn: "0.22.1".into(),
        };
        let contestant = Contestant::Kiln {
            program: "kiln".into(),
            kernels,
        };
        let case = Case {
            model: "lenet5".into(),
            batch: 10,
            steps: 3,
            warmup: 3,
            threads: 2,
        };
        let found = found.map(|(ms, mb)| Found {
            ms_per_step: ms,
            images_per_s: 1e4 / ms,
            peak_rss_mb: mb,
            torch: None,
        });
        Row::new(&machine, &contestant, &case, found)
    }

    #[test]
    fn a_line_for_each_contestant() {
        let rows = [
            row(true, Ok((10.0, Some(50.2)))),
            row(false, Ok((20.0, None))),
            row(false, Ok((60.0, None))),
            row(true, Ok((20.0, Some(70.4)))),
            row(true, Ok((10.0, Some(60.0)))),
            row(false, Ok((25.0, None))),
        ];
        assert_eq!(
            lines(&rows),
            "lenet5             10 kiln                  10.00      60\n\
             lenet5             10 kiln, kernels off     25.00       -        2.50  2.00 to 3.00\n"
        );
    }

    #[test]
    fn who_fails_has_a_line_and_a_row_and_the_others_stay() {
        let rows = [
            row(true, Ok((10.0, None))),
            row(false, Err(anyhow::anyhow!("signal: 9").context("it ended"))),
        ];
        assert_eq!(rows[1].error, "it ended: signal: 9");
        assert_eq!(rows[1].ms_per_step, None);
        assert!(rows[1].command.starts_with("KILN_KERNELS=off kiln bench"));
        assert_eq!(
            lines(&rows),
            "lenet5             10 kiln                  10.00       -\n\
             lenet5             10 kiln, kernels off         -       -  failed: it ended: signal: 9\n"
        );
    }
}
