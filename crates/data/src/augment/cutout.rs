use serde::{Deserialize, Serialize};

use super::{
    DatasetPaint, Draw, Image, Paint, Step,
    parameter::{Problem, require},
    piece::Piece,
};

/// Paints over squares around random pixels: Cutout (DeVries and Taylor, 2017).
/// A square may hang over the border, so that every pixel is as likely covered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cutout {
    /// The side of a square, in pixels.
    pub size: usize,
    /// How many squares, which may overlap. Left out: 1.
    #[serde(default = "one")]
    pub holes: usize,
    /// What is painted. Left out: `"mean"`, 0 after
    /// normalisation.
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
    use std::sync::Arc;

    use crate::augment::{
        Normalize, Pipeline,
        distribution::{after, draws, info},
    };

    #[test]
    fn the_mean_is_0_after_the_normalisation_of_the_pipeline() {
        let cutout = Cutout {
            size: 12,
            holes: 1,
            value: mean(),
        };
        let normalize = Normalize {
            mean: Some(vec![0.2, 0.6, 0.8]),
            std: None,
        };
        let steps = vec![cutout.into(), normalize.into()];
        let pipeline = Pipeline::new(steps, Arc::new(info([3, 6, 6]))).unwrap();
        let mut image = Image::new(vec![7; 108], [3, 6, 6]);
        pipeline.apply(&mut image, 1, 1, 1);
        let expected = [[51; 36], [153; 36], [204; 36]].concat();
        assert_eq!(image.pixels(), expected);
        let mut values = vec![1.0; 108];
        pipeline.normalization().write(image.pixels(), &mut values);
        assert!(values.iter().all(|value| value.abs() < 1e-6), "{values:?}");
    }

    #[test]
    fn squares_lie_around_every_pixel_alike() {
        let cutout = Cutout {
            size: 4,
            holes: 1,
            value: mean(),
        };
        let images = draws(|draw| after(&cutout, [3, 6, 5], draw));
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
