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
            key: "evaluation.tta",
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
