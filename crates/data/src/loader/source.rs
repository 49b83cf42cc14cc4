//! What the batches of a loader are made of, and how the threads fill one.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::{
    iter::{IndexedParallelIterator, ParallelIterator},
    slice::{ParallelSlice, ParallelSliceMut},
};

use crate::{
    Batch, ImageDataset, Pixels,
    augment::{Image, Pipeline},
};

/// Images that a thread fills before it looks for more work.
pub(super) const CHUNK: usize = 16;

/// What threads need to fill a batch.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) dataset: ImageDataset,
    pub(super) indices: Vec<usize>,
    pub(super) batch_size: usize,
    pub(super) pipeline: Pipeline,
    pub(super) seed: u64,
    pub(super) as_bytes: bool,
}

/// Where a batch is filled in; what is not needed is empty.
pub(super) struct Buffers {
    bytes: Vec<u8>,
    values: Vec<f32>,
}

impl Source {
    /// Room for a batch of `images`.
    pub(super) fn buffers(&self, images: usize) -> Buffers {
        let len = images * self.pipeline.shape().iter().product::<usize>();
        let room = |wanted| if wanted { len } else { 0 };
        Buffers {
            bytes: vec![0; room(self.as_bytes || self.pipeline.mixes())],
            values: vec![0.0; room(!self.as_bytes)],
        }
    }

    /// The images `indices` as batch `number` of `epoch`, on the threads of the
    /// pool that it is called in. Once `stop` is set, what it holds is worth nothing.
    pub(super) fn batch(
        &self,
        (indices, epoch, number): (&[usize], u64, usize),
        buffers: Buffers,
        stop: &AtomicBool,
    ) -> Batch {
        let [channels, height, width] = self.pipeline.shape();
        let normalization = self.pipeline.normalization();
        let Buffers {
            mut bytes,
            mut values,
        } = buffers;
        let own_labels = indices.iter().map(|&index| self.dataset.labels()[index]);
        let mut labels: Vec<u16> = own_labels.collect();
        let mut soft_targets = None;

        if bytes.is_empty() {
            self.for_each_image(indices, epoch, stop, &mut values, |image, out| {
                normalization.write(image, out);
            });
        } else {
            self.for_each_image(indices, epoch, stop, &mut bytes, |image, out| {
                out.copy_from_slice(image);
            });
            if self.pipeline.mixes() {
                let kept = self.pipeline.mix(&mut bytes, self.seed, epoch, number);
                soft_targets = Some(self.soften(&mut labels, kept));
            }
            let len = channels * height * width;
            values
                .par_chunks_mut(len)
                .zip(bytes.par_chunks(len))
                .for_each(|(values, image)| normalization.write(image, values));
        }
        Batch {
            pixels: match self.as_bytes {
                true => Pixels::Bytes(bytes, normalization.clone()),
                false => Pixels::Values(values),
            },
            shape: [labels.len(), channels, height, width],
            labels,
            soft_targets,
        }
    }

    /// Calls `write` with each image, changed, and its place in `out`.
    fn for_each_image<T: Send>(
        &self,
        indices: &[usize],
        epoch: u64,
        stop: &AtomicBool,
        out: &mut [T],
        write: impl Fn(&[u8], &mut [T]) + Sync,
    ) {
        let len: usize = self.pipeline.shape().iter().product();
        let shape = self.dataset.info().shape();
        out.par_chunks_mut(len * CHUNK)
            .zip(indices.par_chunks(CHUNK))
            .for_each_init(Image::default, |image, (out, indices)| {
                for (out, &index) in out.chunks_exact_mut(len).zip(indices) {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let pixels = self.dataset.image(index);
                    if self.pipeline.keeps_images() {
                        write(pixels, out);
                    } else {
                        image.load(pixels, shape);
                        self.pipeline.apply(image, self.seed, epoch, index);
                        write(image.pixels(), out);
                    }
                }
            });
    }

    /// The targets of images that keep the share `kept` of their own label, and
    /// have the rest of that of the image before. `labels` become those of the
    /// larger parts.
    fn soften(&self, labels: &mut [u16], kept: f32) -> Vec<f32> {
        let classes = self.dataset.info().classes.len();
        let own = labels.to_vec();
        let mut targets = vec![0.0; own.len() * classes];
        for (at, target) in targets.chunks_exact_mut(classes).enumerate() {
            let before = own[(at + own.len() - 1) % own.len()];
            target[usize::from(own[at])] += kept;
            target[usize::from(before)] += 1.0 - kept;
            if kept < 0.5 {
                labels[at] = before;
            }
        }
        targets
    }
}
