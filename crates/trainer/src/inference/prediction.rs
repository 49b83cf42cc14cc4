//! From the logits of an image to what it may be.

use serde::Serialize;

/// What a network says of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The logits, in the order of the classes.
    pub logits: Vec<f32>,
    /// Their softmax: the probability of each class, 0 to 1, in sum 1.
    pub probabilities: Vec<f64>,
}

/// A class that an image may be of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Guess {
    /// The number of the class, from 0.
    pub label: usize,
    /// Its probability, 0 to 1.
    pub probability: f64,
}

impl Prediction {
    /// Of the logits of an image, at least one.
    #[must_use]
    pub fn of(logits: &[f32]) -> Self {
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        // From 0 down, so that no power overflows.
        let powers: Vec<f64> = logits
            .iter()
            .map(|&logit| (f64::from(logit) - f64::from(highest)).exp())
            .collect();
        let sum: f64 = powers.iter().sum();
        Self {
            logits: logits.to_vec(),
            probabilities: powers.into_iter().map(|power| power / sum).collect(),
        }
    }

    /// The most probable class. Of equal ones the first, as in
    /// [`Evaluation`](crate::Evaluation).
    #[must_use]
    pub fn best(&self) -> Guess {
        self.top(1)[0]
    }

    /// The `k` most probable classes, the most probable first; all, if there are no
    /// more. Of equal ones, the first is in front.
    #[must_use]
    pub fn top(&self, k: usize) -> Vec<Guess> {
        let mut labels: Vec<usize> = (0..self.logits.len()).collect();
        // By logits: two of them can have the same probability, 0.
        labels.sort_by(|&a, &b| self.logits[b].total_cmp(&self.logits[a]));
        let guess = |label: usize| Guess {
            label,
            probability: self.probabilities[label],
        };
        labels.into_iter().take(k.max(1)).map(guess).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_pytorchs() {
        // torch.tensor([1., -2., 3., 3., 0.5], dtype=torch.float64).softmax(0)
        let prediction = Prediction::of(&[1.0, -2.0, 3.0, 3.0, 0.5]);
        let expected = [
            0.060_847_866_613_340_64,
            0.003_029_436_895_117_056,
            0.449_608_299_906_223_3,
            0.449_608_299_906_223_3,
            0.036_906_096_679_095_82,
        ];
        for (found, expected) in prediction.probabilities.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{prediction:?}");
        }
        let labels: Vec<usize> = prediction.top(3).iter().map(|guess| guess.label).collect();
        assert_eq!(labels, [2, 3, 0]);
        assert_eq!(prediction.top(9).len(), 5);
        assert_eq!(prediction.best().label, 2);
    }

    #[test]
    fn logits_of_any_size_have_probabilities() {
        for logits in [
            [1e30, -1e30],
            [0.0, 0.0],
            [-1e30, -1e30],
            [f32::MAX, f32::MIN],
        ] {
            let sum: f64 = Prediction::of(&logits).probabilities.iter().sum();
            assert!((sum - 1.0).abs() < 1e-12, "{logits:?}");
        }
    }
}
