//! How strong the operations are.

use super::{Operation, color::fused};

/// The magnitudes between which a policy chooses: torchvision's
/// `_AUGMENTATION_SPACE`. Each goes from no change to the one that stands here.
#[derive(Debug)]
pub(super) struct Space {
    shear: f64,
    translate: Translate,
    /// Degrees.
    rotate: f64,
    /// Of brightness, colour, contrast and sharpness: a factor less 1.
    enhance: f64,
    /// Bits that are lost.
    posterize: f64,
}

#[derive(Debug)]
enum Translate {
    /// A share of the width or height.
    Share(f64),
    Pixels(f64),
}

/// The space of AutoAugment and RandAugment.
pub(super) const STANDARD: Space = Space {
    shear: 0.3,
    // In the papers, 150 pixels of ImageNet's 331.
    translate: Translate::Share(150.0 / 331.0),
    rotate: 30.0,
    enhance: 0.9,
    posterize: 4.0,
};

/// The space of TrivialAugment, "wide".
pub(super) const WIDE: Space = Space {
    shear: 0.99,
    translate: Translate::Pixels(32.0),
    rotate: 135.0,
    enhance: 0.99,
    posterize: 6.0,
};

/// One of the steps into which magnitudes are divided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bin {
    /// From 0, below `of`.
    pub at: usize,
    /// How many there are, at least 2.
    pub of: usize,
}

impl Space {
    /// The magnitude of `operation` in `bin`, for images of `shape`; 0 if it has none.
    pub fn magnitude(&self, operation: Operation, bin: Bin, [_, height, width]: [usize; 3]) -> f64 {
        let pixels = |side: usize| match self.translate {
            Translate::Share(share) => share * side as f64,
            Translate::Pixels(pixels) => pixels,
        };
        match operation {
            Operation::ShearX | Operation::ShearY => bin.between(0.0, self.shear),
            Operation::TranslateX => bin.between(0.0, pixels(width)),
            Operation::TranslateY => bin.between(0.0, pixels(height)),
            Operation::Rotate => bin.between(0.0, self.rotate),
            Operation::Brightness
            | Operation::Color
            | Operation::Contrast
            | Operation::Sharpness => bin.between(0.0, self.enhance),
            Operation::Posterize => {
                let bins_a_bit = ((bin.of - 1) as f64 / self.posterize) as f32;
                f64::from((8.0 - bin.at as f32 / bins_a_bit).round_ties_even())
            }
            Operation::Solarize => bin.between(1.0, 0.0),
            Operation::Identity
            | Operation::AutoContrast
            | Operation::Equalize
            | Operation::Invert => 0.0,
        }
    }
}

impl Bin {
    /// Its value where the first is `start` and the last `end`.
    ///
    /// To the last bit PyTorch's `linspace`, which counts from the nearer end:
    /// whether 15.999999 or 16 decides on a pixel when an image is moved.
    fn between(self, start: f64, end: f64) -> f64 {
        let (start, end) = (start as f32, end as f32);
        let step = (end - start) / (self.of - 1) as f32;
        f64::from(if self.at < self.of / 2 {
            fused(step, self.at as f32, start)
        } else {
            fused(-step, (self.of - 1 - self.at) as f32, end)
        })
    }
}
