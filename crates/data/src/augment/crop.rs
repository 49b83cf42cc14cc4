use serde::{Deserialize, Serialize};

use super::{
    Augment, Draw, Image, Step,
    parameter::{Fill, Problem, Size, require},
};

/// Cuts the middle out of the image: torchvision's `CenterCrop`. Around a smaller
/// image pixels are added, by torchvision always black ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CenterCrop {
    /// What is cut out, in pixels.
    pub size: Size,
    /// What the pixels are that are added around a smaller image; `reflect` adds
    /// fewer on a side than the image has. Left out: `constant`.
    #[serde(default)]
    pub padding_mode: PaddingMode,
    /// Their colour, where `padding_mode` is `constant`. Left out: black.
    #[serde(default)]
    pub fill: Fill,
}

impl CenterCrop {
    /// The middle of `size`, with black around smaller images.
    #[must_use]
    pub fn new(size: Size) -> Self {
        Self {
            size,
            padding_mode: PaddingMode::default(),
            fill: Fill::default(),
        }
    }
}

impl Step for CenterCrop {
    fn check(&self, [channels, height, width]: [usize; 3]) -> Result<[usize; 3], Problem> {
        let size = self.size.check("size")?;
        self.fill.check("fill", channels)?;
        let added = |axis: usize| size[axis].saturating_sub([height, width][axis]).div_ceil(2);
        self.padding_mode
            .check("size", [added(0), added(1)], [height, width])?;
        Ok([channels, size[0], size[1]])
    }

    fn apply(&self, image: &mut Image, _: &mut Draw) {
        let size = self.size.pixels();
        center_crop(image, size, self.padding_mode, &self.fill);
    }

    fn for_evaluation(&self, _: [usize; 3]) -> Option<Augment> {
        Some(self.clone().into())
    }
}

/// Surrounds the image with `padding` pixels and cuts out a piece of `size` at a
/// random place: torchvision's `RandomCrop`. Every place is equally likely.
///
/// Images that are scored are not moved: the piece around the middle is cut out
/// of them, with the same kind of pixels around it if it is the larger one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RandomCrop {
    /// What is cut out, in pixels; at most the padded image. Left out: the size
    /// of the image before padding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// Pixels added on each side, at most 4,096; by `reflect`, fewer than the
    /// image has. Left out: 0.
    pub padding: usize,
    /// What the added pixels are. Left out: `constant`.
    pub padding_mode: PaddingMode,
    /// Their colour, where `padding_mode` is `constant`. Left out: black.
    pub fill: Fill,
}

/// What the pixels are that are added around an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PaddingMode {
    /// One colour.
    #[default]
    Constant,
    /// The nearest pixel of the image.
    Edge,
    /// The image mirrored at its outermost pixels, which are not repeated.
    Reflect,
}

impl PaddingMode {
    /// That so many pixels can be added on each side of an image, above and below
    /// and to the sides; if not, `key` cannot be.
    fn check(
        self,
        key: &'static str,
        padding: [usize; 2],
        [height, width]: [usize; 2],
    ) -> Result<(), Problem> {
        let [rows, columns] = padding;
        let most = rows.max(columns);
        match self {
            Self::Reflect => require(key, rows < height && columns < width, || {
                format!(
                    "{most} pixels on a side cannot be mirrored from {height}×{width}: \
                     fewer than the image has are possible"
                )
            }),
            Self::Constant | Self::Edge => require(key, most <= Size::MOST, || {
                let possible = Size::MOST;
                format!("{most} pixels on a side: at most {possible} are possible")
            }),
        }
    }
}

impl RandomCrop {
    fn size(&self, [_, height, width]: [usize; 3]) -> [usize; 2] {
        self.size.map_or([height, width], Size::pixels)
    }
}

impl Step for RandomCrop {
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem> {
        let [channels, height, width] = shape;
        if let Some(size) = self.size {
            size.check("size")?;
        }
        let padding = self.padding;
        self.padding_mode
            .check("padding", [padding; 2], [height, width])?;
        self.fill.check("fill", channels)?;
        let [crop_height, crop_width] = self.size(shape);
        let (padded_height, padded_width) = (height + 2 * padding, width + 2 * padding);
        require(
            "size",
            crop_height <= padded_height && crop_width <= padded_width,
            || {
                format!(
                    "{crop_height}×{crop_width} pixels cannot be cut out of \
                     {padded_height}×{padded_width}, the image with its padding"
                )
            },
        )?;
        Ok([channels, crop_height, crop_width])
    }

    fn apply(&self, image: &mut Image, draw: &mut Draw) {
        let [_, height, width] = image.shape();
        let [crop_height, crop_width] = self.size(image.shape());
        // Both ends are included.
        let top = draw.below(height + 2 * self.padding - crop_height + 1);
        let left = draw.below(width + 2 * self.padding - crop_width + 1);
        let place = [
            top as isize - self.padding as isize,
            left as isize - self.padding as isize,
        ];
        crop(
            image,
            place,
            [crop_height, crop_width],
            self.padding_mode,
            &self.fill,
        );
    }

    fn for_evaluation(&self, _: [usize; 3]) -> Option<Augment> {
        let crop = CenterCrop {
            size: self.size?,
            padding_mode: self.padding_mode,
            fill: self.fill.clone(),
        };
        Some(crop.into())
    }
}

/// The piece of `size` around the middle; a smaller image goes on outside as in
/// [`crop`].
pub(crate) fn center_crop(
    image: &mut Image,
    [height, width]: [usize; 2],
    mode: PaddingMode,
    fill: &Fill,
) {
    let place = |have: usize, want: usize| match have.checked_sub(want) {
        // Half a pixel goes to the even side, as Python rounds.
        Some(more) => (more as f64 / 2.0).round_ties_even() as isize,
        None => -(((want - have) / 2) as isize),
    };
    let [_, have_height, have_width] = image.shape();
    let corner = [place(have_height, height), place(have_width, width)];
    crop(image, corner, [height, width], mode, fill);
}

/// The piece of `size` whose corner lies at `[top, left]` of the image, which
/// goes on outside as `mode` says. Where it mirrors, the piece lies no further
/// outside than the image is large.
pub(super) fn crop(
    image: &mut Image,
    [top, left]: [isize; 2],
    [height, width]: [usize; 2],
    mode: PaddingMode,
    fill: &Fill,
) {
    let [channels, old_height, old_width] = image.shape();
    // Columns of the piece that lie on the image, and where they come from.
    let from = (-left).clamp(0, width as isize) as usize;
    let to = (old_width as isize - left).clamp(from as isize, width as isize) as usize;
    // A piece beside the image has no such columns.
    let source = (left + from as isize).clamp(0, old_width as isize) as usize;
    image.redraw([channels, height, width], |old, new| {
        let old_planes = old.chunks_exact(old_height * old_width);
        let new_planes = new.chunks_exact_mut(height * width);
        for (channel, (old, new)) in old_planes.zip(new_planes).enumerate() {
            for (row, new) in new.chunks_exact_mut(width).enumerate() {
                let Some(old_row) = place(row as isize + top, old_height, mode) else {
                    new.fill(fill.of(channel));
                    continue;
                };
                let old = &old[old_row * old_width..][..old_width];
                new[from..to].copy_from_slice(&old[source..source + (to - from)]);
                for column in (0..from).chain(to..width) {
                    new[column] = match place(column as isize + left, old_width, mode) {
                        Some(old_column) => old[old_column],
                        None => fill.of(channel),
                    };
                }
            }
        }
    });
}

/// Where a row or column, possibly outside of the `len` that there are, is taken
/// from; none if it is filled.
pub(super) fn place(at: isize, len: usize, mode: PaddingMode) -> Option<usize> {
    let last = len as isize - 1;
    if (0..=last).contains(&at) {
        return Some(at as usize);
    }
    match mode {
        PaddingMode::Constant => None,
        PaddingMode::Edge => Some(at.clamp(0, last) as usize),
        PaddingMode::Reflect => {
            let mirrored = if at < 0 { -at } else { 2 * last - at };
            Some(mirrored.clamp(0, last) as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::augment::{
        Pipeline,
        distribution::{draws, info},
        flip,
        golden::Case,
    };

    #[test]
    fn crops_and_flips_are_torchvisions() {
        for case in Case::all("crop.json") {
            let mut image = case.image();
            match case.step.as_str() {
                "crop" => {
                    let fill = Fill::Grey(case.parameter("fill"));
                    let (place, size) = (case.parameter("place"), case.parameter("size"));
                    crop(&mut image, place, size, case.parameter("mode"), &fill);
                }
                "center-crop" => {
                    let (mode, fill) = (PaddingMode::Constant, Fill::default());
                    center_crop(&mut image, case.parameter("size"), mode, &fill);
                }
                "horizontal-flip" => flip::horizontal_flip(&mut image),
                "vertical-flip" => flip::vertical_flip(&mut image),
                other => panic!("no test for {other}"),
            }
            case.check(&image, 0);
        }
    }

    #[test]
    fn pieces_beside_the_image_are_cut_out() {
        // The padding is so wide that some pieces lie wholly in it.
        for mode in [PaddingMode::Constant, PaddingMode::Edge] {
            let crop = RandomCrop {
                size: Some(Size::Square(2)),
                padding: 6,
                padding_mode: mode,
                fill: Fill::Grey(7),
            };
            assert_eq!(crop.check([1, 3, 3]), Ok([1, 2, 2]));
            let beside = draws(|draw| {
                let mut image = Image::new(vec![100; 9], [1, 3, 3]);
                crop.apply(&mut image, draw);
                assert_eq!(image.shape(), [1, 2, 2]);
                image.pixels() == [7; 4]
            });
            let expected = mode == PaddingMode::Constant;
            assert_eq!(beside.contains(&true), expected, "{mode:?}");
        }
    }

    #[test]
    fn only_what_is_mirrored_must_be_there() {
        let crop = |mode, padding| {
            let crop = RandomCrop {
                padding,
                padding_mode: mode,
                ..RandomCrop::default()
            };
            crop.check([1, 4, 9]).map_err(|problem| problem.key)
        };
        for mode in [PaddingMode::Constant, PaddingMode::Edge] {
            assert_eq!(crop(mode, 4096), Ok([1, 4, 9]));
            assert_eq!(crop(mode, 4097), Err("padding"));
            assert_eq!(crop(mode, usize::MAX), Err("padding"));
        }
        assert_eq!(crop(PaddingMode::Reflect, 3), Ok([1, 4, 9]));
        assert_eq!(crop(PaddingMode::Reflect, 4), Err("padding"));
        let middle = |size| {
            let crop = CenterCrop {
                padding_mode: PaddingMode::Reflect,
                ..CenterCrop::new(Size::Rectangle(size))
            };
            crop.check([1, 4, 9]).map_err(|problem| problem.key)
        };
        assert_eq!(middle([10, 9]), Ok([1, 10, 9]));
        assert_eq!(middle([11, 9]), Err("size"));
    }

    #[test]
    fn images_that_are_scored_have_the_surroundings_of_those_trained_on() {
        for (mode, row) in [
            (PaddingMode::Constant, [9, 10, 20, 30, 9]),
            (PaddingMode::Edge, [10, 10, 20, 30, 30]),
            (PaddingMode::Reflect, [20, 10, 20, 30, 20]),
        ] {
            let crop = RandomCrop {
                size: Some(Size::Rectangle([3, 5])),
                padding: 1,
                padding_mode: mode,
                fill: Fill::Grey(9),
            };
            let info = Arc::new(info([1, 3, 3]));
            let scored = Pipeline::new(vec![crop.into()], info)
                .unwrap()
                .for_evaluation();
            let mut image = Image::new([10, 20, 30].repeat(3), [1, 3, 3]);
            scored.apply(&mut image, 1, 1, 0);
            assert_eq!(image.pixels(), row.repeat(3), "{mode:?}");
        }
    }
}
