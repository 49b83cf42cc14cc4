use serde::{Deserialize, Serialize};

use super::{
    Draw, Fill, Image, Interpolation, Step,
    parameter::{Problem, check_probability, require},
    warp::perspective,
};

/// Moves the four corners of the image inwards, each by itself, with probability
/// `p`: torchvision's `RandomPerspective`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RandomPerspective {
    /// The most that a corner moves, as a share of half the width and height, 0
    /// to 1. Left out: 0.5.
    pub distortion_scale: f64,
    /// How likely, 0 to 1. Left out: 0.5.
    pub p: f64,
    /// How values between pixels are found. Left out: `bilinear`.
    pub interpolation: Interpolation,
    /// The colour of what comes from outside. Left out: black.
    pub fill: Fill,
}

impl Default for RandomPerspective {
    fn default() -> Self {
        Self {
            distortion_scale: 0.5,
            p: 0.5,
            interpolation: Interpolation::Bilinear,
            fill: Fill::default(),
        }
    }
}

/// Upper left, upper right, lower right, lower left: x and y in pixels.
type Corners = [[usize; 2]; 4];

impl RandomPerspective {
    /// Where the corners of an image of `height` and `width` go, each place
    /// equally likely.
    fn corners(&self, height: usize, width: usize, draw: &mut Draw) -> Corners {
        let bound = |side: usize| (self.distortion_scale * (side / 2) as f64) as usize + 1;
        let (right, lower) = (width - bound(width), height - bound(height));
        [[0, 0], [right, 0], [right, lower], [0, lower]]
            .map(|[x, y]| [x + draw.below(bound(width)), y + draw.below(bound(height))])
    }
}

impl Step for RandomPerspective {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        let scale = self.distortion_scale;
        require("distortion_scale", (0.0..=1.0).contains(&scale), || {
            format!("{scale} is not a share, from 0 to 1")
        })?;
        check_probability(self.p)?;
        self.fill.check("fill", shape[0])?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        if !draw.chance(self.p) {
            return;
        }
        let [_, height, width] = image.shape();
        let corners = self.corners(height, width, draw);
        // Corners on one line, which only images of a few pixels can get, make
        // no picture: such an image stays as it is.
        if let Some(coefficients) = coefficients(height, width, corners) {
            perspective(image, coefficients, self.interpolation, &self.fill);
        }
    }
}

/// The map of perspective from `corners` back to the corners of the image; none
/// if three of them are on one line.
fn coefficients(height: usize, width: usize, corners: Corners) -> Option<[f64; 8]> {
    let (right, lower) = (width - 1, height - 1);
    let image = [[0, 0], [right, 0], [right, lower], [0, lower]];
    // Eight equations, each with its right side behind: the map's two
    // coordinates for each corner, times its denominator.
    let mut rows = Vec::with_capacity(8);
    for (from, to) in corners.iter().zip(image) {
        let [x, y] = from.map(|at| at as f64);
        let [to_x, to_y] = to.map(|at| at as f64);
        rows.push([x, y, 1.0, 0.0, 0.0, 0.0, -to_x * x, -to_x * y, to_x]);
        rows.push([0.0, 0.0, 0.0, x, y, 1.0, -to_y * x, -to_y * y, to_y]);
    }
    // Gauss and Jordan, with the largest pivot of the column.
    for at in 0..8 {
        let size = |row: &usize| rows[*row][at].abs();
        let pivot = (at..8).max_by(|a, b| size(a).total_cmp(&size(b)))?;
        rows.swap(at, pivot);
        let pivot = rows[at];
        if pivot[at].abs() < 1e-9 {
            return None;
        }
        for (row, values) in rows.iter_mut().enumerate() {
            let factor = values[at] / pivot[at];
            if row != at {
                for (value, above) in values.iter_mut().zip(pivot) {
                    *value -= factor * above;
                }
            }
        }
    }
    // torchvision goes on in single precision.
    let solution = |at: usize| f64::from((rows[at][8] / rows[at][at]) as f32);
    Some(std::array::from_fn(solution))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{
        distribution::{assert_moments, draws},
        golden::Case,
    };

    #[test]
    fn perspectives_are_torchvisions() {
        for case in Case::all("geometry.json") {
            if case.step == "perspective" {
                let mut image = case.image();
                let (mode, fill): (_, Fill) = (case.parameter("mode"), case.parameter("fill"));
                let [_, height, width] = image.shape();
                let coefficients = coefficients(height, width, case.parameter("corners"));
                perspective(&mut image, coefficients.unwrap(), mode, &fill);
                case.check(&image, u8::from(mode == Interpolation::Bilinear));
            }
        }
    }

    #[test]
    fn corners_move_uniformly_and_images_half_of_the_time() {
        let perspective = RandomPerspective::default();
        let drawn = draws(|draw| perspective.corners(33, 48, draw));
        // 0 to 8 of half of 33 pixels, which is 16; 0 to 12 of 24.
        let from = [[0, 0], [35, 0], [35, 24], [0, 24]];
        for (corner, [x, y]) in from.into_iter().enumerate() {
            for (axis, from, most) in [(0, x, 12), (1, y, 8)] {
                let at = drawn.iter().map(|corners| corners[corner][axis]);
                assert_eq!(at.clone().min(), Some(from));
                assert_eq!(at.clone().max(), Some(from + most));
                let std = (((most + 1) * (most + 1) - 1) as f64 / 12.0).sqrt();
                assert_moments(at.map(|at| at as f64), from as f64 + most as f64 / 2.0, std);
            }
        }
        let changed = draws(|draw| {
            let mut image = Image::new((0..64).collect(), [1, 8, 8]);
            let before = image.clone();
            perspective.apply(&mut image, draw);
            f64::from(image != before)
        });
        // One in 3⁸ moves no corner.
        assert_moments(changed, 0.5, 0.5);
    }

    #[test]
    fn corners_on_one_line_have_no_perspective() {
        assert_eq!(coefficients(8, 8, [[0, 0], [4, 0], [7, 0], [0, 7]]), None);
        assert_eq!(coefficients(1, 5, [[0, 0], [4, 0], [4, 0], [0, 0]]), None);
    }
}
