use serde::{Deserialize, Serialize};

use super::{
    Draw, Fill, Image, Step,
    parameter::{Problem, check_probability, require},
    piece::{Piece, check_scale_and_ratio, draw_place, draw_size},
};

/// Paints over a random rectangle, with probability `p`: torchvision's
/// `RandomErasing` (Zhong et al., 2017). If ten rectangles do not fit into the
/// image, it stays as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomErasing {
    /// How likely, 0 to 1. Left out: 0.5.
    pub p: f64,
    /// Least and most share of the image's area. Left out: `[0.02, 0.33]`.
    pub scale: [f64; 2],
    /// Least and most height over width. Left out: `[0.3, 3.3]`.
    pub ratio: [f64; 2],
    /// What is painted. Left out: black.
    pub value: Paint,
}

impl Default for RandomErasing {
    fn default() -> Self {
        Self {
            p: 0.5,
            scale: [0.02, 0.33],
            ratio: [0.3, 3.3],
            value: Paint::default(),
        }
    }
}

/// What a rectangle is painted over with: a colour, or `"mean"`, or `"random"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a colour (0 to 255, or a list with such a number for each channel), \"mean\" or \"random\""
)]
pub enum Paint {
    /// One colour.
    Colour(Fill),
    /// One that the data set has.
    Dataset(DatasetPaint),
}

/// What a rectangle is painted over with that comes from the data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatasetPaint {
    /// Its mean colour: 0 after normalisation.
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
    fn check(&self, key: &'static str, channels: usize) -> Result<(), Problem> {
        match self {
            Self::Colour(fill) => fill.check(key, channels),
            Self::Dataset(_) => Ok(()),
        }
    }

    /// Paints over `piece`, which lies within the image.
    fn paint(&self, image: &mut Image, piece: Piece, draw: &mut Draw) {
        let ([_, _, width], plane) = (image.shape(), image.plane());
        let ([top, left], [rows, columns]) = (piece.place, piece.size);
        let byte = |value: f64| (255.0 * value).round() as u8;
        let info = draw.info;
        for (channel, pixels) in image.pixels_mut().chunks_exact_mut(plane).enumerate() {
            for row in pixels.chunks_exact_mut(width).skip(top).take(rows) {
                let row = &mut row[left..left + columns];
                match self {
                    Self::Colour(fill) => row.fill(fill.of(channel)),
                    Self::Dataset(DatasetPaint::Mean) => row.fill(byte(info.mean[channel].into())),
                    Self::Dataset(DatasetPaint::Random) => {
                        let (mean, std) = (info.mean[channel], info.std[channel]);
                        let mut value = || f64::from(mean) + f64::from(std) * draw.normal();
                        row.fill_with(|| byte(value()));
                    }
                }
            }
        }
    }
}

impl RandomErasing {
    /// What is painted over, if there is a rectangle that fits.
    fn piece(&self, image: [usize; 2], draw: &mut Draw) -> Option<Piece> {
        let [height, width] = image;
        (0..10).find_map(|_| {
            // The ratio is height over width here.
            let [columns, rows] = draw_size(image, self.scale, self.ratio, draw);
            let fits = rows < height && columns < width;
            fits.then(|| draw_place(image, [rows, columns], draw))
        })
    }
}

impl Step for RandomErasing {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        check_probability(self.p)?;
        check_scale_and_ratio(self.scale, self.ratio)?;
        self.value.check("value", shape[0])?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        let [_, height, width] = image.shape();
        if draw.chance(self.p)
            && let Some(piece) = self.piece([height, width], draw)
        {
            self.value.paint(image, piece, draw);
        }
    }
}

/// Paints over squares around random pixels: Cutout (DeVries and Taylor, 2017).
/// A square may hang over the border, so that every pixel is as likely covered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cutout {
    /// The side of a square, in pixels.
    pub size: usize,
    /// How many squares, which may overlap. Left out: 1.
    #[serde(default = "one")]
    pub holes: usize,
    /// What is painted. Left out: the data set's mean colour.
    #[serde(default = "mean")]
    pub value: Paint,
}

fn one() -> usize {
    1
}

fn mean() -> Paint {
    Paint::Dataset(DatasetPaint::Mean)
}

impl Cutout {
    /// What is painted over around a pixel.
    fn piece(&self, [height, width]: [usize; 2], [row, column]: [usize; 2]) -> Piece {
        let side = |at: usize, len: usize| {
            let from = at.saturating_sub(self.size / 2);
            (from, (at + self.size - self.size / 2).min(len) - from)
        };
        let ((top, rows), (left, columns)) = (side(row, height), side(column, width));
        Piece {
            place: [top, left],
            size: [rows, columns],
        }
    }
}

impl Step for Cutout {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        let [channels, height, width] = shape;
        let most = 2 * height.max(width);
        require("size", (1..=most).contains(&self.size), || {
            format!(
                "{} pixels: from 1 to {most}, twice the larger side, are possible",
                self.size
            )
        })?;
        let most = height * width;
        require("holes", (1..=most).contains(&self.holes), || {
            format!(
                "{} holes: from 1 to {most}, one a pixel, are possible",
                self.holes
            )
        })?;
        self.value.check("value", channels)?;
        Ok(shape)
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        let [_, height, width] = image.shape();
        for _ in 0..self.holes {
            let middle = [draw.below(height), draw.below(width)];
            let piece = self.piece([height, width], middle);
            self.value.paint(image, piece, draw);
        }
    }
}
