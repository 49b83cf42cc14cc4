use super::{ClassScores, share};

/// Images of each class by what they were taken for.
#[derive(Debug, Clone)]
pub(super) struct Confusion {
    /// `[class][predicted]`.
    counts: Vec<Vec<usize>>,
}

impl Confusion {
    pub fn new(classes: usize) -> Self {
        Self {
            counts: vec![vec![0; classes]; classes],
        }
    }

    pub fn add(&mut self, class: usize, predicted: usize) {
        self.counts[class][predicted] += 1;
    }

    /// Images that were taken for what they are.
    pub fn correct(&self) -> usize {
        (0..self.counts.len()).map(|c| self.counts[c][c]).sum()
    }

    pub fn classes(&self) -> Vec<ClassScores> {
        (0..self.counts.len()).map(|c| self.class(c)).collect()
    }

    fn class(&self, class: usize) -> ClassScores {
        let hits = self.counts[class][class];
        let support = self.counts[class].iter().sum();
        let predicted = self.predicted(class);
        ClassScores {
            precision: share(hits, predicted),
            recall: share(hits, support),
            // 2pr / (p + r), in whole numbers.
            f1: share(2 * hits, support + predicted),
            support,
        }
    }

    /// Images that were taken for `class`.
    fn predicted(&self, class: usize) -> usize {
        self.counts.iter().map(|row| row[class]).sum()
    }

    /// The mean F1 of the classes that occur.
    pub fn macro_f1(&self) -> f64 {
        let occurs = |&class: &usize| {
            self.predicted(class) > 0 || self.counts[class].iter().any(|&count| count > 0)
        };
        let f1s: Vec<f64> = (0..self.counts.len())
            .filter(occurs)
            .map(|class| self.class(class).f1)
            .collect();
        match f1s.len() {
            0 => 0.0,
            count => f1s.iter().sum::<f64>() / count as f64,
        }
    }

    pub fn into_rows(self) -> Vec<Vec<usize>> {
        self.counts
    }
}
