//! Images that belong to no data set.

use std::{slice, sync::Arc};

use burn::tensor::Tensor;
use data::{BatchLoader, DataError, ImageDataset, augment::Image};

use super::{Inference, Polarity, Prediction};
use crate::{TrainError, backend::send};

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
        let images = self.dataset_of(images)?;
        let all = (0..images.len()).collect();
        self.predict_all(&self.loader(images, all)?)
    }

    /// What the network gets of an image of the shape of [`info`](Self::info): the image after
    /// the steps of the run that are not random, and `[1, C, H, W]` of it, normalised.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn input(&self, image: &Image) -> Result<(Image, Tensor<4>), TrainError> {
        let batches = self.loader(self.dataset_of(slice::from_ref(image))?, vec![0])?;
        let batch = batches.epoch(0).next();
        let batch = batch.expect("a batch of one image")?;
        let mut seen = image.clone();
        self.pipeline.apply(&mut seen, 0, 0, 0);
        Ok((seen, send(batch, &self.selected.device).images))
    }

    /// The images as a data set, all of the first class: what they are of is not known.
    fn dataset_of(&self, images: &[Image]) -> Result<ImageDataset, TrainError> {
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
        let labels = vec![0; images.len()];
        Ok(ImageDataset::new(Arc::clone(self.info()), pixels, labels)?)
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
