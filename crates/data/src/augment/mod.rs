//! Changes of images, each a value that serde reads.
//!
//! Every step follows the transform of torchvision (`transforms.v2`, on byte
//! tensors) whose name it has: with the same parameters it gives the same bytes,
//! to one level of 255. What a step draws at random is a function of
//! `(seed, epoch, index)`.

mod affine;
mod crop;
mod draw;
mod flip;
#[cfg(test)]
pub(crate) mod golden;
mod image;
mod parameter;
mod perspective;
mod pipeline;
mod resize;
mod resized_crop;
mod rotation;
mod sample;
mod warp;

use serde::{Deserialize, Serialize};

pub(crate) use draw::Draw;
use parameter::Problem;
#[cfg(feature = "folder")]
pub(crate) use {crop::center_crop, resize::resize};

pub use affine::{RandomAffine, Shear};
pub use crop::{CenterCrop, PaddingMode, RandomCrop};
pub use flip::{RandomHorizontalFlip, RandomVerticalFlip};
pub use image::Image;
pub use parameter::{Fill, Interpolation, Interval, Size};
pub use perspective::RandomPerspective;
pub use pipeline::Pipeline;
pub use resize::Resize;
pub use resized_crop::RandomResizedCrop;
pub use rotation::RandomRotation;

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

/// The one list of steps.
macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident = $name:literal,)+) => {
        /// A change of images. In a configuration:
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
        #[serde(tag = "name")]
        #[non_exhaustive]
        pub enum Augment {
            $($(#[$doc])* #[serde(rename = $name)] $step($step),)+
        }

        impl Augment {
            /// The name in a configuration.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$step(_) => $name,)+
                }
            }

            fn step(&self) -> &dyn Step {
                match self {
                    $(Self::$step(step) => step,)+
                }
            }
        }

        $(impl From<$step> for Augment {
            fn from(step: $step) -> Self {
                Self::$step(step)
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
}
