mod source;

use std::{
    any::Any,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::{Duration, Instant},
};

use rayon::{ThreadPool, ThreadPoolBuilder};

use self::source::Source;
use crate::{Batch, DataError, ImageDataset, augment::Pipeline, permutation};

/// The most memory of batches: more is a slip in a size.
const MOST_BYTES: usize = 8 << 30;
/// Batches in memory besides those ahead: one in use, one that waits for its
/// place, one being filled, and room for the next.
const BESIDES: usize = 4;

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
/// Threads of the loader fill a batch together, a bounded number of batches
/// ahead of the one in use. What the batches hold does not depend on the number
/// of threads, nor on where in an epoch one begins.
#[derive(Debug, Clone)]
pub struct BatchLoader {
    source: Arc<Source>,
    order: Order,
    drop_last: bool,
    threads: usize,
    ahead: usize,
    pool: KeptPool,
}

/// The threads of a loader, from its first epoch on. Threads anew in every epoch would
/// leave some kilobytes each, which Rayon frees much later.
#[derive(Debug, Clone, Default)]
struct KeptPool(Arc<Mutex<Option<Arc<ThreadPool>>>>);

impl BatchLoader {
    /// A loader of the images of `dataset` that `indices` names.
    ///
    /// It uses as many threads as there are processors, keeps two batches ahead,
    /// normalises on the host, and gives the last batch of an epoch even if it is
    /// short; the methods below change that.
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
        if batch_size == 0 {
            return fail("the batch size is 0");
        }
        if indices.is_empty() {
            return fail(format!("no image of `{}` was chosen", dataset.info().name));
        }
        if let Some(index) = indices.iter().find(|&&index| index >= dataset.len()) {
            return fail(format!("image {index} was chosen of {}", dataset.len()));
        }
        let pipeline = Pipeline::new(Vec::new(), Arc::clone(dataset.info()))?;
        Ok(Self {
            source: Arc::new(Source {
                dataset,
                indices,
                batch_size,
                pipeline,
                seed: 0,
                as_bytes: false,
            }),
            order,
            drop_last: false,
            threads: thread::available_parallelism().map_or(1, NonZero::get),
            ahead: 2,
            pool: KeptPool::default(),
        })
    }

    /// Changes the images by `pipeline`. What is drawn is a function of `seed`,
    /// the epoch and the image's place in its data set.
    ///
    /// # Errors
    /// [`DataError::Loader`] if the pipeline was made for other images.
    pub fn augment(mut self, pipeline: Pipeline, seed: u64) -> Result<Self, DataError> {
        if pipeline.info() != self.source.dataset.info() {
            return fail(format!(
                "the augmentation was made for `{}`, and the images are of `{}`",
                pipeline.info().name,
                self.source.dataset.info().name
            ));
        }
        let source = Arc::make_mut(&mut self.source);
        (source.pipeline, source.seed) = (pipeline, seed);
        Ok(self)
    }

    /// Leaves out the last batch of an epoch if it is short.
    ///
    /// # Errors
    /// [`DataError::Loader`] if no batch would be left.
    pub fn drop_last(mut self) -> Result<Self, DataError> {
        self.drop_last = true;
        if self.batches() == 0 {
            return fail(format!(
                "{} images do not fill a batch of {}",
                self.source.indices.len(),
                self.source.batch_size
            ));
        }
        Ok(self)
    }

    /// Fills batches with `threads` threads, at least 1.
    ///
    /// # Errors
    /// [`DataError::Loader`] if that is 0.
    pub fn threads(mut self, threads: usize) -> Result<Self, DataError> {
        if threads == 0 {
            return fail("0 threads fill no batch");
        }
        self.threads = threads;
        self.pool = KeptPool::default();
        Ok(self)
    }

    /// Keeps up to `batches` filled batches ahead of the one in use, at least 1.
    /// Up to three more are in memory: one that waits for its place, one being
    /// filled, and room for the next.
    ///
    /// # Errors
    /// [`DataError::Loader`] if that is 0.
    pub fn ahead(mut self, batches: usize) -> Result<Self, DataError> {
        if batches == 0 {
            return fail("a loader must be at least 1 batch ahead");
        }
        self.ahead = batches;
        Ok(self)
    }

    /// Gives [`Pixels::Bytes`](crate::Pixels::Bytes), for devices that normalise themselves.
    #[must_use]
    pub fn as_bytes(mut self, as_bytes: bool) -> Self {
        Arc::make_mut(&mut self.source).as_bytes = as_bytes;
        self
    }

    /// That its batches can be in memory. An epoch looks at this as well.
    ///
    /// # Errors
    /// [`DataError::Loader`] if they take more than 8 GiB together.
    pub fn check(&self) -> Result<(), DataError> {
        let source = &self.source;
        let images = source.batch_size.min(source.indices.len());
        let [channels, height, width] = source.pipeline.shape();
        let value = match (source.as_bytes, source.pipeline.mixes()) {
            (true, _) => 1,
            (false, false) => size_of::<f32>(),
            (false, true) => size_of::<f32>() + 1,
        };
        let bytes = [channels, height, width, value, self.ahead + BESIDES]
            .iter()
            .try_fold(images, |bytes, &size| bytes.checked_mul(size));
        match bytes {
            Some(0..=MOST_BYTES) => Ok(()),
            _ => fail(format!(
                "batches of {images} images of {channels}×{height}×{width}, {} ahead, take more \
                 than {} GiB of memory; choose smaller images or batches, or fewer ahead",
                self.ahead,
                MOST_BYTES >> 30
            )),
        }
    }

    /// `[channels, height, width]` of the images in a batch.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        self.source.pipeline.shape()
    }

    /// The data set that its images are of.
    #[must_use]
    pub fn dataset(&self) -> &ImageDataset {
        &self.source.dataset
    }

    /// Number of images in an epoch.
    #[must_use]
    pub fn images(&self) -> usize {
        let images = self.source.indices.len();
        match self.drop_last {
            true => images - images % self.source.batch_size,
            false => images,
        }
    }

    /// Number of batches in an epoch.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.images().div_ceil(self.source.batch_size)
    }

    /// The places in the data set of the images that it loads, as they lie.
    #[must_use]
    pub fn indices(&self) -> &[usize] {
        &self.source.indices
    }

    /// The batches of `epoch`. With [`Order::Sequential`] and nothing random in
    /// the augmentation, all epochs are alike.
    #[must_use]
    pub fn epoch(&self, epoch: u64) -> Batches {
        self.epoch_from(epoch, 0)
    }

    /// The batches of `epoch` from batch `first` (counted from 0) on: the same
    /// as if those before had been read.
    #[must_use]
    pub fn epoch_from(&self, epoch: u64, first: usize) -> Batches {
        let (sender, receiver) = mpsc::sync_channel(self.ahead);
        let left = self.batches().saturating_sub(first);
        let stop = Arc::new(AtomicBool::new(false));
        let (loader, failed, stopped) = (self.clone(), sender.clone(), Arc::clone(&stop));
        let fill = move || {
            let fill = || loader.fill(epoch, first, &sender, &stopped);
            let error = match catch_unwind(AssertUnwindSafe(fill)) {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error,
                Err(panic) => DataError::Loader {
                    problem: format!("a thread panicked: {}", panic_message(&*panic)),
                },
            };
            // Nobody to tell if the receiver is gone.
            let _ = sender.send(Err(error));
        };
        let started = thread::Builder::new().name("data".into()).spawn(fill);
        if let Err(e) = started {
            // The queue is empty, so that this does not wait.
            let _ = failed.send(fail(format!("cannot start a thread: {e}")));
        }
        Batches {
            receiver,
            left,
            stop,
            waited: Duration::ZERO,
        }
    }

    /// Sends the batches, until there are no more or nobody wants them.
    fn fill(
        &self,
        epoch: u64,
        first: usize,
        sender: &SyncSender<Result<Batch, DataError>>,
        stop: &AtomicBool,
    ) -> Result<(), DataError> {
        self.check()?;
        let source = &self.source;
        let mut order = match self.order {
            Order::Sequential => source.indices.clone(),
            Order::Shuffled { seed } => permutation(source.indices.len(), seed, epoch)
                .into_iter()
                .map(|at| source.indices[at])
                .collect(),
        };
        order.truncate(self.images());
        let pool = self.pool.with(self.threads)?;
        let mut batches = order
            .chunks(source.batch_size)
            .enumerate()
            .skip(first)
            .peekable();
        let mut next = batches
            .peek()
            .map(|(_, indices)| source.buffers(indices.len()));
        while let (Some((number, indices)), Some(buffers)) = (batches.next(), next.take()) {
            let mut batch = None;
            let work = (indices, epoch, number);
            pool.in_place_scope(|scope| {
                scope.spawn(|_| batch = Some(source.batch(work, buffers, stop)));
                // Zeroing memory takes as long as normalising: it is done meanwhile.
                next = batches
                    .peek()
                    .map(|(_, indices)| source.buffers(indices.len()));
            });
            let batch = batch.expect("the scope waits for it");
            // The receiver is gone when its user had enough.
            if stop.load(Ordering::Relaxed) || sender.send(Ok(batch)).is_err() {
                break;
            }
        }
        Ok(())
    }
}

impl KeptPool {
    fn with(&self, threads: usize) -> Result<Arc<ThreadPool>, DataError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = &*kept {
            return Ok(Arc::clone(pool));
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|at| format!("data-{at}"))
            .build()
            .map_err(|e| DataError::Loader {
                problem: format!("cannot start {threads} threads: {e}"),
            })?;
        Ok(Arc::clone(kept.insert(Arc::new(pool))))
    }
}

fn fail<T>(problem: impl Into<String>) -> Result<T, DataError> {
    Err(DataError::Loader {
        problem: problem.into(),
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// The batches of one epoch, in order.
///
/// An epoch never ends early in silence: if a thread of the loader fails or
/// panics, the last item is the error. Dropped, it stops the threads.
#[derive(Debug)]
pub struct Batches {
    receiver: Receiver<Result<Batch, DataError>>,
    left: usize,
    stop: Arc<AtomicBool>,
    waited: Duration,
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Batches {
    /// How long [`next`](Iterator::next) has waited for batches so far.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let asked = Instant::now();
        let received = self.receiver.recv();
        self.waited += asked.elapsed();
        let batch = received.unwrap_or_else(|_| fail("its thread ended before the epoch"));
        self.left = if batch.is_ok() { self.left - 1 } else { 0 };
        Some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left))
    }
}

#[cfg(test)]
mod tests;
