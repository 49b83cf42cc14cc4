use std::{
    sync::{
        Arc,
        mpsc::{self, Receiver},
    },
    thread::{self, JoinHandle},
};

use crate::{
    Batch, DataError, ImageDataset, Normalize,
    augment::{Augment, Image, Pipeline},
    permutation,
};

/// Batches that may wait for the step that needs them. One is being filled
/// besides, and one is in use.
const QUEUE: usize = 2;

/// In which order an epoch visits the images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they lie.
    Sequential,
    /// In an order that is a function of seed and epoch.
    Shuffled {
        /// The seed of the run.
        seed: u64,
    },
}

/// Loads chosen images of a data set in batches.
///
/// A batch is filled by a thread of the loader while the one before is used, at
/// most a few ahead. The last batch of an epoch may be smaller.
#[derive(Debug, Clone)]
pub struct BatchLoader {
    source: Arc<Source>,
    batch_size: usize,
    order: Order,
    augment: Option<(Pipeline, u64)>,
}

#[derive(Debug)]
struct Source {
    dataset: ImageDataset,
    indices: Vec<usize>,
    normalize: Normalize,
}

impl BatchLoader {
    /// A loader of the images of `dataset` that `indices` names.
    ///
    /// # Errors
    /// [`DataError::Loader`] if `batch_size` is 0, or `indices` is empty or
    /// names an image that is not there.
    pub fn new(
        dataset: ImageDataset,
        indices: Vec<usize>,
        batch_size: usize,
        order: Order,
    ) -> Result<Self, DataError> {
        let fail = |problem: String| Err(DataError::Loader { problem });
        if batch_size == 0 {
            return fail("the batch size is 0".into());
        }
        if indices.is_empty() {
            return fail(format!("no image of `{}` was chosen", dataset.info().name));
        }
        if let Some(index) = indices.iter().find(|&&index| index >= dataset.len()) {
            return fail(format!("image {index} was chosen of {}", dataset.len()));
        }
        let normalize = Normalize::of(dataset.info());
        Ok(Self {
            source: Arc::new(Source {
                dataset,
                indices,
                normalize,
            }),
            batch_size,
            order,
            augment: None,
        })
    }

    /// Changes every image by `steps`, in order. What is drawn is a function of
    /// `seed`, the epoch and the image's place in its data set.
    ///
    /// # Errors
    /// [`DataError::Augment`] if a step cannot be for images of this size.
    pub fn augment(mut self, steps: Vec<Augment>, seed: u64) -> Result<Self, DataError> {
        let info = Arc::clone(self.source.dataset.info());
        self.augment = Some((Pipeline::new(steps, info)?, seed));
        Ok(self)
    }

    /// Number of images in an epoch.
    #[must_use]
    pub fn images(&self) -> usize {
        self.source.indices.len()
    }

    /// Number of batches in an epoch.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.images().div_ceil(self.batch_size)
    }

    /// The batches of `epoch`. With [`Order::Sequential`] all epochs are alike.
    #[must_use]
    pub fn epoch(&self, epoch: u64) -> Batches {
        let (sender, receiver) = mpsc::sync_channel(QUEUE);
        let source = Arc::clone(&self.source);
        let (batch_size, order) = (self.batch_size, self.order);
        let augment = self.augment.clone();
        let worker = thread::spawn(move || {
            let order = match order {
                Order::Sequential => (0..source.indices.len()).collect(),
                Order::Shuffled { seed } => permutation(source.indices.len(), seed, epoch),
            };
            for chunk in order.chunks(batch_size) {
                // The receiver is gone when its user had enough.
                if sender
                    .send(source.batch(chunk, epoch, augment.as_ref()))
                    .is_err()
                {
                    return;
                }
            }
        });
        Batches {
            receiver,
            worker: Some(worker),
            left: self.batches(),
        }
    }
}

impl Source {
    fn batch(&self, chunk: &[usize], epoch: u64, augment: Option<&(Pipeline, u64)>) -> Batch {
        let info = self.dataset.info();
        let mut pixels = Vec::with_capacity(chunk.len() * info.image_len());
        let mut labels = Vec::with_capacity(chunk.len());
        let mut changed = Image::default();
        for &at in chunk {
            let index = self.indices[at];
            let image = self.dataset.image(index);
            match augment {
                None => self.normalize.append(image, &mut pixels),
                Some((pipeline, seed)) => {
                    changed.load(image, info.shape());
                    pipeline.apply(&mut changed, *seed, epoch, index);
                    self.normalize.append(changed.pixels(), &mut pixels);
                }
            }
            labels.push(self.dataset.labels()[index]);
        }
        let [channels, height, width] = info.shape();
        Batch {
            pixels,
            labels,
            shape: [chunk.len(), channels, height, width],
        }
    }
}

/// The batches of one epoch, in order.
#[derive(Debug)]
pub struct Batches {
    receiver: Receiver<Batch>,
    worker: Option<JoinHandle<()>>,
    left: usize,
}

impl Iterator for Batches {
    type Item = Batch;

    /// # Panics
    /// If the loader's thread panicked: an epoch never ends early in silence.
    fn next(&mut self) -> Option<Batch> {
        if self.left == 0 {
            return None;
        }
        match self.receiver.recv() {
            Ok(batch) => {
                self.left -= 1;
                Some(batch)
            }
            Err(_) => match self.worker.take().map(JoinHandle::join) {
                Some(Err(panic)) => std::panic::resume_unwind(panic),
                _ => unreachable!("the loader's thread ended before the epoch"),
            },
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Batches {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DatasetInfo;

    /// Ten images of one pixel; image `i` is the byte `i` and has label `i`.
    fn ten() -> ImageDataset {
        let info = DatasetInfo {
            name: "ten".into(),
            classes: (0..10).map(|i| i.to_string()).collect(),
            channels: 1,
            height: 1,
            width: 1,
            mean: vec![0.0],
            std: vec![1.0 / 255.0],
        };
        ImageDataset::new(Arc::new(info), (0..10).collect(), (0..10).collect()).unwrap()
    }

    fn labels(loader: &BatchLoader, epoch: u64) -> Vec<Vec<u16>> {
        loader.epoch(epoch).map(|batch| batch.labels).collect()
    }

    #[test]
    fn keeps_the_last_short_batch_and_the_pixels_with_their_labels() {
        let loader = BatchLoader::new(ten(), vec![1, 3, 5, 7, 9], 2, Order::Sequential).unwrap();
        assert_eq!((loader.images(), loader.batches()), (5, 3));
        assert_eq!(labels(&loader, 1), [vec![1, 3], vec![5, 7], vec![9]]);
        let shuffled = BatchLoader::new(ten(), (0..10).collect(), 3, Order::Shuffled { seed: 1 });
        for batch in shuffled.unwrap().epoch(1) {
            assert_eq!(batch.shape, [batch.len(), 1, 1, 1]);
            for (pixel, label) in batch.pixels.iter().zip(&batch.labels) {
                assert!((pixel - f32::from(*label)).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn an_epoch_is_a_function_of_seed_and_number() {
        let loader =
            |seed| BatchLoader::new(ten(), (0..10).collect(), 4, Order::Shuffled { seed }).unwrap();
        assert_eq!(labels(&loader(1), 5), labels(&loader(1), 5));
        assert_ne!(labels(&loader(1), 5), labels(&loader(1), 6));
        assert_ne!(labels(&loader(1), 5), labels(&loader(2), 5));
    }

    #[test]
    fn stops_its_thread_when_dropped_early() {
        let loader = BatchLoader::new(ten(), (0..10).collect(), 1, Order::Sequential).unwrap();
        let mut batches = loader.epoch(1);
        batches.next();
        let worker = batches.worker.take().unwrap();
        drop(batches);
        worker.join().unwrap();
    }

    #[test]
    fn refuses_what_cannot_be_loaded() {
        assert!(BatchLoader::new(ten(), vec![0], 0, Order::Sequential).is_err());
        assert!(BatchLoader::new(ten(), vec![], 1, Order::Sequential).is_err());
        assert!(BatchLoader::new(ten(), vec![10], 1, Order::Sequential).is_err());
    }
}
