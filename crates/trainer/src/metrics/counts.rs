use super::{
    Evaluation, TestPrediction, TopK, calibration::Calibration, confusion::Confusion, share,
};
use crate::config::Tta;

/// The k of top-k accuracy, as on ImageNet.
const TOP_K: usize = 5;

/// What the figures of an [`Evaluation`] are made of, batch by batch.
#[derive(Debug, Clone)]
pub(crate) struct Counts {
    classes: usize,
    images: usize,
    /// The sum of the losses of the images.
    loss: f64,
    /// Images whose class is among the [`TOP_K`] largest logits.
    in_top_k: usize,
    confusion: Confusion,
    calibration: Calibration,
    predictions: Vec<TestPrediction>,
}

impl Counts {
    pub fn new(classes: usize) -> Self {
        Self {
            classes,
            images: 0,
            loss: 0.0,
            in_top_k: 0,
            confusion: Confusion::new(classes),
            calibration: Calibration::default(),
            predictions: Vec::new(),
        }
    }

    /// Adds a batch: `logits` of `labels.len() × classes`, and the mean loss of its
    /// images. Labels are below the number of classes.
    pub fn add(&mut self, logits: &[f32], labels: &[usize], loss: f64) {
        self.images += labels.len();
        self.loss += loss * labels.len() as f64;
        for (logits, &label) in logits.chunks_exact(self.classes).zip(labels) {
            let predicted = largest(logits);
            self.confusion.add(label, predicted);
            self.in_top_k += usize::from(rank(logits, label) < TOP_K);
            let confidence = 1.0 / exponentials(logits, logits[predicted]);
            self.calibration.add(confidence, predicted == label);
            self.predictions.push(TestPrediction {
                // Labels of data sets are of 16 bits, and so is the number of classes.
                label: label as u16,
                predicted: predicted as u16,
                confidence: confidence as f32,
            });
        }
    }

    /// The figures, and what became of each image.
    pub fn evaluation(self, tta: Tta) -> (Evaluation, Vec<TestPrediction>) {
        let images = self.images;
        let evaluation = Evaluation {
            images,
            tta,
            loss: self.loss / images as f64,
            accuracy: share(self.confusion.correct(), images),
            top_k: (self.classes > TOP_K).then(|| TopK {
                k: TOP_K,
                accuracy: share(self.in_top_k, images),
            }),
            macro_f1: self.confusion.macro_f1(),
            calibration_error: self.calibration.error(),
            classes: self.confusion.classes(),
            confusion: self.confusion.into_rows(),
        };
        (evaluation, self.predictions)
    }
}

/// The place of the largest number, the first of equals.
fn largest(numbers: &[f32]) -> usize {
    let mut best = 0;
    for (at, number) in numbers.iter().enumerate() {
        if *number > numbers[best] {
            best = at;
        }
    }
    best
}

/// How many logits come before that of `label`: larger ones, and equal ones in front.
fn rank(logits: &[f32], label: usize) -> usize {
    let before = |&(at, &logit): &(usize, &f32)| {
        logit > logits[label] || (logit == logits[label] && at < label)
    };
    logits.iter().enumerate().filter(before).count()
}

/// Σ exp(logit − highest): 1 / the probability of the highest.
fn exponentials(logits: &[f32], highest: f32) -> f64 {
    let term = |&logit: &f32| (f64::from(logit) - f64::from(highest)).exp();
    logits.iter().map(term).sum()
}
