//! Several runs beside each other.

use serde::Serialize;

use super::{
    beside::{BesideRow, beside},
    charts::Chart,
    classes::{Bar, worst},
    curves,
    figures::{Better, winners},
    settings::Settings,
    share::Share,
    source::Source,
};

/// What runs have in common, and where they differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Comparison {
    figures: Vec<BesideRow>,
    charts: Vec<Chart>,
    classes: Option<Classes>,
    settings: Settings,
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
        Self {
            figures: beside(sources),
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
