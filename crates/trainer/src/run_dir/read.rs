//! What a run says of itself afterwards. A file that is not there is no error: a run may
//! have been stopped before it wrote it.

use std::{fs, io};

use serde::de::DeserializeOwned;

use super::{EVALUATION, HISTORY, PREDICTIONS, RunDir, SUMMARY, VALIDATION};
use crate::{
    TrainError,
    event::{EpochDone, Scores, Validated},
    metrics::{Evaluation, TestPrediction},
    summary::RunSummary,
};

impl RunDir {
    /// The summary, if the run ended.
    ///
    /// # Errors
    /// [`TrainError::NotARun`] if it is none, [`TrainError::Io`].
    pub fn summary(&self) -> Result<Option<RunSummary>, TrainError> {
        self.parsed(SUMMARY, from_json)
    }

    /// What the test set says in full, if the run read it.
    ///
    /// # Errors
    /// [`TrainError::NotARun`] if it is none, or its counts do not fit each other, [`TrainError::Io`].
    pub fn evaluation(&self) -> Result<Option<Evaluation>, TrainError> {
        self.parsed(EVALUATION, |text| {
            let evaluation: Evaluation = from_json(text)?;
            evaluation.check().map(|()| evaluation)
        })
    }

    /// What became of each image of the test set, in its order, if the run read it.
    ///
    /// # Errors
    /// [`TrainError::NotARun`] if it is none, [`TrainError::Io`].
    pub fn predictions(&self) -> Result<Option<Vec<TestPrediction>>, TrainError> {
        self.parsed(PREDICTIONS, TestPrediction::from_csv)
    }

    /// The history, an epoch a row, if an epoch was finished.
    ///
    /// # Errors
    /// [`TrainError::NotARun`] if it is none, [`TrainError::Io`].
    pub fn history(&self) -> Result<Option<Vec<EpochDone>>, TrainError> {
        self.parsed(HISTORY, history)
    }

    /// The validations between steps, each a row, if there were any.
    ///
    /// # Errors
    /// [`TrainError::NotARun`] if it is none, [`TrainError::Io`].
    pub fn validations(&self) -> Result<Option<Vec<Validated>>, TrainError> {
        self.parsed(VALIDATION, validations)
    }

    /// The text of a file in the folder, if it is there.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, TrainError> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some).map_err(TrainError::io("read", path)),
        }
    }

    pub(super) fn parsed<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, TrainError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let parsed = parse(&text).map_err(|problem| TrainError::NotARun {
            path: self.path.clone(),
            problem: format!("{name}: {problem}"),
        })?;
        Ok(Some(parsed))
    }
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|e| e.to_string())
}

/// What [`RunDir::write_history`] wrote.
fn history(text: &str) -> Result<Vec<EpochDone>, String> {
    let mut best: Option<Scores> = None;
    let mut last = 0;
    rows(text, |row| {
        let valid = match row.cell("valid_loss")?.is_empty() {
            true => None,
            false => Some(row.scores("valid")?),
        };
        // Without validation images every epoch is as good as the one before.
        let is_best = valid.is_none_or(|valid| best.is_none_or(|best| valid.better_than(&best)));
        if is_best {
            best = valid;
        }
        last = row.above("epoch", last)?;
        Ok(EpochDone {
            epoch: last,
            train: row.scores("train")?,
            valid,
            lr: row.number("lr")?,
            seconds: row.number("seconds")?,
            data_seconds: row.number("data_seconds")?,
            best: is_best,
        })
    })
}

/// What [`RunDir::write_validations`] wrote.
fn validations(text: &str) -> Result<Vec<Validated>, String> {
    let mut last = 0;
    rows(text, |row| {
        last = row.above("step", last)?;
        Ok(Validated {
            epoch: row.above("epoch", 0)?,
            global_step: last,
            updates: row.above("updates", 0)? as u64,
            valid: row.scores("valid")?,
        })
    })
}

/// A row of a table. Columns are found by their names, so that a newer version may have more.
struct Row<'a> {
    /// In the file, from 1.
    line: usize,
    names: &'a [&'a str],
    cells: Vec<&'a str>,
}

/// What `parse` makes of each row of a table, or its first mistake, with its line.
fn rows<T>(
    text: &str,
    mut parse: impl FnMut(&Row<'_>) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let mut lines = text.lines().zip(1..);
    let names = lines.next().map_or("", |(line, _)| line);
    let names: Vec<&str> = names.split(',').collect();
    let parse = |(text, line): (&str, usize)| {
        parse(&Row {
            line,
            names: &names,
            cells: text.split(',').collect(),
        })
    };
    lines.map(parse).collect()
}

impl Row<'_> {
    fn cell(&self, name: &str) -> Result<&str, String> {
        let place = self.names.iter().position(|known| *known == name);
        let cell = place.and_then(|place| self.cells.get(place)).copied();
        cell.ok_or_else(|| format!("line {} has no `{name}`", self.line))
    }

    fn number(&self, name: &str) -> Result<f64, String> {
        let cell = self.cell(name)?;
        cell.parse()
            .map_err(|_| format!("line {}: {name} is `{cell}`, and no number", self.line))
    }

    /// A whole number above another one.
    fn above(&self, name: &str, least: usize) -> Result<usize, String> {
        let cell = self.cell(name)?;
        // 32 bits hold more than anybody trains.
        let number = cell.parse::<u32>().ok().map(|number| number as usize);
        number.filter(|&number| number > least).ok_or_else(|| {
            let line = self.line;
            format!("line {line}: {name} is `{cell}`, and no whole number above {least}")
        })
    }

    fn scores(&self, part: &str) -> Result<Scores, String> {
        Ok(Scores {
            loss: self.number(&format!("{part}_loss"))?,
            accuracy: self.number(&format!("{part}_accuracy"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_read_as_it_was_written() {
        let row = |epoch: usize, valid: Option<f64>, best| EpochDone {
            epoch,
            train: Scores {
                loss: 0.1 + epoch as f64,
                accuracy: 0.5,
            },
            valid: valid.map(|accuracy| Scores {
                loss: 1.0,
                accuracy,
            }),
            lr: 2.77e-8,
            seconds: 1.25,
            data_seconds: 0.5,
            best,
        };
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::at(folder.path()).unwrap();
        assert_eq!(run.history().unwrap(), None);
        for rows in [
            vec![],
            vec![row(1, None, true), row(2, None, true)],
            vec![
                row(1, Some(0.5), true),
                row(2, Some(0.25), false),
                row(3, Some(0.75), true),
            ],
        ] {
            run.write_history(&rows).unwrap();
            assert_eq!(run.history().unwrap(), Some(rows));
        }
    }

    #[test]
    fn validations_are_read_as_they_were_written() {
        let row = |step: usize, epoch| Validated {
            epoch,
            global_step: step,
            updates: step as u64 / 2,
            valid: Scores {
                loss: 0.3 / step as f64,
                accuracy: 0.875,
            },
        };
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::at(folder.path()).unwrap();
        assert_eq!(run.validations().unwrap(), None);
        let rows = vec![row(2, 1), row(4, 1), row(6, 2)];
        run.write_validations(&rows).unwrap();
        assert_eq!(run.validations().unwrap(), Some(rows));
        let error = validations("step,updates,epoch,valid_loss,valid_accuracy\n0,1,1,1,1\n");
        assert_eq!(
            error.unwrap_err(),
            "line 2: step is `0`, and no whole number above 0"
        );
    }

    #[test]
    fn what_is_no_history_is_told_with_its_line() {
        let header = "epoch,train_loss,train_accuracy,valid_loss,valid_accuracy,lr,seconds";
        for (text, words) in [
            ("x\n1\n", "line 2 has no `valid_loss`"),
            (
                &format!("{header},data_seconds\n1,a,1,,,1,1,1\n"),
                "line 2: train_loss is `a`",
            ),
            (
                &format!("{header}\n1,1,1,,,1,1\n"),
                "line 2 has no `data_seconds`",
            ),
            (
                &format!("{header},data_seconds\n18446744073709551615,1,1,,,1,1,1\n"),
                "line 2: epoch is `18446744073709551615`, and no whole number above 0",
            ),
            (
                &format!("{header},data_seconds\n2,1,1,,,1,1,1\n2,1,1,,,1,1,1\n"),
                "line 3: epoch is `2`, and no whole number above 2",
            ),
        ] {
            let error = history(text).unwrap_err();
            assert!(error.starts_with(words), "{error}");
        }
    }
}
