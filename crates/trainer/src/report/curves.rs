//! The course of runs: loss, accuracy, learning rate and time by epoch.

use serde::Serialize;

use super::{
    charts::{Chart, MOST_POINTS, Range, Series},
    figures::best,
    format::{percent, score, short},
    source::{Part, Source},
};
use crate::event::{EpochDone, Scores, Validated};

/// The curves of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Curves {
    charts: Vec<Chart>,
    rows: Vec<Row>,
    /// How many epochs the table leaves out.
    left_out: usize,
    valid: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    epoch: usize,
    cells: Vec<String>,
    best: bool,
}

/// More rows are not read.
const MOST_ROWS: usize = 200;

impl Curves {
    pub fn of(source: &Source) -> Part<Self> {
        let rows = source.history.as_ref().map_err(String::clone)?;
        let valid = rows.iter().any(|row| row.valid.is_some());
        let best = best(rows).map(|row| row.epoch);
        let both = |value: fn(Scores) -> f64| {
            let train = rows.iter().map(|row| (row.epoch, value(row.train)));
            let valid = rows
                .iter()
                .filter_map(|row| Some((row.epoch, value(row.valid?))));
            let mut series = vec![Series::new("train", "train", train)];
            let valid = Series::new("valid", "valid", valid);
            series.extend(Some(valid).filter(|valid| !valid.points.is_empty()));
            series
        };
        let lr = [line(rows, "learning rate", "valid", |row| row.lr)];
        let chart =
            |title, range, lines: &[Series]| Chart::new(title, range, lines, best, MOST_POINTS);
        let mut charts = vec![
            chart("Loss", Range::FromZero, &both(|s| s.loss)),
            chart("Accuracy", Range::Percent, &both(|s| 100.0 * s.accuracy)),
            chart("Learning rate", Range::FromZero, &lr),
        ];
        if let Ok(validations) = &source.validations {
            charts.extend(between(validations));
        }
        let every = rows.len().div_ceil(MOST_ROWS).max(1);
        let shown = rows
            .iter()
            .enumerate()
            .filter(|(at, row)| at % every == 0 || at + 1 == rows.len() || Some(row.epoch) == best);
        let shown: Vec<Row> = shown
            .map(|(_, row)| Row::of(row, Some(row.epoch) == best))
            .collect();
        Ok(Self {
            charts: charts.into_iter().flatten().collect(),
            left_out: rows.len() - shown.len(),
            rows: shown,
            valid,
        })
    }
}

/// What was found between the ends of epochs.
fn between(validations: &[Validated]) -> [Option<Chart>; 2] {
    let chart = |title, range, value: fn(Scores) -> f64| {
        let points = validations.iter();
        let points = points.map(|row| (row.updates as usize, value(row.valid)));
        let series = [Series::new("valid", "valid", points)];
        Chart::over("update", title, range, &series, None, MOST_POINTS)
    };
    [
        chart("Validation loss", Range::FromZero, |s| s.loss),
        chart("Validation accuracy", Range::Percent, |s| {
            100.0 * s.accuracy
        }),
    ]
}

impl Row {
    fn of(row: &EpochDone, best: bool) -> Self {
        let scores = |scores: Option<Scores>| match scores {
            Some(scores) => [score(scores.loss), percent(scores.accuracy)],
            None => ["–".into(), "–".into()],
        };
        let [train, valid] = [scores(Some(row.train)), scores(row.valid)];
        let rest = [short(row.lr), format!("{:.1} s", row.seconds)];
        Self {
            epoch: row.epoch,
            cells: [&train[..], &valid[..], &rest[..]].concat(),
            best,
        }
    }
}

/// The course of a figure of one run.
pub(super) fn line(
    rows: &[EpochDone],
    name: &str,
    class: &str,
    value: fn(&EpochDone) -> f64,
) -> Series {
    let points = rows.iter().map(|row| (row.epoch, value(row)));
    Series::new(name, class, points)
}

/// The curves of several runs over each other: a line for each that has an epoch.
pub(super) fn compared(sources: &[Source]) -> Vec<Chart> {
    type Value = fn(&EpochDone) -> f64;
    let figures: [(&str, Range, Value); 4] = [
        ("Validation loss", Range::FromZero, |row| {
            row.valid.map_or(f64::NAN, |valid| valid.loss)
        }),
        ("Validation accuracy", Range::Percent, |row| {
            row.valid.map_or(f64::NAN, |valid| 100.0 * valid.accuracy)
        }),
        ("Training loss", Range::FromZero, |row| row.train.loss),
        ("Learning rate", Range::FromZero, |row| row.lr),
    ];
    let charts = figures.into_iter().map(|(title, range, value)| {
        let runs = sources.iter().enumerate();
        let series: Vec<Series> = runs
            .filter_map(|(at, source)| {
                let rows = source.history.as_ref().ok()?;
                let class = format!("run{}", at % COLOURS);
                Some(line(rows, &format!("run {}", at + 1), &class, value))
            })
            .filter(|series| !series.points.is_empty())
            .collect();
        Chart::new(title, range, &series, None, MOST_POINTS)
    });
    charts.flatten().collect()
}

/// As many runs are told apart by colour; further ones begin anew.
pub(super) const COLOURS: usize = 8;
