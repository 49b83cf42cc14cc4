//! What a run folder says, as far as it says it.

use std::path::Path;

use data::DatasetInfo;
use toml::Table;

use crate::{
    Evaluation, RunDir, RunSummary, TestPrediction, TrainConfig, TrainError,
    event::{EpochDone, Validated},
    observers::text_log::time_of_line,
};

/// Something of a run, or why it cannot be shown, as a sentence.
pub(super) type Part<T> = Result<T, String>;

/// The files of a run. What is missing or cannot be read is said in its place.
#[derive(Debug)]
pub(super) struct Source {
    pub dir: RunDir,
    /// The name of the folder.
    pub name: String,
    pub summary: Part<RunSummary>,
    pub history: Part<Vec<EpochDone>>,
    /// Between the ends of epochs: none in most runs.
    pub validations: Part<Vec<Validated>>,
    pub evaluation: Part<Evaluation>,
    pub predictions: Part<Vec<TestPrediction>>,
    pub info: Part<DatasetInfo>,
    /// The configuration, as this Kiln understands it.
    pub config: Part<TrainConfig>,
    /// The configuration as it is written.
    pub config_text: Part<String>,
    /// The same with what it leaves out, as far as this Kiln knows.
    pub table: Part<Table>,
    /// When it began, in the local time of where it ran: `2026-11-22 14:47`.
    pub began: Option<String>,
    /// What the log warns of.
    pub warnings: Vec<String>,
}

/// No more warnings are told.
const MOST_WARNINGS: usize = 20;

impl Source {
    pub fn read(dir: RunDir) -> Self {
        let name = dir.path().canonicalize();
        let name = name.as_deref().unwrap_or(dir.path());
        let name = name.file_name().unwrap_or_default().to_string_lossy();
        let config_text = part(
            dir.text("config.toml"),
            "There is no config.toml: the folder is not complete.",
        );
        let whole = dir.saved_config().ok().and_then(|mut config| {
            config.complete();
            Table::try_from(config).ok()
        });
        let table = match whole {
            Some(whole) => Ok(whole),
            // Of a newer Kiln, say.
            None => config_text.clone().and_then(|text| {
                text.parse()
                    .map_err(|e| format!("config.toml is no TOML: {e}"))
            }),
        };
        let log = dir.text("log.txt").ok().flatten().unwrap_or_default();
        let evaluation = part(
            dir.evaluation(),
            "There is no evaluation.json: the test set is read once, at the end of a run that \
             finished an epoch and was not interrupted.",
        );
        let predictions = part(
            dir.predictions(),
            "There is no predictions.csv: it is written with the evaluation, at the end of a \
             run that finished an epoch and was not interrupted.",
        );
        Self {
            name: name.into_owned(),
            summary: part(
                dir.summary(),
                "There is no summary.json: the run has not ended yet, or it was ended by an error \
                 or a kill.",
            ),
            history: part(dir.history(), "No epoch was finished.")
                .and_then(|rows| not_empty(rows, "No epoch was finished.")),
            validations: dir
                .validations()
                .map(Option::unwrap_or_default)
                .map_err(sentence),
            predictions: predictions.and_then(|images| match &evaluation {
                Ok(evaluation) => agree(evaluation, &images).map(|()| images),
                Err(_) => Ok(images),
            }),
            evaluation,
            info: dir.trained_on().map_err(sentence),
            config: dir.config().map_err(sentence),
            table,
            config_text,
            began: log.lines().next().and_then(began),
            warnings: warnings(&log),
            dir,
        }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// What is to be said before all else.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        notes.extend(self.dir.if_newer().map(|newer| format!("{newer}.")));
        if let Err(problem) = &self.summary {
            notes.push(problem.clone());
        }
        notes.extend(self.validations.as_ref().err().cloned());
        notes
    }

    /// The name of a class; its number if the names are not known.
    pub fn class(&self, label: usize) -> String {
        let names = self.info.as_ref().map(|info| &info.classes);
        let name = names.ok().and_then(|names| names.get(label));
        name.cloned().unwrap_or_else(|| format!("class {label}"))
    }
}

fn part<T>(read: Result<Option<T>, TrainError>, missing: &str) -> Part<T> {
    read.map_err(sentence)?.ok_or_else(|| missing.into())
}

fn not_empty<T>(rows: Vec<T>, missing: &str) -> Part<Vec<T>> {
    match rows.is_empty() {
        true => Err(missing.into()),
        false => Ok(rows),
    }
}

/// Looks that the predictions are those that the evaluation counts.
fn agree(evaluation: &Evaluation, images: &[TestPrediction]) -> Part<()> {
    let mut counts = vec![vec![0; evaluation.confusion.len()]; evaluation.confusion.len()];
    for image in images {
        let row = counts.get_mut(usize::from(image.label));
        // Of a class that is not known nothing is counted, and so the sum is another.
        if let Some(count) = row.and_then(|row| row.get_mut(usize::from(image.predicted))) {
            *count += 1;
        }
    }
    match counts == evaluation.confusion && images.len() == evaluation.images {
        true => Ok(()),
        false => Err(format!(
            "predictions.csv is not of the images that evaluation.json counts: it has {} rows, \
             for {} images, or they were taken for other classes.",
            images.len(),
            evaluation.images
        )),
    }
}

/// An error as a sentence.
pub(super) fn sentence(error: TrainError) -> String {
    let text = match error {
        // The folder is the one that the report is of.
        TrainError::NotARun { problem, .. } => problem,
        other => other.to_string(),
    };
    let mut letters = text.chars();
    // Names of files keep their small letter.
    match letters.next() {
        Some(first) if text.starts_with("there ") || text.starts_with("cannot ") => {
            format!("{}{}.", first.to_uppercase(), letters.as_str())
        }
        _ => format!("{text}."),
    }
}

/// Day and minute of the time that a line of the log begins with.
fn began(line: &str) -> Option<String> {
    let time = time_of_line(line)?;
    Some(time.format("%Y-%m-%d %H:%M").to_string())
}

/// What the lines of a log of the level `WARN` or `ERROR` say.
fn warnings(log: &str) -> Vec<String> {
    let of_line = |line: &str| {
        let (_, rest) = line.split_once(' ')?;
        let text = rest
            .strip_prefix("WARN ")
            .or_else(|| rest.strip_prefix("ERROR"))?;
        Some(text.trim().to_string())
    };
    let all: Vec<String> = log.lines().filter_map(of_line).collect();
    let more = all.len().saturating_sub(MOST_WARNINGS);
    let mut shown: Vec<String> = all.into_iter().take(MOST_WARNINGS).collect();
    if more > 0 {
        shown.push(format!("{more} more in log.txt"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_tells_beginning_and_warnings() {
        let log = "2026-11-22T08:31:07.214+01:00 INFO  kiln 0.1.0\n\
            2026-11-22T08:31:08.000+01:00 WARN  a <b> c\n\
            2026-11-22T08:31:09.000+01:00 ERROR the disk is full\nWARN\n";
        assert_eq!(
            began(log.lines().next().unwrap()),
            Some("2026-11-22 08:31".into())
        );
        assert_eq!(warnings(log), ["a <b> c", "the disk is full"]);
        assert_eq!(began("nothing"), None);
        let many = "x WARN  again\n".repeat(MOST_WARNINGS + 3);
        assert_eq!(warnings(&many).last().unwrap(), "3 more in log.txt");
    }
}
