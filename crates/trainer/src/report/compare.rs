//! Several runs beside each other.

use serde::Serialize;

use super::{
    charts::Chart,
    classes::{Bar, worst},
    curves,
    figures::{Better, figures, winners},
    settings::Settings,
    share::Share,
    source::Source,
};

/// What runs have in common, and where they differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Comparison {
    figures: Vec<Row>,
    charts: Vec<Chart>,
    classes: Option<Classes>,
    settings: Settings,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    label: &'static str,
    cells: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Cell {
    text: Option<String>,
    best: bool,
}

/// The F1 of each class in each run.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Classes {
    rows: Vec<ClassRow>,
    left_out: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ClassRow {
    name: String,
    bars: Vec<Option<Bar>>,
    best: Vec<bool>,
}

/// As many bars are drawn, a class and run each, of the classes that are told worst.
const MOST_BARS: usize = 600;
/// More classes are not read.
const MOST_CLASSES: usize = 200;

impl Comparison {
    pub fn of(sources: &[Source]) -> Self {
        let all: Vec<_> = sources.iter().map(figures).collect();
        let row = |at: usize| {
            let column: Vec<_> = all.iter().map(|figures| &figures[at]).collect();
            let values: Vec<Option<f64>> = column.iter().map(|figure| figure.value).collect();
            let best = winners(&values, column[0].better);
            // What looks the same is as good.
            let best = best.iter().position(|&best| best);
            let best = best.and_then(|at| column[at].text.as_ref());
            let differ = column
                .iter()
                .any(|f| f.text.is_some() && f.text.as_ref() != best);
            let cells = column.iter().map(|figure| Cell {
                text: figure.text.clone(),
                best: differ && best.is_some() && figure.text.as_ref() == best,
            });
            Row {
                label: column[0].label,
                cells: cells.collect(),
            }
        };
        let rows = (0..all.first().map_or(0, Vec::len)).map(row);
        Self {
            figures: rows
                .filter(|row| row.cells.iter().any(|cell| cell.text.is_some()))
                .collect(),
            charts: curves::compared(sources),
            classes: classes(sources),
            settings: Settings::compared(sources),
        }
    }
}

/// `None` unless at least two runs know the same classes.
fn classes(sources: &[Source]) -> Option<Classes> {
    let names = |source: &Source| Some(source.info.as_ref().ok()?.classes.clone());
    let mut known = sources
        .iter()
        .filter(|source| source.evaluation.is_ok())
        .filter_map(names);
    let shared = known.next()?;
    let others: Vec<_> = known.collect();
    if others.is_empty() || others.iter().any(|other| *other != shared) {
        return None;
    }
    let f1 = |source: &Source, class: usize| {
        let evaluation = source.evaluation.as_ref().ok()?;
        evaluation.classes.get(class).map(|scores| scores.f1)
    };
    let column = |class: usize| -> Vec<Option<f64>> {
        sources.iter().map(|source| f1(source, class)).collect()
    };
    let lowest = |class: usize| column(class).into_iter().flatten().fold(1.0, f64::min);
    let most = Share::among(sources.len()).of(MOST_BARS);
    let shown = worst((0..shared.len()).map(lowest), most.min(MOST_CLASSES));
    let rows = shown.iter().map(|&class| {
        let values = column(class);
        ClassRow {
            name: shared[class].clone(),
            best: winners(&values, Better::High),
            bars: values.into_iter().map(|f1| f1.map(Bar::of)).collect(),
        }
    });
    Some(Classes {
        rows: rows.collect(),
        left_out: shared.len() - shown.len(),
    })
}
