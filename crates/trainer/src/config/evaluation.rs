use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, check};

/// How images are scored: the test set at the end of a run and by `kiln eval`, and how
/// often those held out for validation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationConfig {
    /// Test-time augmentation: over which forms of each image the logits are averaged.
    /// Validation during training does without.
    pub tta: Tta,
    /// Validate after every so many updates, beside the end of each epoch, at least 1
    /// (Lightning's `val_check_interval`). Needs validation images. What is found is in
    /// `validation.csv`, and does not count for the best epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub every_steps: Option<u64>,
}

impl EvaluationConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        match self.every_steps {
            Some(steps) => {
                let problem = "it must be at least 1";
                check("evaluation.every_steps", steps, steps >= 1, problem)
            }
            None => Ok(()),
        }
    }

    /// Looks that there are validation images, if something here asks for them.
    pub(crate) fn check_images(&self, validation: usize) -> Result<(), ConfigError> {
        match self.every_steps {
            Some(steps) => check(
                "evaluation.every_steps",
                steps,
                validation > 0,
                "there are no validation images: it needs `valid` above 0",
            ),
            None => Ok(()),
        }
    }
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
