//! Steps that mix the images of a batch with each other, and their labels with them.

use rand_distr::{Beta, Distribution};
use serde::{Deserialize, Serialize};

use super::{
    Draw,
    parameter::{LARGEST, Problem, require},
};

/// A change of a batch as a whole. Image *i* is mixed with image *i* − 1, and
/// the first with the last: they were shuffled.
pub(crate) trait Mix {
    /// Whether the parameters can be.
    fn check(&self) -> Result<(), Problem>;

    /// Mixes `pixels`, images of `shape` one after the other. The weight that
    /// the label of image *i* keeps; that of image *i* − 1 has the rest.
    fn mix(&self, pixels: &mut [u8], shape: [usize; 3], draw: &mut Draw) -> f32;
}

/// Every image becomes the weighted mean of two (Zhang et al., 2018):
/// torchvision's `MixUp`. The weight is drawn for each batch from Beta(α, α).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Mixup {
    /// The α of the distribution, above 0: the smaller, the less is mixed. Left out: 1.
    pub alpha: f64,
}

impl Default for Mixup {
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

impl Mix for Mixup {
    fn check(&self) -> Result<(), Problem> {
        check_alpha(self.alpha)
    }

    fn mix(&self, pixels: &mut [u8], shape: [usize; 3], draw: &mut Draw) -> f32 {
        let weight = weight(self.alpha, draw);
        blend(pixels, shape, weight);
        weight
    }
}

/// A rectangle of every image is replaced by that of another (Yun et al., 2019):
/// torchvision's `CutMix`. The share that is left is drawn for each batch from
/// Beta(α, α), the middle of the rectangle from all pixels; the labels are
/// weighted by the pixels that were in fact replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Cutmix {
    /// The α of the distribution, above 0. Left out: 1.
    pub alpha: f64,
}

impl Default for Cutmix {
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

impl Mix for Cutmix {
    fn check(&self) -> Result<(), Problem> {
        check_alpha(self.alpha)
    }

    fn mix(&self, pixels: &mut [u8], shape: [usize; 3], draw: &mut Draw) -> f32 {
        let [_, height, width] = shape;
        let weight = weight(self.alpha, draw);
        let middle = [draw.below(height), draw.below(width)];
        let rectangle = rectangle(weight, middle, [height, width]);
        paste(pixels, shape, rectangle);
        let [top, left, bottom, right] = rectangle;
        1.0 - ((bottom - top) * (right - left)) as f32 / (height * width) as f32
    }
}

fn check_alpha(alpha: f64) -> Result<(), Problem> {
    require(
        "alpha",
        (f64::MIN_POSITIVE..=LARGEST).contains(&alpha),
        || format!("{alpha:?} is not a number above 0, at most {LARGEST}"),
    )
}

fn weight(alpha: f64, draw: &mut Draw) -> f32 {
    let beta = Beta::new(alpha, alpha).expect("alpha was checked");
    beta.sample(draw.rng()) as f32
}

/// `[top, left, bottom, right]` of the piece around `middle` that takes
/// 1 − `weight` of an image, as far as it lies on it.
fn rectangle(weight: f32, middle: [usize; 2], size: [usize; 2]) -> [usize; 4] {
    let share = 0.5 * (1.0 - f64::from(weight)).sqrt();
    let half = size.map(|side| (share * side as f64) as usize);
    let low = |axis: usize| middle[axis].saturating_sub(half[axis]);
    let high = |axis: usize| (middle[axis] + half[axis]).min(size[axis]);
    [low(0), low(1), high(0), high(1)]
}

/// Each image times `weight`, and the one before it times the rest.
fn blend(pixels: &mut [u8], shape: [usize; 3], weight: f32) {
    with_the_one_before(pixels, shape, |image, before| {
        for (byte, &other) in image.iter_mut().zip(before) {
            let mixed = weight * f32::from(*byte) + (1.0 - weight) * f32::from(other);
            *byte = mixed.round() as u8;
        }
    });
}

/// The rectangle `[top, left, bottom, right]` of each image from the one before it.
fn paste(pixels: &mut [u8], shape: [usize; 3], [top, left, bottom, right]: [usize; 4]) {
    let [_, height, width] = shape;
    with_the_one_before(pixels, shape, |image, before| {
        let planes = image
            .chunks_exact_mut(height * width)
            .zip(before.chunks_exact(height * width));
        for (plane, before) in planes {
            for row in top..bottom {
                let piece = row * width + left..row * width + right;
                plane[piece.clone()].copy_from_slice(&before[piece]);
            }
        }
    });
}

/// Calls `mix` with each image and the one before it as it was.
fn with_the_one_before(pixels: &mut [u8], shape: [usize; 3], mix: impl Fn(&mut [u8], &[u8])) {
    let len: usize = shape.iter().product();
    let last = pixels[pixels.len() - len..].to_vec();
    // From the end, so that the one before is always still as it was.
    for at in (len..pixels.len()).step_by(len).rev() {
        let (before, image) = pixels.split_at_mut(at);
        mix(&mut image[..len], &before[at - len..]);
    }
    mix(&mut pixels[..len], &last);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{Normalization, golden::Case};

    #[test]
    fn mixtures_are_torchvisions() {
        // A case is one image of [images × channels, height, width].
        for case in Case::all("mix.json") {
            let mut image = case.image();
            let [planes, height, width] = image.shape();
            let channels: usize = case.parameter("channels");
            assert_eq!(planes % channels, 0);
            let shape = [channels, height, width];
            let weight: f32 = case.parameter("weight");
            match case.step.as_str() {
                "mixup" => blend(image.pixels_mut(), shape, weight),
                "cutmix" => {
                    let cut = rectangle(weight, case.parameter("middle"), [height, width]);
                    paste(image.pixels_mut(), shape, cut);
                    let [top, left, bottom, right] = cut;
                    let kept =
                        1.0 - ((bottom - top) * (right - left)) as f64 / (height * width) as f64;
                    let expected: f64 = case.parameter("kept");
                    assert!((kept - expected).abs() < 1e-6, "{case:?}: {kept}");
                }
                other => panic!("no test for {other}"),
            }
            case.check(&image, 1);
        }
    }

    #[test]
    fn weights_are_shares_also_for_extreme_distributions() {
        let normalization = Normalization::of(&crate::dataset::tests::info());
        for alpha in [f64::MIN_POSITIVE, 3e-308, 1e-30, 1e-3, 0.999, 1e3, LARGEST] {
            assert_eq!(check_alpha(alpha), Ok(()));
            let weights = (0..2000)
                .map(|batch| weight(alpha, &mut Draw::for_batch(&normalization, 1, 1, batch)));
            let weights: Vec<f32> = weights.collect();
            assert!(
                weights.iter().all(|w| (0.0..=1.0).contains(w)),
                "{alpha}: {weights:?}"
            );
            let mean = weights.iter().sum::<f32>() / 2000.0;
            assert!((mean - 0.5).abs() < 0.05, "{alpha}: {mean}");
        }
        for alpha in [0.0, -1.0, 1e-308, 1e7, 1e308, f64::INFINITY, f64::NAN] {
            assert_eq!(check_alpha(alpha).unwrap_err().key, "alpha");
        }
    }

    #[test]
    fn weights_follow_the_beta_distribution() {
        let normalization = Normalization::of(&crate::dataset::tests::info());
        let weights = |alpha| -> Vec<f64> {
            let draw = |batch| {
                f64::from(weight(
                    alpha,
                    &mut Draw::for_batch(&normalization, 1, 1, batch),
                ))
            };
            (0..4000).map(draw).collect()
        };
        for alpha in [0.2, 1.0, 4.0] {
            let weights = weights(alpha);
            let mean = weights.iter().sum::<f64>() / 4000.0;
            let variance = weights.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / 4000.0;
            // Of Beta(α, α): 1/2 and 1 / (4 (2α + 1)).
            assert!((mean - 0.5).abs() < 0.02, "{alpha}: {mean}");
            let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            assert!(
                (variance / expected - 1.0).abs() < 0.06,
                "{alpha}: {variance}"
            );
        }
    }
}
