//! Figures of a network over a set of images, from its logits.

mod calibration;
mod confusion;
mod counts;
mod picture;
mod test_prediction;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{config::Tta, event::Scores};

pub(crate) use counts::Counts;
pub use picture::confusion_svg;
pub use test_prediction::TestPrediction;

/// Figures of a network over a set of images.
///
/// Where a figure would be 0 / 0, it is 0, as with scikit-learn's `zero_division=0`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Images.
    pub images: usize,
    /// Test-time augmentation.
    pub tta: Tta,
    /// Mean loss, every image with the same weight: of the loss that was trained with,
    /// without label smoothing and class weights.
    pub loss: f64,
    /// Top-1 accuracy: the share of images whose largest logit is that of their class,
    /// 0 to 1. Of equal logits, the first is the largest.
    pub accuracy: f64,
    /// Top-k accuracy; `None` if there are no more than k classes.
    pub top_k: Option<TopK>,
    /// The mean F1 of the classes that have an image or a prediction, 0 to 1
    /// (scikit-learn's `f1_score(…, average="macro")`).
    pub macro_f1: f64,
    /// The expected calibration error of Guo et al. (2017), 0 to 1: images are sorted
    /// into 15 equal intervals of their largest probability, each without its lower
    /// bound; the distance of the mean such probability in an interval from the
    /// accuracy there, weighted by the images in it.
    pub calibration_error: f64,
    /// The figures of each class, in the order of the labels.
    pub classes: Vec<ClassScores>,
    /// The images of each class (row) by what they were taken for (column).
    pub confusion: Vec<Vec<usize>>,
}

/// The share of images whose class is among those of the k largest logits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TopK {
    /// How many logits.
    pub k: usize,
    /// The share, 0 to 1.
    pub accuracy: f64,
}

/// The figures of a class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// Of the images that were taken for this class, the share that are of it, 0 to 1.
    pub precision: f64,
    /// Of the images of this class, the share that were taken for it, 0 to 1.
    pub recall: f64,
    /// The harmonic mean of precision and recall, 0 to 1.
    pub f1: f64,
    /// Images of this class.
    pub support: usize,
}

impl Evaluation {
    /// Looks that its parts are of the same images and classes, as those of a file that
    /// somebody changed need not be.
    pub(crate) fn check(&self) -> Result<(), String> {
        let classes = self.classes.len();
        if self.confusion.len() != classes || self.confusion.iter().any(|r| r.len() != classes) {
            return Err(format!(
                "`confusion` is not {classes}×{classes}, and `classes` has {classes}"
            ));
        }
        let mut counts = self.confusion.iter().flatten();
        let images = counts.try_fold(0_usize, |sum, &count| sum.checked_add(count));
        match images == Some(self.images) {
            true => Ok(()),
            false => Err(format!(
                "the counts of `confusion` are not, in sum, the {} of `images`",
                self.images
            )),
        }
    }

    /// Loss and top-1 accuracy.
    #[must_use]
    pub fn scores(&self) -> Scores {
        Scores {
            loss: self.loss,
            accuracy: self.accuracy,
        }
    }
}

/// `part / whole`, and 0 of nothing.
fn share(part: usize, whole: usize) -> f64 {
    match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    }
}
