use serde::{Deserialize, Serialize};

use super::{Bin, Draw, Fill, Image, Interpolation, Policy, Problem, space, tables};
use crate::augment::Step;

/// One of the 25 pairs of operations that a search found best for a data set
/// (Cubuk and others, 2018, <https://arxiv.org/abs/1805.09501>): torchvision's
/// `AutoAugment`. Each pair is equally likely; each of its operations happens
/// with a probability of its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct AutoAugment {
    /// For which data set the pairs were found. Left out: `cifar10`, where
    /// torchvision takes ImageNet's.
    pub policy: AutoAugmentPolicy,
    /// For shearing, moving and rotating. Left out: `nearest`.
    pub interpolation: Interpolation,
    /// The colour of what comes in from outside. Left out: black, and at the border
    /// brighter than of `0`, as in torchvision without a fill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<Fill>,
}

/// The data set that a policy of [`AutoAugment`] was found on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AutoAugmentPolicy {
    /// Small colour photographs.
    #[default]
    Cifar10,
    /// Large colour photographs.
    ImageNet,
    /// House numbers.
    Svhn,
}

impl AutoAugmentPolicy {
    pub(super) fn table(self) -> &'static tables::Table {
        match self {
            Self::Cifar10 => &tables::CIFAR10,
            Self::ImageNet => &tables::IMAGENET,
            Self::Svhn => &tables::SVHN,
        }
    }
}

impl AutoAugment {
    fn policy(&self) -> Policy<'_> {
        Policy {
            space: &space::STANDARD,
            interpolation: self.interpolation,
            fill: self.fill.as_ref(),
        }
    }
}

/// Into how many steps the strengths of the tables are divided.
pub(super) const BINS: usize = 10;

impl Step for AutoAugment {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        self.policy().check(shape[0])?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        let table = self.policy.table();
        for (operation, p, at) in table[draw.below(table.len())] {
            if draw.chance(p) {
                self.policy()
                    .apply(operation, Bin { at, of: BINS }, image, draw);
            }
        }
    }
}
