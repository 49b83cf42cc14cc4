use serde::{Deserialize, Serialize};

use super::{
    Draw, Fill, Image, Interpolation, Interval, Step,
    parameter::{Problem, check_center, check_positive, require},
    warp::affine,
};

/// Rotates, moves, scales and shears the image at random: torchvision's
/// `RandomAffine`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RandomAffine {
    /// The angles of rotation, clockwise: `15` is −15 to 15.
    pub degrees: Interval,
    /// The most that the image moves each way, to the side as a share of its
    /// width and up and down as a share of its height, 0 to 1; whole pixels.
    /// Left out: not at all.
    #[serde(default)]
    pub translate: [f64; 2],
    /// Least and most factor of size, above 0. Left out: `[1, 1]`.
    #[serde(default = "as_it_is")]
    pub scale: [f64; 2],
    /// The angles of shearing, in degrees. Left out: 0.
    #[serde(default)]
    pub shear: Shear,
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

fn as_it_is() -> [f64; 2] {
    [1.0; 2]
}

/// Angles of shearing: to the side only, `10` (−10 to 10) or `[least, most]`, or
/// `[least, most, least, most]`, to the side, then up and down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "a number, or [least, most], or [least x, most x, least y, most y]"
)]
pub enum Shear {
    /// To the side.
    X(Interval),
    /// To the side, then up and down.
    Both([f64; 4]),
}

impl Default for Shear {
    /// None.
    fn default() -> Self {
        Self::X(Interval::Symmetric(0.0))
    }
}

impl Shear {
    /// For x and y.
    fn axes(self) -> [Interval; 2] {
        match self {
            Self::X(degrees) => [degrees, Interval::Symmetric(0.0)],
            Self::Both([a, b, c, d]) => [Interval::Range([a, b]), Interval::Range([c, d])],
        }
    }
}

impl RandomAffine {
    /// Angle, pixels to the side and down, factor, and angles of shearing, in the
    /// order in which torchvision draws them.
    fn parameters(
        &self,
        [_, height, width]: [usize; 3],
        draw: &mut Draw,
    ) -> (f64, [f64; 2], f64, [f64; 2]) {
        let mut within = |[least, most]: [f64; 2]| draw.uniform(least, most);
        let angle = within(self.degrees.ends());
        let [share_x, share_y] = self.translate;
        let translate = [share_x * width as f64, share_y * height as f64]
            .map(|most| within([-most, most]).round_ties_even());
        let scale = within(self.scale);
        let shear = self.shear.axes().map(|degrees| within(degrees.ends()));
        (angle, translate, scale, shear)
    }
}

impl Step for RandomAffine {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        self.degrees.check("degrees")?;
        let possible = self
            .translate
            .iter()
            .all(|share| (0.0..=1.0).contains(share));
        require("translate", possible, || {
            format!(
                "{:?} are no shares of the width and height, each from 0 to 1",
                self.translate
            )
        })?;
        check_positive("scale", self.scale, "factors")?;
        for axis in self.shear.axes() {
            axis.check("shear")?;
        }
        check_center(self.center)?;
        self.fill.check("fill", shape[0])?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        let (angle, translate, scale, shear) = self.parameters(image.shape(), draw);
        let (interpolation, fill) = (self.interpolation, Some(&self.fill));
        affine(
            image,
            angle,
            translate,
            scale,
            shear,
            self.center,
            interpolation,
            fill,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::distribution::{assert_uniform, draws};

    #[test]
    fn parameters_are_uniform() {
        let affine = RandomAffine {
            degrees: Interval::Symmetric(15.0),
            translate: [0.1, 0.25],
            scale: [0.8, 1.5],
            shear: Shear::Both([-5.0, 10.0, 0.0, 20.0]),
            interpolation: Interpolation::Nearest,
            center: None,
            fill: Fill::default(),
        };
        let drawn = draws(|draw| affine.parameters([3, 32, 48], draw));
        assert_uniform(drawn.iter().map(|d| d.0), [-15.0, 15.0]);
        assert_uniform(drawn.iter().map(|d| d.2), [0.8, 1.5]);
        assert_uniform(drawn.iter().map(|d| d.3[0]), [-5.0, 10.0]);
        assert_uniform(drawn.iter().map(|d| d.3[1]), [0.0, 20.0]);
        // Up to 4.8 pixels to the side: −5 and 5 are as far as from 4.5 to 4.8.
        for (axis, most, ends) in [(0, 5.0, 0.3 / 9.6), (1, 8.0, 0.5 / 16.0)] {
            let count = |to: f64| drawn.iter().filter(|d| d.1[axis] == to).count() as f64;
            let all = drawn
                .iter()
                .all(|d| d.1[axis].abs() <= most && d.1[axis].fract() == 0.0);
            assert!(all);
            for end in [-most, most] {
                let share = count(end) / drawn.len() as f64;
                assert!((share - ends).abs() < 0.015, "{end}: {share}");
            }
        }
    }
}
