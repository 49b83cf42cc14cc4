//! Test-time augmentation: the mean logits of several forms of an image.

use burn::tensor::{Tensor, ops::PadMode};

use crate::{
    Classifier,
    config::{ConfigError, Tta},
};

impl Tta {
    /// Looks that images of `[channels, height, width]` can be augmented so.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if they are too small to be shifted.
    pub(crate) fn check(self, [_, height, width]: [usize; 3]) -> Result<(), ConfigError> {
        // A margin is reflected without the edge itself.
        if self != Self::FlipShift || (height >= 2 && width >= 2) {
            return Ok(());
        }
        Err(ConfigError::Value {
            key: "evaluation.tta".into(),
            value: self.name().into(),
            problem: format!(
                "it needs images of at least 2×2 pixels to reflect a margin, and these are \
                 {height}×{width}: take flip"
            ),
            origin: None,
        })
    }

    /// The logits `[N, classes]` of images `[N, C, H, W]`.
    pub(crate) fn logits<M: Classifier>(self, network: &M, images: Tensor<4>) -> Tensor<2> {
        match self {
            Self::None => network.forward(images),
            Self::Flip => mirrored(network, images),
            Self::FlipShift => {
                let [count, channels, height, width] = images.dims();
                let padded = images.clone().pad((1, 1, 1, 1), PadMode::Reflect);
                let crop = |at: usize| {
                    let crop = [0..count, 0..channels, at..at + height, at..at + width];
                    mirrored(network, padded.clone().slice(crop))
                };
                mirrored(network, images) * 0.5 + (crop(0) + crop(2)) * 0.25
            }
        }
    }
}

/// The mean of the logits of images and of their mirror images.
fn mirrored<M: Classifier>(network: &M, images: Tensor<4>) -> Tensor<2> {
    let mirror = images.clone().flip([3]);
    (network.forward(images) + network.forward(mirror)) * 0.5
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    //! Against PyTorch: tests/golden/metrics.py made the numbers.

    use std::collections::HashMap;

    use burn::{
        module::Module,
        tensor::{Device, TensorData, activation::tanh},
    };

    use super::*;

    /// A layer whose logits are not linear, so that the mean of the images has others.
    #[derive(Module, Debug)]
    struct Layer {
        /// `[pixels, classes]`.
        weight: Tensor<2>,
    }

    impl Classifier for Layer {
        fn forward(&self, images: Tensor<4>) -> Tensor<2> {
            tanh(images.flatten::<2>(1, 3).matmul(self.weight.clone()))
        }
    }

    #[test]
    fn logits_are_airbenchs() {
        let text = include_str!("../tests/golden/metrics.json");
        let mut golden: serde_json::Value = serde_json::from_str(text).unwrap();
        let golden = golden["tta"].take();
        let mut golden: HashMap<String, Vec<f32>> = serde_json::from_value(golden).unwrap();
        let device = Device::flex();
        let mut take = |name: &str| golden.remove(name).unwrap();
        let images = TensorData::new(take("images"), [2, 2, 3, 4]);
        let images = Tensor::<4>::from_data(images, &device);
        let weight = TensorData::new(take("weight"), [24, 3]);
        let network = Layer {
            weight: Tensor::from_data(weight, &device),
        };
        for tta in [Tta::None, Tta::Flip, Tta::FlipShift] {
            let logits = tta.logits(&network, images.clone());
            let logits = logits.try_into_vec_as::<f32>().unwrap();
            let expected = take(tta.name());
            assert_eq!(logits.len(), expected.len());
            for (logit, expected) in logits.iter().zip(expected) {
                assert!(
                    (logit - expected).abs() < 1e-6,
                    "{tta:?}: {logit} {expected}"
                );
            }
        }
    }

    #[test]
    fn an_image_of_a_line_cannot_be_shifted() {
        assert_eq!(Tta::Flip.check([1, 1, 1]), Ok(()));
        assert_eq!(Tta::FlipShift.check([1, 2, 2]), Ok(()));
        let error = Tta::FlipShift.check([3, 1, 8]).unwrap_err().to_string();
        assert!(
            error.contains("at least 2×2") && error.contains("1×8"),
            "{error}"
        );
    }
}
