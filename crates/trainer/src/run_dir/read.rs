//! What a run says of itself afterwards. A file that is not there is no error: a run may
//! have been stopped before it wrote it.

use std::{fs, io};

use serde::de::DeserializeOwned;

use super::{EVALUATION, HISTORY, PREDICTIONS, RunDir, SUMMARY};
use crate::{
    TrainError,
    event::{EpochDone, Scores},
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

    fn parsed<T>(
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

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|e| e.to_string())
}

/// What [`RunDir::write_history`] wrote. Columns are found by their names, so that a
/// newer version may have more.
fn history(text: &str) -> Result<Vec<EpochDone>, String> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let mut best: Option<Scores> = None;
    let mut rows = Vec::new();
    for (at, line) in lines.enumerate() {
        let cells: Vec<&str> = line.split(',').collect();
        let cell = |name: &str| {
            let place = names.iter().position(|known| *known == name);
            let cell = place.and_then(|place| cells.get(place));
            cell.ok_or_else(|| format!("line {} has no `{name}`", at + 2))
        };
        let number = |name: &str| {
            let cell = cell(name)?;
            cell.parse::<f64>()
                .map_err(|_| format!("line {}: {name} is `{cell}`, and no number", at + 2))
        };
        let scores = |part: &str| -> Result<Scores, String> {
            Ok(Scores {
                loss: number(&format!("{part}_loss"))?,
                accuracy: number(&format!("{part}_accuracy"))?,
            })
        };
        let valid = match cell("valid_loss")?.is_empty() {
            true => None,
            false => Some(scores("valid")?),
        };
        // Without validation images every epoch is as good as the one before.
        let is_best = valid.is_none_or(|valid| best.is_none_or(|best| valid.better_than(&best)));
        if is_best {
            best = valid;
        }
        let epoch = cell("epoch")?;
        let last = rows.last().map_or(0, |row: &EpochDone| row.epoch);
        // 32 bits hold more epochs than anybody trains.
        let number_of_epoch = epoch.parse::<u32>().ok().map(|epoch| epoch as usize);
        let Some(epoch) = number_of_epoch.filter(|&epoch| epoch > last) else {
            return Err(format!(
                "line {}: epoch is `{epoch}`, and no whole number above {last}",
                at + 2
            ));
        };
        rows.push(EpochDone {
            epoch,
            train: scores("train")?,
            valid,
            lr: number("lr")?,
            seconds: number("seconds")?,
            data_seconds: number("data_seconds")?,
            best: is_best,
        });
    }
    Ok(rows)
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
