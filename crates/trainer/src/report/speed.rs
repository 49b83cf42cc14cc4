//! Time and memory of a run.

use serde::Serialize;

use super::{
    charts::{Chart, Range},
    curves::line,
    figures::throughput,
    format::{grouped, percent, rate, seconds},
    share::Share,
    source::{Part, Source},
};

/// As many epochs are drawn, of all runs together.
const MOST_POINTS: usize = 300;

/// How fast a run was, and what it took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Speed {
    rows: Vec<(&'static str, String)>,
    chart: Option<Chart>,
}

impl Speed {
    /// Of the page it may take `share`.
    pub fn of(source: &Source, share: Share) -> Part<Self> {
        let epochs = source.history.as_ref().map_err(String::clone)?;
        let summary = source.summary.as_ref().ok();
        let each: Vec<f64> = epochs.iter().map(|row| row.seconds).collect();
        let total: f64 = each.iter().sum();
        let waited: f64 = epochs.iter().map(|row| row.data_seconds).sum();
        let [least, most] = [
            each.iter().copied().fold(f64::INFINITY, f64::min),
            each.iter().copied().fold(0.0, f64::max),
        ];
        let mut rows = vec![
            (
                "Training and validation",
                seconds(summary.map_or(total, |summary| summary.seconds)),
            ),
            (
                "An epoch",
                format!(
                    "{} (from {} to {})",
                    seconds(total / each.len() as f64),
                    seconds(least),
                    seconds(most)
                ),
            ),
        ];
        if let Some(speed) = throughput(summary, epochs) {
            rows.push((
                "Training images a second",
                format!("{}, the time of validation counted in", rate(speed)),
            ));
        }
        if total > 0.0 {
            rows.push(("Waiting for batches", percent(waited / total)));
        }
        if let Some(summary) = summary {
            rows.push(("Updates", grouped(summary.updates as usize)));
            if let Some(peak) = summary.peak_rss_mb {
                rows.push((
                    "Peak memory of the process",
                    format!(
                        "{} MB (10⁶ bytes, resident)",
                        grouped(peak.round() as usize)
                    ),
                ));
            }
        }
        let time = [line(epochs, "seconds", "valid", |row| row.seconds)];
        Ok(Self {
            rows,
            chart: Chart::new(
                "Seconds an epoch",
                Range::FromZero,
                &time,
                None,
                share.of(MOST_POINTS),
            ),
        })
    }
}
