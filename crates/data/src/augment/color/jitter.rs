use serde::{Deserialize, Serialize};

use super::{blend, check_factor, check_grey_or_rgb, hue};
use crate::augment::{
    Draw, Image, Step,
    parameter::{Interval, Problem, require},
};

/// Changes brightness, contrast, saturation and hue, each by a random factor, in
/// a random order: torchvision's `ColorJitter`.
///
/// Grey images have neither saturation nor hue that could change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ColorJitter {
    /// A number `v`, for a factor from `max(0, 1 − v)` to `1 + v`, or
    /// `[least, most]`; from 0. Left out: brightness stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brightness: Option<Interval>,
    /// As for brightness. Left out: contrast stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contrast: Option<Interval>,
    /// As for brightness. Left out: saturation stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturation: Option<Interval>,
    /// A number `v`, for −`v` to `v` of the colour circle, or `[least, most]`;
    /// from −0.5 to 0.5. Left out: hue stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hue: Option<Interval>,
}

impl ColorJitter {
    /// The changes in the order of torchvision's parameters, each with the ends
    /// of its factor.
    fn changes(&self) -> [(Change, Option<[f64; 2]>); 4] {
        [
            (blend::brightness, self.brightness.map(factors)),
            (blend::contrast, self.contrast.map(factors)),
            (blend::saturation, self.saturation.map(factors)),
            (hue::hue, self.hue.map(Interval::ends)),
        ]
    }
}

/// A kernel and its factor.
pub(super) type Change = fn(&mut Image, f64);

/// Least and most of a factor that is 1 where nothing changes.
fn factors(interval: Interval) -> [f64; 2] {
    match interval {
        Interval::Symmetric(by) => [(1.0 - by).max(0.0), 1.0 + by],
        Interval::Range(ends) => ends,
    }
}

impl Step for ColorJitter {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        check_grey_or_rgb(shape[0])?;
        for (key, interval) in [
            ("brightness", self.brightness),
            ("contrast", self.contrast),
            ("saturation", self.saturation),
        ] {
            let Some(interval) = interval else { continue };
            interval.check(key)?;
            for factor in factors(interval) {
                check_factor(key, factor)?;
            }
        }
        if let Some(hue) = self.hue {
            let [least, most] = hue.check("hue")?;
            require("hue", least >= -0.5 && most <= 0.5, || {
                format!("from {least} to {most} does not lie between -0.5 and 0.5")
            })?;
        }
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        let mut changes = self.changes();
        shuffle(&mut changes, draw);
        for (change, ends) in changes {
            if let Some([least, most]) = ends {
                change(image, draw.uniform(least, most));
            }
        }
    }
}

/// Brings `items` into any order, each equally likely (Fisher and Yates).
fn shuffle<T>(items: &mut [T], draw: &mut Draw) {
    for end in (1..items.len()).rev() {
        items.swap(end, draw.below(end + 1));
    }
}
