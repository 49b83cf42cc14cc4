//! The figures of each class.

use serde::Serialize;

use super::{
    format::{grouped, score},
    share::Share,
    source::{Part, Source},
};

/// The classes of a run, in the order of their labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Classes {
    rows: Vec<Row>,
    /// How many are not shown: those that are told best.
    left_out: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    name: String,
    images: String,
    bars: Vec<Bar>,
}

/// A share, as a bar with its number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Bar {
    /// Of the width, in percent.
    width: f64,
    text: String,
}

/// More classes make a page that nobody reads, of all runs together.
const MOST: usize = 200;

impl Classes {
    pub fn of(source: &Source, share: Share) -> Part<Self> {
        let evaluation = source.evaluation.as_ref().map_err(String::clone)?;
        let f1s = evaluation.classes.iter().map(|scores| scores.f1);
        let shown = worst(f1s, share.of(MOST));
        let rows = shown.iter().map(|&class| {
            let scores = &evaluation.classes[class];
            Row {
                name: source.class(class),
                images: grouped(scores.support),
                bars: [scores.f1, scores.precision, scores.recall]
                    .map(Bar::of)
                    .into(),
            }
        });
        Ok(Self {
            rows: rows.collect(),
            left_out: evaluation.classes.len() - shown.len(),
        })
    }
}

impl Bar {
    pub fn of(share: f64) -> Self {
        Self {
            width: (1000.0 * share).round() / 10.0,
            text: score(share),
        }
    }
}

/// The numbers of the classes that are shown, in their order: all, or of more than `most`
/// those with the lowest scores.
pub(super) fn worst(scores: impl Iterator<Item = f64>, most: usize) -> Vec<usize> {
    let mut classes: Vec<(usize, f64)> = scores.enumerate().collect();
    classes.sort_by(|a, b| a.1.total_cmp(&b.1));
    classes.truncate(most);
    let mut numbers: Vec<usize> = classes.into_iter().map(|(class, _)| class).collect();
    numbers.sort_unstable();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_classes_the_worst_are_shown() {
        assert_eq!(worst([0.5, 0.1].into_iter(), MOST), [0, 1]);
        let found = worst((0..500).map(|class| f64::from(class % 2)), MOST);
        let even: Vec<usize> = (0..400).step_by(2).collect();
        assert_eq!(found, even);
    }
}
