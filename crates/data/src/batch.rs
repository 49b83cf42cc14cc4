use crate::augment::Normalization;

/// A batch on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The images, `N×C×H×W`.
    pub pixels: Pixels,
    /// The label of each of the `N` images. Where images are mixed, that of the
    /// larger part.
    pub labels: Vec<u16>,
    /// `[N, C, H, W]`.
    pub shape: [usize; 4],
    /// The probability of each class for each image, `N×classes`, if images of
    /// the batch are mixed.
    pub soft_targets: Option<Vec<f32>>,
}

/// The values of a batch's images.
#[derive(Debug, Clone, PartialEq)]
pub enum Pixels {
    /// Normalised.
    Values(Vec<f32>),
    /// Bytes, to be normalised where they are needed.
    Bytes(Vec<u8>, Normalization),
}

impl Batch {
    /// Number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The normalised values of the images, `N×C×H×W`.
    #[must_use]
    pub fn values(&self) -> Vec<f32> {
        match &self.pixels {
            Pixels::Values(values) => values.clone(),
            Pixels::Bytes(bytes, normalization) => {
                let mut values = vec![0.0; bytes.len()];
                let image = self.shape[1..].iter().product();
                for (image, values) in bytes.chunks(image).zip(values.chunks_mut(image)) {
                    normalization.write(image, values);
                }
                values
            }
        }
    }

    /// Whether there is no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}
