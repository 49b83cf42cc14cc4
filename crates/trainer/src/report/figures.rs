//! The figures of a run: what is large on the page, and what runs are compared by.

use serde::Serialize;

use super::{
    format::{count, grouped, percent, rate, score, seconds},
    source::Source,
};
use crate::{RunSummary, Status, event::EpochDone};

/// A figure, or that the run does not have it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    pub label: &'static str,
    pub text: Option<String>,
    pub value: Option<f64>,
    pub better: Better,
}

/// Which value is to be preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Better {
    High,
    Low,
    /// Neither: it is a setting, or a matter of taste.
    Neither,
}

/// The figures of a run, always the same ones in the same order.
pub(super) fn figures(source: &Source) -> Vec<Figure> {
    use Better::{High, Low, Neither};
    let summary = source.summary.as_ref().ok();
    let test = summary.and_then(|summary| summary.test);
    let full = source.evaluation.as_ref().ok();
    let rows = source.history.as_deref().unwrap_or_default();
    let best = best(rows);
    let valid = best.and_then(|row| row.valid);
    let figure = |label, value: Option<f64>, better, write: fn(f64) -> String| Figure {
        label,
        text: value.map(write),
        value,
        better,
    };
    let number = |value: f64| grouped(value as usize);
    let whole = |value: usize| value as f64;
    let top_k = full.and_then(|full| full.top_k);
    vec![
        figure("Test accuracy", test.map(|s| s.accuracy), High, percent),
        figure("Test loss", test.map(|s| s.loss), Low, score),
        figure(
            // The k is always the same.
            "Top-5 accuracy",
            top_k.map(|top| top.accuracy),
            High,
            percent,
        ),
        figure("Macro F1", full.map(|f| f.macro_f1), High, score),
        figure(
            "Calibration error",
            full.map(|f| f.calibration_error),
            Low,
            score,
        ),
        figure(
            "Validation accuracy",
            valid.map(|s| s.accuracy),
            High,
            percent,
        ),
        figure("Validation loss", valid.map(|s| s.loss), Low, score),
        figure(
            "Best epoch",
            best.map(|row| whole(row.epoch)),
            Neither,
            number,
        ),
        figure(
            "Epochs",
            rows.last().map(|row| whole(row.epoch)),
            Neither,
            number,
        ),
        figure(
            "Parameters",
            summary.map(|s| whole(s.parameters)),
            Neither,
            number,
        ),
        figure(
            "Training time",
            summary.map(|s| s.seconds).or(total(rows)),
            Low,
            seconds,
        ),
        figure("Images a second", throughput(summary, rows), High, rate),
        figure(
            "Peak memory",
            summary.and_then(|s| s.peak_rss_mb),
            Low,
            |mb| format!("{} MB", grouped(mb.round() as usize)),
        ),
    ]
}

/// The last of the rows that were the best so far.
pub(super) fn best(rows: &[EpochDone]) -> Option<&EpochDone> {
    rows.iter().rev().find(|row| row.best)
}

/// Seconds of training and validation; `None` of no epoch.
fn total(rows: &[EpochDone]) -> Option<f64> {
    (!rows.is_empty()).then(|| rows.iter().map(|row| row.seconds).sum())
}

/// Training images a second, over epochs with their validation.
pub(super) fn throughput(summary: Option<&RunSummary>, rows: &[EpochDone]) -> Option<f64> {
    let images = summary?.train_images? as f64 * rows.len() as f64;
    let seconds = total(rows).filter(|&seconds| seconds > 0.0)?;
    Some(images / seconds)
}

/// What is above all else.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Headline {
    label: &'static str,
    value: String,
    note: String,
}

/// A smaller figure beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Stat {
    label: &'static str,
    value: String,
}

/// The accuracy on the test set; without one, that of the best epoch on the validation
/// images.
pub(super) fn headline(source: &Source) -> Option<Headline> {
    if let Ok(summary) = &source.summary
        && let Some(test) = summary.test
    {
        let images = summary.test_images;
        let right = (test.accuracy * images as f64).round() as usize;
        return Some(Headline {
            label: "Test accuracy",
            value: percent(test.accuracy),
            note: format!(
                "{} of {} told right",
                grouped(right),
                count(images, "image")
            ),
        });
    }
    let row = best(source.history.as_deref().ok()?)?;
    Some(Headline {
        label: "Validation accuracy",
        value: percent(row.valid?.accuracy),
        note: format!("of epoch {}; the test set was not read", row.epoch),
    })
}

/// The figures beside the headline that a run has.
pub(super) fn stats(source: &Source, headline: Option<&Headline>) -> Vec<Stat> {
    let large = headline.map(|headline| headline.label);
    let shown = figures(source).into_iter().filter(|figure| {
        Some(figure.label) != large && !["Macro F1", "Epochs"].contains(&figure.label)
    });
    let rows = source.history.as_deref().unwrap_or_default();
    let stat = |figure: Figure| {
        let mut value = figure.text?;
        if figure.label == "Best epoch" {
            value += &format!(" of {}", rows.len());
        }
        Some(Stat {
            label: figure.label,
            value,
        })
    };
    shown.filter_map(stat).collect()
}

/// How a run ended, in a word or two, and how that is coloured.
pub(super) fn status(source: &Source) -> (&'static str, &'static str) {
    match source.summary.as_ref().map(|summary| summary.status) {
        Ok(Status::Done) => ("done", "good"),
        Ok(Status::Interrupted) => ("interrupted", "bad"),
        Err(_) => ("not ended", "bad"),
    }
}

/// The places of the best of `values`, unless they are all the same.
pub(super) fn winners(values: &[Option<f64>], better: Better) -> Vec<bool> {
    let known = || values.iter().flatten().copied();
    let best = match better {
        Better::High => known().reduce(f64::max),
        Better::Low => known().reduce(f64::min),
        Better::Neither => None,
    };
    let differ = known().any(|value| Some(value) != best);
    let wins = |value: &Option<f64>| differ && value.is_some() && *value == best;
    values.iter().map(wins).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_wins_if_there_is_a_best() {
        let [a, b, none] = [Some(1.0), Some(2.0), None];
        assert_eq!(winners(&[a, b, none], Better::High), [false, true, false]);
        assert_eq!(winners(&[a, b, a], Better::Low), [true, false, true]);
        assert_eq!(winners(&[a, a], Better::Low), [false, false]);
        assert_eq!(winners(&[a, b], Better::Neither), [false, false]);
        assert_eq!(winners(&[none, none], Better::High), [false, false]);
    }
}
