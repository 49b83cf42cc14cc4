use super::{Fill, Image, Interpolation, color};
use crate::augment::warp;

/// What a policy can do to an image; named as in the papers and in torchvision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    /// The saturation.
    Color,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
    Invert,
}

impl Operation {
    /// Whether the operation goes to both sides, by its magnitude's sign.
    pub fn is_signed(self) -> bool {
        use Operation::*;
        match self {
            ShearX | ShearY | TranslateX | TranslateY | Rotate => true,
            Brightness | Color | Contrast | Sharpness => true,
            Identity | Posterize | Solarize | AutoContrast | Equalize | Invert => false,
        }
    }

    /// Applies it with `magnitude`: the shift of a row by the one above
    /// (`Shear…`), pixels (`Translate…`, cut to whole ones), degrees (`Rotate`),
    /// a factor less 1 (`Brightness` to `Sharpness`), bits that are kept
    /// (`Posterize`), a share of the levels (`Solarize`). Others have none.
    pub fn apply(
        self,
        image: &mut Image,
        magnitude: f64,
        interpolation: Interpolation,
        fill: Option<&Fill>,
    ) {
        let mut affine = |translate, shear, center| {
            warp::affine(
                image,
                0.0,
                translate,
                1.0,
                shear,
                center,
                interpolation,
                fill,
            );
        };
        let (pixels, degrees) = (magnitude.trunc(), magnitude.atan().to_degrees());
        let (still, straight, corner) = ([0.0; 2], [0.0; 2], Some([0.0; 2]));
        match self {
            Self::Identity => (),
            Self::ShearX => affine(still, [degrees, 0.0], corner),
            Self::ShearY => affine(still, [0.0, degrees], corner),
            Self::TranslateX => affine([pixels, 0.0], straight, None),
            Self::TranslateY => affine([0.0, pixels], straight, None),
            Self::Rotate => warp::rotate(image, magnitude, None, interpolation, fill),
            Self::Brightness => color::brightness(image, 1.0 + magnitude),
            Self::Color => color::saturation(image, 1.0 + magnitude),
            Self::Contrast => color::contrast(image, 1.0 + magnitude),
            Self::Sharpness => color::sharpness(image, 1.0 + magnitude),
            Self::Posterize => color::posterize(image, magnitude as u32),
            Self::Solarize => color::solarize(image, 255.0 * magnitude),
            Self::AutoContrast => color::autocontrast(image),
            Self::Equalize => color::equalize(image),
            Self::Invert => color::invert(image),
        }
    }
}
