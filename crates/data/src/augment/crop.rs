use serde::{Deserialize, Serialize};

use super::{
    Augment, Draw, Image, Step,
    parameter::{Fill, Problem, Size, require},
};

/// Cuts the middle out of the image: torchvision's `CenterCrop`. An image that
/// is smaller is surrounded with black.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CenterCrop {
    /// What is cut out, in pixels.
    pub size: Size,
}

impl Step for CenterCrop {
    fn check(&self, [channels, ..]: [usize; 3]) -> Result<[usize; 3], Problem> {
        let [height, width] = self.size.check("size")?;
        Ok([channels, height, width])
    }

    fn apply(&self, image: &mut Image, _: &mut Draw) {
        center_crop(image, self.size.pixels());
    }

    fn for_evaluation(&self, _: [usize; 3]) -> Option<Augment> {
        Some(self.clone().into())
    }
}

/// Surrounds the image with `padding` pixels and cuts out a piece of `size` at a
/// random place: torchvision's `RandomCrop`. Every place is equally likely.
///
/// Images that are scored are not moved: they lose the same size around the middle.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomCrop {
    /// What is cut out, in pixels; at most the padded image. Left out: the size
    /// of the image before padding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// Pixels added on each side, fewer than the image has. Left out: 0.
    pub padding: usize,
    /// What the added pixels are. Left out: `fill`.
    pub padding_mode: PaddingMode,
    /// Their colour, where `padding_mode` is `constant`. Left out: black.
    pub fill: Fill,
}

/// What the pixels are that are added around an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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
        require("padding", padding < height.min(width), || {
            format!("{padding} is not below the {height}×{width} pixels of an image")
        })?;
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
        self.size.map(|size| CenterCrop { size }.into())
    }
}

/// The piece of `size` around the middle, with black around smaller images.
pub(crate) fn center_crop(image: &mut Image, [height, width]: [usize; 2]) {
    let place = |have: usize, want: usize| match have.checked_sub(want) {
        // Half a pixel goes to the even side, as Python rounds.
        Some(more) => (more as f64 / 2.0).round_ties_even() as isize,
        None => -(((want - have) / 2) as isize),
    };
    let [_, have_height, have_width] = image.shape();
    let corner = [place(have_height, height), place(have_width, width)];
    crop(
        image,
        corner,
        [height, width],
        PaddingMode::Constant,
        &Fill::default(),
    );
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
    let source = (left + from as isize).max(0) as usize;
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
    use super::*;
    use crate::augment::{flip, golden::Case};

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
                "center-crop" => center_crop(&mut image, case.parameter("size")),
                "horizontal-flip" => flip::horizontal_flip(&mut image),
                "vertical-flip" => flip::vertical_flip(&mut image),
                other => panic!("no test for {other}"),
            }
            case.check(&image, 0);
        }
    }
}
