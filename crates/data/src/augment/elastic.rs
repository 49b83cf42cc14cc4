use serde::{Deserialize, Serialize};

use super::{
    Draw, Fill, Image, Interpolation, Pair, Step,
    blur::Blur,
    parameter::{LARGEST, Problem, require},
    warp::displace,
};

/// Moves every pixel by itself, neighbours alike, as if through moving water:
/// torchvision's `ElasticTransform` (Simard et al., 2003).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Elastic {
    /// How far pixels move: before smoothing, up to half of this many pixels; of
    /// a pair, first to the side, then up and down. Left out: 50.
    pub alpha: Pair<f64>,
    /// The deviation, in pixels, of the Gaussian that smooths the moves, to the
    /// side, then up and down; 0 and 0 for none. Left out: 5.
    pub sigma: Pair<f64>,
    /// How values between pixels are found. Left out: `bilinear`.
    pub interpolation: Interpolation,
    /// The colour of what comes from outside. Left out: black.
    pub fill: Fill,
}

impl Default for Elastic {
    fn default() -> Self {
        Self {
            alpha: Pair::Both(50.0),
            sigma: Pair::Both(5.0),
            interpolation: Interpolation::Bilinear,
            fill: Fill::default(),
        }
    }
}

impl Elastic {
    /// The moves of the pixels of an image, as [`displace`] takes them.
    fn field(
        &self,
        height: usize,
        width: usize,
        draw: &mut Draw,
        field: &mut Vec<f32>,
        room: &mut Vec<f32>,
    ) {
        let (alpha, sigma) = (self.alpha.values(), self.sigma.values());
        let plane = height * width;
        field.clear();
        field.extend((0..2 * plane).map(|_| draw.uniform(-1.0, 1.0) as f32));
        for (axis, side) in [width, height].into_iter().enumerate() {
            let field = &mut field[axis * plane..][..plane];
            if sigma[axis] > 0.0 {
                let size = [kernel_size(sigma[axis]); 2];
                Blur { size, sigma }.apply(field, width, room);
            }
            let factor = (alpha[axis] / side as f64) as f32;
            for by in field {
                *by *= factor;
            }
        }
    }
}

/// As much of a Gaussian as torchvision takes, an odd number of pixels.
fn kernel_size(sigma: f64) -> usize {
    (8.0 * sigma + 1.0) as usize | 1
}

impl Step for Elastic {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        let [channels, height, width] = shape;
        let alpha = self.alpha.values();
        let possible = alpha.iter().all(|alpha| alpha.abs() <= LARGEST);
        require("alpha", possible, || {
            format!("{alpha:?} is no number of pixels, from -{LARGEST} to {LARGEST}")
        })?;
        let sigma = self.sigma.values();
        let possible =
            sigma == [0.0; 2] || sigma.iter().all(|&sigma| 0.0 < sigma && sigma.is_finite());
        require("sigma", possible, || {
            format!("{sigma:?} are no two deviations: both above 0, or both 0 for none")
        })?;
        let fits = |&sigma: &f64| kernel_size(sigma) / 2 < height.min(width);
        require("sigma", sigma.iter().all(fits), || {
            format!(
                "{sigma:?} is too much for images of {height}×{width} pixels: \
                 four times it must be less than each side"
            )
        })?;
        self.fill.check("fill", channels)?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        let [_, height, width] = image.shape();
        let scratch = image.scratch();
        let mut field = std::mem::take(&mut scratch.floats);
        self.field(height, width, draw, &mut field, &mut scratch.room);
        displace(image, &field, self.interpolation, &self.fill);
        image.scratch().floats = field;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{distribution::draws, golden::Case};

    #[test]
    fn moves_are_torchvisions() {
        for case in Case::all("geometry.json") {
            if case.step == "elastic" {
                let mut image = case.image();
                let (mode, fill): (_, Fill) = (case.parameter("mode"), case.parameter("fill"));
                let strength: f32 = case.parameter("strength");
                let count = 2 * image.plane();
                let moves = (0..count).map(|i| ((i * 37 + 11) % 101) as f32 - 50.0);
                let field: Vec<f32> = moves.map(|by| by / strength).collect();
                displace(&mut image, &field, mode, &fill);
                case.check(&image, u8::from(mode == Interpolation::Bilinear));
            }
        }
    }

    #[test]
    fn moves_are_as_large_as_torchvisions() {
        let fields = draws(|draw| {
            let (mut field, mut room) = Default::default();
            Elastic::default().field(32, 48, draw, &mut field, &mut room);
            field
        });
        // Of v2.ElasticTransform().make_params([torch.zeros(3, 32, 48)]), 300 times.
        for (axis, std) in [(0, 0.04093), (1, 0.06177)] {
            let moves = fields
                .iter()
                .take(500)
                .flat_map(|field| &field[axis * 1536..][..1536]);
            let square: f64 = moves.map(|&by| f64::from(by).powi(2)).sum();
            let found = (square / (500.0 * 1536.0)).sqrt();
            assert!((found / std - 1.0).abs() < 0.03, "{found}, not {std}");
        }
    }
}
