use serde::{Deserialize, Serialize};

use super::{
    Augment, Draw, Fill, Image, Interpolation, PaddingMode, Resize, Step,
    crop::crop,
    parameter::{Problem, Size, require},
    resize::resize,
};

/// Cuts out a piece of a random size, shape and place, and makes it `size`
/// large: torchvision's `RandomResizedCrop` (Szegedy et al., 2015).
///
/// Images that are scored become `size` large as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

/// A rectangle in an image, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Row and column of the corner.
    pub place: [usize; 2],
    /// Height and width.
    pub size: [usize; 2],
}

/// That `scale` and `ratio` can be drawn from.
pub(super) fn check_piece(scale: [f64; 2], ratio: [f64; 2]) -> Result<(), Problem> {
    let [least, most] = scale;
    require(
        "scale",
        0.0 <= least && least <= most && most <= 1.0,
        || format!("from {least} to {most} are no shares of an area: least and most, from 0 to 1"),
    )?;
    let [least, most] = ratio;
    let possible = 0.0 < least && least <= most && most.is_finite();
    require("ratio", possible, || {
        format!("from {least} to {most} are no ratios: least and most, above 0")
    })
}

/// Height and width of a share of an image that is uniform over `scale`, with a
/// ratio (width over height) whose logarithm is uniform over that of `ratio`.
pub(super) fn draw_size(
    [height, width]: [usize; 2],
    scale: [f64; 2],
    ratio: [f64; 2],
    draw: &mut Draw,
) -> [usize; 2] {
    let area = (height * width) as f64 * draw.uniform(scale[0], scale[1]);
    let ratio = draw.uniform(ratio[0].ln(), ratio[1].ln()).exp();
    [area / ratio, area * ratio].map(|square| square.sqrt().round_ties_even() as usize)
}

/// A place for a piece of `size`, each equally likely.
pub(super) fn draw_place([height, width]: [usize; 2], size: [usize; 2], draw: &mut Draw) -> Piece {
    let top = draw.below(height - size[0] + 1);
    let left = draw.below(width - size[1] + 1);
    Piece {
        place: [top, left],
        size,
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
        check_piece(self.scale, self.ratio)?;
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
    use crate::augment::golden::Case;

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
                case.check(&image, 1);
            }
        }
    }
}
