use serde::{Deserialize, Serialize};

use super::{
    Draw, Fill, Image, Interpolation, Interval, Step,
    parameter::{Problem, check_center, require},
    warp::affine,
};

/// Rotates, moves, scales and shears the image at random: torchvision's
/// `RandomAffine`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
        let [least, most] = self.scale;
        let possible = 0.0 < least && least <= most && most.is_finite();
        require("scale", possible, || {
            format!("from {least} to {most} are no factors: least and most, above 0")
        })?;
        for axis in self.shear.axes() {
            axis.check("shear")?;
        }
        check_center(self.center)?;
        self.fill.check("fill", shape[0])?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        let [_, height, width] = image.shape();
        let mut within = |[least, most]: [f64; 2]| draw.uniform(least, most);
        let angle = within(self.degrees.ends());
        let [most_x, most_y] = [
            self.translate[0] * width as f64,
            self.translate[1] * height as f64,
        ];
        let translate = [most_x, most_y].map(|most| within([-most, most]).round_ties_even());
        let scale = within(self.scale);
        let shear = self.shear.axes().map(|degrees| within(degrees.ends()));
        let (interpolation, fill) = (self.interpolation, &self.fill);
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
