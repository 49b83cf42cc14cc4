use serde::{Deserialize, Serialize};

use super::{
    Draw, Image, Paint, Step,
    parameter::{Problem, check_probability},
    piece::{Piece, check_scale_and_ratio, draw_place, draw_size},
};

/// Paints over a random rectangle, with probability `p`: torchvision's
/// `RandomErasing` (Zhong et al., 2017). If ten rectangles do not fit into the
/// image, it stays as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::distribution::{after, assert_moments, draws};
    use crate::augment::{DatasetPaint, Fill};

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
        let changed = draws(|draw| f64::from(after(&white, [1, 32, 48], draw).contains(&255)));
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
        let images = draws(|draw| after(&noise, [3, 32, 48], draw));
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
}
