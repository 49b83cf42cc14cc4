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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::distribution::{assert_moments, draws};

    /// A black image after `step`: its bytes.
    fn erased(step: &dyn Step, [channels, height, width]: [usize; 3], draw: &mut Draw) -> Vec<u8> {
        let shape = [channels, height, width];
        let mut image = Image::new(vec![0; shape.iter().product()], shape);
        step.apply(&mut image, draw);
        image.pixels().to_vec()
    }

    #[test]
    fn rectangles_are_drawn_as_torchvision_draws_them() {
        let erasing = RandomErasing::default();
        let drawn: Vec<_> = draws(|draw| erasing.piece([32, 48], draw).unwrap());
        // Of v2.RandomErasing().make_params([torch.zeros(3, 32, 48)]), 40,000 times.
        assert_moments(drawn.iter().map(|p| p.place[0] as f64), 8.113, 6.238);
        assert_moments(drawn.iter().map(|p| p.place[1] as f64), 15.517, 10.283);
        assert_moments(drawn.iter().map(|p| p.size[0] as f64), 15.645, 6.593);
        assert_moments(drawn.iter().map(|p| p.size[1] as f64), 17.025, 7.820);
        assert!(drawn.iter().all(|p| p.size[0] < 32 && p.size[1] < 48));
        let tall = RandomErasing {
            scale: [0.5, 0.5],
            ratio: [4.0, 4.0],
            ..erasing.clone()
        };
        assert!(
            draws(|draw| tall.piece([32, 32], draw))
                .iter()
                .all(Option::is_none)
        );
        let white = RandomErasing {
            value: Paint::Colour(Fill::Grey(255)),
            ..erasing
        };
        let changed = draws(|draw| f64::from(erased(&white, [1, 32, 48], draw).contains(&255)));
        assert_moments(changed, 0.5, 0.5);
    }

    #[test]
    fn noise_has_the_mean_and_deviation_of_the_data_set() {
        let noise = RandomErasing {
            p: 1.0,
            scale: [0.2, 0.3],
            value: Paint::Dataset(DatasetPaint::Random),
            ..RandomErasing::default()
        };
        let images = draws(|draw| erased(&noise, [3, 32, 48], draw));
        for (channel, (mean, std)) in [(0.5, 0.1), (0.4, 0.15), (0.3, 0.05)]
            .into_iter()
            .enumerate()
        {
            let planes = images.iter().map(|image| &image[channel * 1536..][..1536]);
            let values: Vec<f64> = planes
                .flatten()
                .filter(|&&value| value > 0)
                .map(|&v| v.into())
                .collect();
            let count = values.len() as f64;
            assert!(count > 400_000.0, "{count}");
            let found = values.iter().sum::<f64>() / count;
            let square: f64 = values.iter().map(|value| (value - found).powi(2)).sum();
            assert!((found / (255.0 * mean) - 1.0).abs() < 0.01, "{found}");
            assert!(((square / count).sqrt() / (255.0 * std) - 1.0).abs() < 0.02);
        }
    }

    #[test]
    fn squares_lie_around_every_pixel_alike() {
        let cutout = Cutout {
            size: 4,
            holes: 1,
            value: mean(),
        };
        let images = draws(|draw| erased(&cutout, [3, 6, 5], draw));
        let mut covered = [0.0; 30];
        for image in &images {
            for (at, covered) in covered.iter_mut().enumerate() {
                let pixel = [image[at], image[30 + at], image[60 + at]];
                // The mean colour: 0.5, 0.4 and 0.3 of 255.
                assert!(pixel == [0; 3] || pixel == [128, 102, 77], "{pixel:?}");
                *covered += f64::from(pixel != [0; 3]) / images.len() as f64;
            }
        }
        // Rows and columns from 2 before the middle to 1 after it: so many
        // middles, of 30, cover a pixel.
        let middles = |at: usize, len: usize| (at + 3).min(len) - at.saturating_sub(1);
        for (at, &covered) in covered.iter().enumerate() {
            let expected = (middles(at / 5, 6) * middles(at % 5, 5)) as f64 / 30.0;
            assert!(
                (covered - expected).abs() < 0.055,
                "{at}: {covered}, not {expected}"
            );
        }
    }
}
