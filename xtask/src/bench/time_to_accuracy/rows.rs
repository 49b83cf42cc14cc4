//! The trainings as a file, and as a table.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Task,
    contest::{Contestant, Found},
};
use crate::bench::{
    cases::{Measured, Ratio, cases},
    machine::Machine,
};

/// A training: a line of `time-to-accuracy.csv`.
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
    /// The share of the held-out images.
    pub target: f64,
    /// From 1; the seed too.
    pub round: usize,
    pub epochs: Option<usize>,
    /// Of training and validation until the target.
    pub seconds: Option<f64>,
    /// Of the process, from its start to its end.
    pub process_seconds: Option<f64>,
    pub valid_accuracy: Option<f64>,
    pub test_accuracy: Option<f64>,
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
        task: &Task,
        round: usize,
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
        Self {
            date: machine.date.clone(),
            cpu: machine.cpu.clone(),
            cores: machine.cores,
            threads: task.threads,
            kiln: machine.kiln.clone(),
            burn: machine.burn.clone(),
            contestant: contestant.name().into(),
            target: task.target,
            round,
            epochs: found.as_ref().map(|found| found.epochs),
            seconds: known(|found| found.seconds, 1e2),
            process_seconds: known(|found| found.process_seconds, 1e2),
            valid_accuracy: known(|found| found.valid, 1e5),
            test_accuracy: known(|found| found.test, 1e5),
            torch: found.and_then(|found| found.torch).unwrap_or_default(),
            command: contestant.command(task, round as u64),
            error,
        }
    }
}

impl Measured for Row {
    fn is_case_of(&self, other: &Self) -> bool {
        self.target == other.target
    }

    fn contestant(&self) -> &str {
        &self.contestant
    }

    fn speed(&self) -> Option<f64> {
        self.seconds.map(|seconds| 1.0 / seconds)
    }

    fn error(&self) -> &str {
        &self.error
    }
}

/// The heads of rows.
pub fn heading() -> String {
    format!(
        "{:>5}  {:<6} {:>6} {:>9} {:>9} {:>9} {:>9}\n",
        "round", "who", "epochs", "seconds", "process", "valid %", "test %"
    )
}

/// A line, under [`heading`].
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5}  {:<6} ", self.round, self.contestant)?;
        if !self.error.is_empty() {
            return writeln!(f, "failed: {}", self.error);
        }
        let known = |value: Option<f64>, by: f64| by * value.unwrap_or(f64::NAN);
        writeln!(
            f,
            "{:>6} {:>9.2} {:>9.2} {:>9.2} {:>9.2}",
            self.epochs.unwrap_or(0),
            known(self.seconds, 1.0),
            known(self.process_seconds, 1.0),
            known(self.valid_accuracy, 100.0),
            known(self.test_accuracy, 100.0),
        )
    }
}

/// How many times as fast Kiln is, if there is another.
pub fn lines(rows: &[Row]) -> String {
    let mut text = String::new();
    for case in cases(rows) {
        let kiln = case.side("kiln");
        for side in case.sides.iter().filter(|side| side.name() != "kiln") {
            if let Some(ratio) = kiln.and_then(|kiln| kiln.ratio_to(side)) {
                let Ratio {
                    median,
                    lowest,
                    highest,
                } = ratio;
                let name = side.name();
                text += &format!(
                    "kiln needs 1/{median:.2} of the time of {name} (1/{lowest:.2} to 1/{highest:.2})\n"
                );
            }
        }
    }
    text
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Rows with `contestant,round,epochs,seconds,process_seconds,valid,test,error`.
    pub fn rows(lines: &[&str]) -> Vec<Row> {
        let head = "date,cpu,cores,threads,kiln,burn,torch,target,command,contestant,round,epochs,\
                    seconds,process_seconds,valid_accuracy,test_accuracy,error\n";
        let lines = lines.iter().map(|line| {
            let torch = if line.starts_with("torch") {
                "2.15.0"
            } else {
                ""
            };
            format!("2026-03-14,A,2,2,0.1.0,0.22.1,{torch},0.99,c,{line}\n")
        });
        let text = head.to_string() + &lines.collect::<String>();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().map(Result::unwrap).collect()
    }

    #[test]
    fn a_line_a_training_and_the_ratio_of_the_same_seed() {
        let rows = rows(&[
            "kiln,1,3,10,11,0.9912,0.9905,",
            "torch,1,3,30,35,0.9914,0.991,",
            "kiln,2,4,12,13,0.9904,0.99,",
            "torch,2,,,,,,out of memory",
        ]);
        assert_eq!(
            rows[0].to_string(),
            "    1  kiln        3     10.00     11.00     99.12     99.05\n"
        );
        assert_eq!(rows[3].to_string(), "    2  torch  failed: out of memory\n");
        assert_eq!(
            lines(&rows),
            "kiln needs 1/3.00 of the time of torch (1/3.00 to 1/3.00)\n"
        );
        assert_eq!(lines(&rows[..1]), "");
    }
}
