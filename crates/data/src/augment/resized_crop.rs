use serde::{Deserialize, Serialize};

use super::{
    Augment, Draw, Fill, Image, Interpolation, PaddingMode, Resize, Step,
    crop::crop,
    parameter::{Problem, Size},
    piece::{Piece, check_scale_and_ratio, draw_place, draw_size},
    resize::resize,
};

/// Cuts out a piece of a random size, shape and place, and makes it `size`
/// large: torchvision's `RandomResizedCrop` (Szegedy et al., 2015).
///
/// Images that are scored become `size` large as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RandomResizedCrop {
    /// `[height, width]` in pixels; one number is both. Left out: the size of the
    /// image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// Least and most share of the image's area. Left out: `[0.08, 1]`.
    pub scale: [f64; 2],
    /// Least and most width over height; as likely tall as wide. Left out:
    /// `[3/4, 4/3]`.
    pub ratio: [f64; 2],
    /// How values between pixels are found. Left out: `bilinear`.
    pub interpolation: Interpolation,
    /// As for [`Resize`]. Left out: true.
    pub antialias: bool,
}

impl Default for RandomResizedCrop {
    fn default() -> Self {
        Self {
            size: None,
            scale: [0.08, 1.0],
            ratio: [3.0 / 4.0, 4.0 / 3.0],
            interpolation: Interpolation::Bilinear,
            antialias: true,
        }
    }
}

impl RandomResizedCrop {
    fn piece(&self, image: [usize; 2], draw: &mut Draw) -> Piece {
        let [height, width] = image;
        for _ in 0..10 {
            let size = draw_size(image, self.scale, self.ratio, draw);
            if (1..=height).contains(&size[0]) && (1..=width).contains(&size[1]) {
                return draw_place(image, size, draw);
            }
        }
        // As much of the middle as has a possible ratio.
        let [least, most] = self.ratio;
        let rounded = |at: f64| at.round_ties_even().max(1.0) as usize;
        let [piece_height, piece_width] = match width as f64 / height as f64 {
            ratio if ratio < least => [rounded(width as f64 / least), width],
            ratio if ratio > most => [height, rounded(height as f64 * most)],
            _ => image,
        };
        Piece {
            place: [(height - piece_height) / 2, (width - piece_width) / 2],
            size: [piece_height, piece_width],
        }
    }

    fn size(&self, [_, height, width]: [usize; 3]) -> [usize; 2] {
        self.size.map_or([height, width], Size::pixels)
    }
}

impl Step for RandomResizedCrop {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        let [height, width] = self.size(shape);
        if let Some(size) = self.size {
            size.check("size")?;
        }
        check_scale_and_ratio(self.scale, self.ratio)?;
        Ok([shape[0], height, width])
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        let [_, height, width] = image.shape();
        let piece = self.piece([height, width], draw);
        let size = self.size(image.shape());
        resized_crop(image, piece, size, self.interpolation, self.antialias);
    }

    fn for_evaluation(&self, _: [usize; 3]) -> Option<Augment> {
        let size = Size::Rectangle(self.size?.pixels());
        let resize = Resize {
            size,
            interpolation: self.interpolation,
            antialias: self.antialias,
        };
        Some(resize.into())
    }
}

fn resized_crop(
    image: &mut Image,
    piece: Piece,
    size: [usize; 2],
    interpolation: Interpolation,
    antialias: bool,
) {
    let place = piece.place.map(|at| at as isize);
    crop(
        image,
        place,
        piece.size,
        PaddingMode::Constant,
        &Fill::default(),
    );
    resize(image, size, interpolation, antialias);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{
        distribution::{assert_moments, assert_uniform, draws},
        golden::Case,
    };

    #[test]
    fn pieces_are_torchvisions() {
        for case in Case::all("geometry.json") {
            if case.step == "resized-crop" {
                let mut image = case.image();
                let piece = Piece {
                    place: case.parameter("place"),
                    size: case.parameter("piece"),
                };
                let size = case.parameter("size");
                resized_crop(&mut image, piece, size, Interpolation::Bilinear, true);
                case.check(&image, 0);
            }
        }
    }

    #[test]
    fn pieces_are_drawn_as_torchvision_draws_them() {
        let crop = RandomResizedCrop::default();
        let drawn = draws(|draw| crop.piece([32, 48], draw));
        for piece in &drawn {
            let [height, width] = piece.size.map(|side| side as f64);
            let share = height * width / (32.0 * 48.0);
            assert!((0.07..=1.0).contains(&share), "{piece:?}");
            assert!((0.7..=1.42).contains(&(width / height)), "{piece:?}");
            assert!(piece.place[0] + piece.size[0] <= 32 && piece.place[1] + piece.size[1] <= 48);
        }
        // Of v2.RandomResizedCrop(32).make_params([torch.zeros(3, 32, 48)]), 40,000 times.
        assert_moments(drawn.iter().map(|p| p.place[0] as f64), 4.258, 4.420);
        assert_moments(drawn.iter().map(|p| p.place[1] as f64), 11.773, 8.240);
        assert_moments(drawn.iter().map(|p| p.size[0] as f64), 23.521, 5.995);
        assert_moments(drawn.iter().map(|p| p.size[1] as f64), 24.576, 7.404);
    }

    #[test]
    fn the_ratio_is_uniform_in_its_logarithm() {
        let ratios = draws(|draw| {
            let [height, width] = draw_size([4000, 4000], [0.25, 0.25], [0.5, 4.0], draw);
            (width as f64 / height as f64).ln()
        });
        assert_uniform(ratios, [0.5_f64.ln(), 4_f64.ln()]);
        let shares = draws(|draw| {
            let [height, width] = draw_size([4000, 4000], [0.08, 1.0], [0.75, 1.3], draw);
            (height * width) as f64 / 16e6
        });
        assert_uniform(shares, [0.08, 1.0]);
    }

    #[test]
    fn where_no_piece_fits_the_middle_is_taken() {
        let crop = RandomResizedCrop {
            scale: [1.0, 1.0],
            ..RandomResizedCrop::default()
        };
        for piece in draws(|draw| crop.piece([10, 40], draw)) {
            let (place, size) = ([0, 13], [10, 13]);
            assert_eq!(piece, Piece { place, size });
        }
        let upright = draws(|draw| crop.piece([40, 9], draw));
        let (place, size) = ([14, 0], [12, 9]);
        assert_eq!(upright[0], Piece { place, size });
    }
}
