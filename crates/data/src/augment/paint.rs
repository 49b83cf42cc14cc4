use serde::{Deserialize, Serialize};

use super::{Draw, Fill, Image, parameter::Problem, piece::Piece};

/// What a rectangle is painted over with: a colour, or `"mean"`, or `"random"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "a colour (0 to 255, or a list with such a number for each channel), \"mean\" or \"random\""
)]
pub enum Paint {
    /// One colour.
    Colour(Fill),
    /// One that the data set, or what normalises it, has.
    Dataset(DatasetPaint),
}

/// What a rectangle is painted over with that comes from the normalisation: the
/// data set's, unless the configuration has a step `normalize`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DatasetPaint {
    /// Its mean colour: 0 after normalisation, to half a level, if it is a colour.
    Mean,
    /// Normal noise of its mean and standard deviation, each value by itself:
    /// after normalisation a standard normal distribution, but for what is
    /// outside of 0 to 255.
    Random,
}

impl Default for Paint {
    /// Black.
    fn default() -> Self {
        Self::Colour(Fill::default())
    }
}

impl Paint {
    pub(super) fn check(&self, key: &'static str, channels: usize) -> Result<(), Problem> {
        match self {
            Self::Colour(fill) => fill.check(key, channels),
            Self::Dataset(_) => Ok(()),
        }
    }

    /// Paints over `piece`, which lies within the image.
    pub(super) fn paint(&self, image: &mut Image, piece: Piece, draw: &mut Draw) {
        let ([_, _, width], plane) = (image.shape(), image.plane());
        let ([top, left], [rows, columns]) = (piece.place, piece.size);
        let byte = |value: f64| (255.0 * value).round() as u8;
        let (mean, std) = (draw.normalization.mean(), draw.normalization.std());
        for (channel, pixels) in image.pixels_mut().chunks_exact_mut(plane).enumerate() {
            for row in pixels.chunks_exact_mut(width).skip(top).take(rows) {
                let row = &mut row[left..left + columns];
                match self {
                    Self::Colour(fill) => row.fill(fill.of(channel)),
                    Self::Dataset(DatasetPaint::Mean) => row.fill(byte(mean[channel].into())),
                    Self::Dataset(DatasetPaint::Random) => {
                        let (mean, std) = (mean[channel], std[channel]);
                        let mut value = || f64::from(mean) + f64::from(std) * draw.normal();
                        row.fill_with(|| byte(value()));
                    }
                }
            }
        }
    }
}
