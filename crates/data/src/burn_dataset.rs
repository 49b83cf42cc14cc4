//! Data sets for Burn's own `DataLoaderBuilder`.

use burn::{
    data::{dataloader::batcher::Batcher, dataset::Dataset, dataset::DatasetError},
    tensor::Device,
};

use crate::{Batch, BatchTensors, ImageDataset, Pixels, augment::Normalization};

/// One image of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageItem {
    /// The image: bytes, channel by channel, row by row.
    pub pixels: Vec<u8>,
    /// `[channels, height, width]`.
    pub shape: [usize; 3],
    /// An index into the data set's classes.
    pub label: u16,
}

impl Dataset<ImageItem> for ImageDataset {
    fn get(&self, index: usize) -> Result<ImageItem, DatasetError> {
        Ok(ImageItem {
            pixels: self.image(index).to_vec(),
            shape: self.info().shape(),
            label: self.labels()[index],
        })
    }

    fn len(&self) -> usize {
        ImageDataset::len(self)
    }
}

/// Makes batches of [`ImageItem`]s for Burn's loader, normalised, without augmentation.
#[derive(Debug, Clone)]
pub struct ImageBatcher {
    normalization: Normalization,
}

impl ImageBatcher {
    /// For images that are normalised so.
    #[must_use]
    pub fn new(normalization: Normalization) -> Self {
        Self { normalization }
    }
}

impl Batcher<ImageItem, BatchTensors> for ImageBatcher {
    /// # Panics
    /// If there are no items, or their shapes differ: Burn's trait knows no errors.
    fn batch(&self, items: Vec<ImageItem>, device: &Device) -> BatchTensors {
        let [channels, height, width] = items[0].shape;
        let len = channels * height * width;
        let mut values = vec![0.0; items.len() * len];
        for (item, values) in items.iter().zip(values.chunks_exact_mut(len)) {
            assert_eq!(item.shape, items[0].shape, "images of one batch");
            self.normalization.write(&item.pixels, values);
        }
        Batch {
            shape: [items.len(), channels, height, width],
            pixels: Pixels::Values(values),
            labels: items.iter().map(|item| item.label).collect(),
            soft_targets: None,
        }
        .to_tensors(device)
    }
}
