//! `assets/results/RECIPE.csv`: what runs of a recipe reached, a seed a row.

use serde::{Deserialize, Serialize};

use super::{recipe::Recipe, references::Reference};
use crate::bench::median;

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub date: String,
    pub recipe: String,
    pub model: String,
    pub dataset: String,
    pub seed: u64,
    pub epochs: usize,
    pub best_epoch: Option<usize>,
    /// Of the best epoch, 0 to 1.
    pub valid_accuracy: Option<f64>,
    /// Of its weights, 0 to 1: the test set is read once, at the end.
    pub test_accuracy: f64,
    pub test_loss: f64,
    /// Of training and validation.
    pub seconds: f64,
    pub cpu: String,
    pub cores: usize,
    pub kiln: String,
    pub burn: String,
    pub backend: String,
    pub device: String,
    /// What is to be said of the images, if they are not the published ones.
    #[serde(default)]
    pub dataset_note: String,
    /// Of what stands in the recipe, but for its comments.
    pub recipe_sha256: String,
    pub command: String,
}

/// What the runs of a recipe reached together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Mean test accuracy in per cent.
    pub mean: f64,
    /// The standard deviation of the sample (divided by n − 1); `None` of a single run.
    pub deviation: Option<f64>,
    pub runs: usize,
    /// The median of the seconds.
    pub seconds: f64,
}

impl Score {
    /// Of some runs; `None` without any.
    pub fn of(rows: &[Row]) -> Option<Self> {
        let runs = rows.len();
        if runs == 0 {
            return None;
        }
        let values = || rows.iter().map(|row| 100.0 * row.test_accuracy);
        let mean = values().sum::<f64>() / runs as f64;
        let squares: f64 = values().map(|value| (value - mean).powi(2)).sum();
        Some(Self {
            mean,
            deviation: (runs > 1).then(|| (squares / (runs - 1) as f64).sqrt()),
            runs,
            seconds: median(rows.iter().map(|row| row.seconds).collect()),
        })
    }

    /// `98.21 ± 0.05 % (3)`.
    pub fn shown(&self) -> String {
        let Self { mean, runs, .. } = self;
        match self.deviation {
            Some(deviation) => format!("{mean:.2} ± {deviation:.2} % ({runs})"),
            None => format!("{mean:.2} % ({runs})"),
        }
    }
}

/// Puts a run in its place: seeds in order, the former run of the same seed is gone.
pub fn put(rows: &mut Vec<Row>, row: Row) {
    rows.retain(|other| other.seed != row.seed);
    rows.push(row);
    rows.sort_by_key(|row| row.seed);
}

/// A line of the list, with what is known of a recipe.
pub struct Standing {
    pub reference: Reference,
    /// `None`: there is no such file.
    pub recipe: Option<Recipe>,
    /// What is to be said of its images, if they are not the published ones.
    pub dataset_note: Option<String>,
    pub rows: Vec<Row>,
}

impl Standing {
    /// The run of a seed with the recipe as it is now.
    pub fn current(&self, seed: u64) -> Option<&Row> {
        let digest = &self.recipe.as_ref()?.sha256;
        let mut rows = self.rows.iter();
        rows.find(|row| row.seed == seed && row.recipe_sha256 == *digest)
    }

    /// The seeds that were run with the recipe as it was before.
    pub fn stale(&self) -> Vec<u64> {
        let seeds = self.rows.iter().map(|row| row.seed);
        seeds.filter(|&seed| self.current(seed).is_none()).collect()
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn row(seed: u64, accuracy: f64, seconds: f64, sha256: &str) -> Row {
        Row {
            date: "2026-03-14".into(),
            recipe: "mine".into(),
            model: "mlp".into(),
            dataset: "mnist".into(),
            seed,
            epochs: 10,
            best_epoch: Some(9),
            valid_accuracy: Some(0.98),
            test_accuracy: accuracy,
            test_loss: 0.1,
            seconds,
            cpu: "A".into(),
            cores: 2,
            kiln: "0.1.0 (abc)".into(),
            burn: "0.22.1".into(),
            backend: "flex".into(),
            device: "CPU, 2 threads".into(),
            dataset_note: String::new(),
            recipe_sha256: sha256.into(),
            command: "c".into(),
        }
    }

    #[test]
    fn a_score_is_mean_and_deviation_of_the_sample() {
        let rows = [
            row(1, 0.98, 60.0, "x"),
            row(2, 0.99, 90.0, "x"),
            row(3, 0.97, 70.0, "x"),
        ];
        let score = Score::of(&rows).unwrap();
        assert_eq!(score.shown(), "98.00 ± 1.00 % (3)");
        assert_eq!(score.seconds, 70.0);
        assert_eq!(Score::of(&rows[..1]).unwrap().shown(), "98.00 % (1)");
        assert_eq!(Score::of(&[]), None);
    }

    #[test]
    fn a_seed_that_is_run_again_is_replaced_and_others_stay() {
        let mut rows = vec![row(1, 0.5, 1.0, "x"), row(3, 0.5, 1.0, "x")];
        put(&mut rows, row(3, 0.7, 1.0, "y"));
        put(&mut rows, row(2, 0.6, 1.0, "y"));
        let found: Vec<_> = rows
            .iter()
            .map(|row| (row.seed, row.test_accuracy))
            .collect();
        assert_eq!(found, [(1, 0.5), (2, 0.6), (3, 0.7)]);

        let reference = toml::from_str("name = \"mine\"\nwhat = \"b\"").unwrap();
        let standing = Standing {
            reference,
            recipe: Some(Recipe::parse("mine", "model = \"mlp\"\ndataset = \"mnist\"").unwrap()),
            dataset_note: None,
            rows,
        };
        assert_eq!(standing.stale(), [1, 2, 3]);
    }
}
