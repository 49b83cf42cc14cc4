//! Changes of images, each a value that serde reads.
//!
//! Every step follows the transform of torchvision (`transforms.v2`, on byte
//! tensors) whose name it has: with the same parameters it gives the same bytes,
//! to one level of 255. What a step draws at random is a function of
//! `(seed, epoch, index)`.

mod affine;
mod blur;
mod color;
mod crop;
mod cutout;
#[cfg(test)]
mod distribution;
mod draw;
mod elastic;
mod erasing;
mod flip;
#[cfg(test)]
pub(crate) mod golden;
mod image;
mod line;
mod mix;
#[cfg(test)]
mod nasty;
mod normalize;
mod paint;
mod parameter;
mod perspective;
mod piece;
mod pipeline;
mod policy;
mod random_step;
mod resize;
mod resized_crop;
mod rotation;
mod sample;
mod warp;

use serde::{Deserialize, Serialize};

pub(crate) use draw::Draw;
use mix::Mix;
pub(crate) use parameter::Problem;

pub use affine::{RandomAffine, Shear};
pub use blur::GaussianBlur;
pub use color::{
    ColorJitter, RandomAdjustSharpness, RandomAutocontrast, RandomEqualize, RandomGrayscale,
    RandomInvert, RandomPosterize, RandomSolarize,
};
pub use crop::{CenterCrop, PaddingMode, RandomCrop};
pub use cutout::Cutout;
pub use elastic::Elastic;
pub use erasing::RandomErasing;
pub use flip::{RandomHorizontalFlip, RandomVerticalFlip};
pub use image::Image;
pub use mix::{Cutmix, Mixup};
pub use normalize::{Normalization, Normalize};
pub use paint::{DatasetPaint, Paint};
pub use parameter::{Fill, Interpolation, Interval, Pair, Size};
pub use perspective::RandomPerspective;
pub use pipeline::Pipeline;
pub use policy::{AutoAugment, AutoAugmentPolicy, RandAugment, TrivialAugmentWide};
pub use resize::Resize;
pub use resized_crop::RandomResizedCrop;
pub use rotation::RandomRotation;
#[cfg(feature = "folder")]
pub(crate) use {crop::center_crop, image::grey, resize::resize};

/// What every change of one image can do.
pub(crate) trait Step {
    /// Whether images of `shape`, `[channels, height, width]`, can be changed
    /// so: their shape afterwards, or the parameter that cannot be.
    fn check(&self, shape: [usize; 3]) -> Result<[usize; 3], Problem>;

    /// Changes `image`. Cannot fail for shapes that [`check`](Self::check) let through.
    fn apply(&self, image: &mut Image, draw: &mut Draw);

    /// What becomes of the step for images that are scored and not trained on:
    /// nothing if it is random, but every image must get the shape that the
    /// network wants. `shape` is that of the images before the step.
    fn for_evaluation(&self, _shape: [usize; 3]) -> Option<Augment> {
        None
    }
}

/// What a step changes.
enum Kind<'a> {
    /// One image, as bytes.
    Image(&'a dyn Step),
    /// Bytes to numbers.
    Normalize(&'a Normalize),
    /// A batch as a whole.
    Batch(&'a dyn Mix),
}

/// The one list of steps.
macro_rules! steps {
    (
        $($(#[$doc:meta])* $step:ident = $name:literal,)+
        ;
        $($(#[$late_doc:meta])* $late:ident = $late_name:literal is $kind:ident,)+
    ) => {
        /// A change of images. A list of them is done in order: first what
        /// changes images, then at most one `normalize`, then what mixes the
        /// images of a batch; of several of these, each batch gets one, chosen at
        /// random. In a configuration:
        ///
        /// ```toml
        /// [[augment]]
        /// name = "random-crop"
        /// padding = 4
        ///
        /// [[augment]]
        /// name = "random-horizontal-flip"
        /// ```
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(tag = "name")]
        #[non_exhaustive]
        pub enum Augment {
            // In the schema the documentation of the steps themselves, which says more.
            $(
                $(#[$doc])*
                #[serde(rename = $name)]
                #[cfg_attr(feature = "schema", schemars(description = ""))]
                $step($step),
            )+
            $(
                $(#[$late_doc])*
                #[serde(rename = $late_name)]
                #[cfg_attr(feature = "schema", schemars(description = ""))]
                $late($late),
            )+
        }

        impl Augment {
            /// The names of all steps.
            pub const NAMES: &[&str] = &[$($name,)+ $($late_name,)+];

            /// The name in a configuration.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$step(_) => $name,)+
                    $(Self::$late(_) => $late_name,)+
                }
            }

            fn kind(&self) -> Kind<'_> {
                match self {
                    $(Self::$step(step) => Kind::Image(step),)+
                    $(Self::$late(step) => Kind::$kind(step),)+
                }
            }
        }

        $(impl From<$step> for Augment {
            fn from(step: $step) -> Self {
                Self::$step(step)
            }
        })+

        $(impl From<$late> for Augment {
            fn from(step: $late) -> Self {
                Self::$late(step)
            }
        })+
    };
}

steps! {
    /// Cuts out the middle.
    CenterCrop = "center-crop",
    /// Cuts out a random piece, after padding.
    RandomCrop = "random-crop",
    /// Makes larger or smaller.
    Resize = "resize",
    /// Cuts out a random piece and makes it as large as another.
    RandomResizedCrop = "random-resized-crop",
    /// Mirrors left to right.
    RandomHorizontalFlip = "random-horizontal-flip",
    /// Mirrors top to bottom.
    RandomVerticalFlip = "random-vertical-flip",
    /// Rotates.
    RandomRotation = "random-rotation",
    /// Rotates, moves, scales and shears.
    RandomAffine = "random-affine",
    /// Moves the corners.
    RandomPerspective = "random-perspective",
    /// Moves every pixel by itself.
    Elastic = "elastic",
    /// Blurs.
    GaussianBlur = "gaussian-blur",
    /// Takes the colour away.
    RandomGrayscale = "random-grayscale",
    /// Changes brightness, contrast, saturation and hue.
    ColorJitter = "color-jitter",
    /// Turns the levels upside down.
    RandomInvert = "random-invert",
    /// Keeps the highest bits of each level.
    RandomPosterize = "posterize",
    /// Inverts the levels above a threshold.
    RandomSolarize = "solarize",
    /// Makes all levels equally frequent.
    RandomEqualize = "equalize",
    /// Stretches the levels over the full range.
    RandomAutocontrast = "autocontrast",
    /// Sharpens or blurs.
    RandomAdjustSharpness = "sharpness",
    /// Random operations of one strength.
    RandAugment = "rand-augment",
    /// One random operation of random strength.
    TrivialAugmentWide = "trivial-augment",
    /// A pair of operations that was found best for a data set.
    AutoAugment = "auto-augment",
    /// Paints over a random rectangle.
    RandomErasing = "random-erasing",
    /// Paints over squares.
    Cutout = "cutout",

    ;

    /// Bytes to numbers around 0.
    Normalize = "normalize" is Normalize,
    /// Means of two images.
    Mixup = "mixup" is Batch,
    /// Rectangles of other images.
    Cutmix = "cutmix" is Batch,
}
