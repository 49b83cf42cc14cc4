use serde::{Deserialize, Serialize};

use super::{
    Draw, Fill, Image, Interpolation, Interval, Step,
    parameter::{Problem, check_center},
    warp::rotate,
};

/// Rotates the image by a random angle: torchvision's `RandomRotation`, without
/// its `expand`. Multiples of 90 degrees move whole pixels of square images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RandomRotation {
    /// The angles, anticlockwise: `15` is −15 to 15.
    pub degrees: Interval,
    /// How values between pixels are found. Left out: `nearest`.
    #[serde(default)]
    pub interpolation: Interpolation,
    /// What is rotated around, x and y in pixels from the upper left corner.
    /// Left out: the middle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub center: Option<[f64; 2]>,
    /// The colour of what comes from outside. Left out: black.
    #[serde(default)]
    pub fill: Fill,
}

impl RandomRotation {
    fn angle(&self, draw: &mut Draw) -> f64 {
        let [least, most] = self.degrees.ends();
        draw.uniform(least, most)
    }
}

impl Step for RandomRotation {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        self.degrees.check("degrees")?;
        check_center(self.center)?;
        self.fill.check("fill", shape[0])?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        let angle = self.angle(draw);
        let fill = Some(&self.fill);
        rotate(image, angle, self.center, self.interpolation, fill);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::distribution::{assert_uniform, draws};

    #[test]
    fn angles_are_uniform() {
        for degrees in [Interval::Symmetric(15.0), Interval::Range([10.0, 50.0])] {
            let rotation = RandomRotation {
                degrees,
                interpolation: Interpolation::Nearest,
                center: None,
                fill: Fill::default(),
            };
            assert_uniform(draws(|draw| rotation.angle(draw)), degrees.ends());
        }
    }
}
