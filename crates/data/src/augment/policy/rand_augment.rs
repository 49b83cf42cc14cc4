use serde::{Deserialize, Serialize};

use super::{
    Bin, Draw, Fill, Image, Interpolation, Operation, Policy, Problem, check_bins, require, space,
};
use crate::augment::Step;

/// The operations between which these policies choose, each equally likely.
pub(super) const OPERATIONS: [Operation; 14] = [
    Operation::Identity,
    Operation::ShearX,
    Operation::ShearY,
    Operation::TranslateX,
    Operation::TranslateY,
    Operation::Rotate,
    Operation::Brightness,
    Operation::Color,
    Operation::Contrast,
    Operation::Sharpness,
    Operation::Posterize,
    Operation::Solarize,
    Operation::AutoContrast,
    Operation::Equalize,
];

/// Far more than leave anything of an image.
const MOST_OPERATIONS: usize = 100;

/// A few random operations of one strength (Cubuk and others, 2019,
/// <https://arxiv.org/abs/1909.13719>): torchvision's `RandAugment`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RandAugment {
    /// How many operations, one after the other, up to 100. Left out: 2.
    pub num_ops: usize,
    /// How strong, from 0, below `num_magnitude_bins`. Left out: 9.
    pub magnitude: usize,
    /// Into how many steps the strength is divided, at least 2. Left out: 31.
    pub num_magnitude_bins: usize,
    /// For shearing, moving and rotating. Left out: `nearest`.
    pub interpolation: Interpolation,
    /// The colour of what comes in from outside. Left out: black, and at the border
    /// brighter than of `0`, as in torchvision without a fill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<Fill>,
}

impl Default for RandAugment {
    fn default() -> Self {
        Self {
            num_ops: 2,
            magnitude: 9,
            num_magnitude_bins: 31,
            interpolation: Interpolation::default(),
            fill: None,
        }
    }
}

impl RandAugment {
    fn policy(&self) -> Policy<'_> {
        Policy {
            space: &space::STANDARD,
            interpolation: self.interpolation,
            fill: self.fill.as_ref(),
        }
    }
}

impl Step for RandAugment {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        check_bins(self.num_magnitude_bins)?;
        require(
            "magnitude",
            self.magnitude < self.num_magnitude_bins,
            || {
                format!(
                    "{} is not below the {} of num_magnitude_bins",
                    self.magnitude, self.num_magnitude_bins
                )
            },
        )?;
        require("num_ops", self.num_ops <= MOST_OPERATIONS, || {
            format!("{} is more than {MOST_OPERATIONS}", self.num_ops)
        })?;
        self.policy().check(shape[0])?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        let bin = Bin {
            at: self.magnitude,
            of: self.num_magnitude_bins,
        };
        for _ in 0..self.num_ops {
            let operation = OPERATIONS[draw.below(OPERATIONS.len())];
            self.policy().apply(operation, bin, image, draw);
        }
    }
}

/// One random operation of random strength, up to strong ones (Müller and
/// Hutter, 2021, <https://arxiv.org/abs/2103.10158>): torchvision's
/// `TrivialAugmentWide`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TrivialAugmentWide {
    /// Into how many steps the strength is divided, at least 2. Left out: 31.
    pub num_magnitude_bins: usize,
    /// For shearing, moving and rotating. Left out: `nearest`.
    pub interpolation: Interpolation,
    /// The colour of what comes in from outside. Left out: black, and at the border
    /// brighter than of `0`, as in torchvision without a fill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<Fill>,
}

impl Default for TrivialAugmentWide {
    fn default() -> Self {
        Self {
            num_magnitude_bins: 31,
            interpolation: Interpolation::default(),
            fill: None,
        }
    }
}

impl TrivialAugmentWide {
    fn policy(&self) -> Policy<'_> {
        Policy {
            space: &space::WIDE,
            interpolation: self.interpolation,
            fill: self.fill.as_ref(),
        }
    }
}

impl Step for TrivialAugmentWide {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        check_bins(self.num_magnitude_bins)?;
        self.policy().check(shape[0])?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        let operation = OPERATIONS[draw.below(OPERATIONS.len())];
        let bin = Bin {
            at: draw.below(self.num_magnitude_bins),
            of: self.num_magnitude_bins,
        };
        self.policy().apply(operation, bin, image, draw);
    }
}
