//! Runs beside each other, as rows of text.

use serde::Serialize;

use super::{
    figures::{Figure, figures, winners},
    settings::differences,
    source::Source,
};
use crate::RunDir;

/// Runs beside each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunsBeside {
    /// The names of their folders.
    pub names: Vec<String>,
    /// Accuracies, losses, times and memory: what any of them has.
    pub figures: Vec<BesideRow>,
    /// The keys of the configuration in which they differ.
    pub settings: Vec<BesideRow>,
}

/// A figure or a key of each of the runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BesideRow {
    /// What it is.
    pub label: String,
    /// Its value in each run, where there is one.
    pub cells: Vec<Option<String>>,
    /// Whether it is the best, where one of them is.
    pub best: Vec<bool>,
}

impl RunsBeside {
    /// Of the files of runs. What cannot be read of one is left out.
    #[must_use]
    pub fn of(runs: &[RunDir]) -> Self {
        let sources: Vec<Source> = runs.iter().cloned().map(Source::read).collect();
        let settings = differences(&sources).into_iter();
        Self {
            figures: beside(&sources),
            settings: settings
                .map(|(label, cells)| BesideRow {
                    label,
                    best: vec![false; cells.len()],
                    cells,
                })
                .collect(),
            names: sources.into_iter().map(|source| source.name).collect(),
        }
    }
}

/// The figures that any of the runs has, the best marked: what looks the same is as good.
pub(super) fn beside(sources: &[Source]) -> Vec<BesideRow> {
    let all: Vec<_> = sources.iter().map(figures).collect();
    let row = |at: usize| {
        let column: Vec<&Figure> = all.iter().map(|figures| &figures[at]).collect();
        let values: Vec<Option<f64>> = column.iter().map(|figure| figure.value).collect();
        let best = winners(&values, column[0].better);
        let best = best.iter().position(|&best| best);
        let best = best.and_then(|at| column[at].text.as_ref());
        let texts = || column.iter().filter_map(|figure| figure.text.as_ref());
        let differ = best.is_some_and(|best| texts().any(|text| text != best));
        BesideRow {
            label: column[0].label.into(),
            cells: column.iter().map(|figure| figure.text.clone()).collect(),
            best: column
                .iter()
                .map(|figure| differ && figure.text.as_ref() == best)
                .collect(),
        }
    };
    let rows = (0..all.first().map_or(0, Vec::len)).map(row);
    rows.filter(|row| row.cells.iter().any(Option::is_some))
        .collect()
}
