//! Images that belong to no data set.

use std::sync::Arc;

use data::{BatchLoader, DataError, ImageDataset, augment::Image};

use super::{Inference, Polarity, Prediction};
use crate::TrainError;

impl Inference {
    /// What the network says of images of the shape of [`info`](Self::info), in their
    /// order; in batches of the size of the run.
    ///
    /// # Errors
    /// [`TrainError::Data`] if an image has another shape, [`TrainError::Device`] if
    /// the device fails.
    pub fn predict(&self, images: &[Image]) -> Result<Vec<Prediction>, TrainError> {
        if images.is_empty() {
            return Ok(Vec::new());
        }
        let shape = self.info().shape();
        if let Some(other) = images.iter().find(|image| image.shape() != shape) {
            let problem = format!(
                "an image has the shape {:?} (channels, height, width), and not {shape:?}",
                other.shape()
            );
            let name = self.info().name.clone();
            return Err(DataError::Inconsistent { name, problem }.into());
        }
        let pixels = images.iter().flat_map(Image::pixels).copied().collect();
        // What they are of is not known, and not asked for.
        let labels = vec![0; images.len()];
        let images = ImageDataset::new(Arc::clone(self.info()), pixels, labels)?;
        let all = (0..images.len()).collect();
        self.predict_all(&self.loader(images, all)?)
    }

    /// What the network says of the images of a loader that [`loader`](Self::loader)
    /// made, in their order.
    ///
    /// # Errors
    /// [`TrainError::Data`] if a batch cannot be made, [`TrainError::Device`] if the
    /// device fails.
    pub fn predict_all(&self, images: &BatchLoader) -> Result<Vec<Prediction>, TrainError> {
        let mut predictions = Vec::with_capacity(images.images());
        for batch in images.epoch(0) {
            let logits = self.logits(batch?)?;
            let each = logits.chunks_exact(self.classes().len());
            predictions.extend(each.map(Prediction::of));
        }
        Ok(predictions)
    }

    /// Whether the ground of an image is not that of the training images: dark ink on
    /// paper for a network that was trained on light on dark. [`Image::inverted`] is then
    /// what it knows. Never, if the training images have no such ground ([`Polarity::of`]).
    #[must_use]
    pub fn is_unlike_training(&self, image: &Image) -> bool {
        Polarity::of(self.info()).is_some_and(|trained| Polarity::of_image(image) != trained)
    }
}
