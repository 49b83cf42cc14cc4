use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the test set is scored at the end of a run, and by `kiln eval`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationConfig {
    /// Test-time augmentation: over which forms of each image the logits are averaged.
    /// Validation during training does without.
    pub tta: Tta,
}

/// Test-time augmentation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Tta {
    /// The image as it is.
    #[default]
    None,
    /// The image and its mirror image, left and right exchanged.
    Flip,
    /// The image (weight 0.5), and the image shifted by one pixel to the lower right
    /// and to the upper left (0.25 each), the margin reflected; each with its mirror
    /// image. As in airbench (Jordan, 2024). It takes six times as long.
    FlipShift,
}

impl Tta {
    /// The name in a configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Flip => "flip",
            Self::FlipShift => "flip-shift",
        }
    }
}
