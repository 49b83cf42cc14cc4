//! Images in, batches out.
//!
//! A data set is one block of bytes with its labels ([`ImageDataset`]); a
//! [`Split`] says which images train and which validate; a [`BatchLoader`]
//! turns an epoch of a split into normalised [`Batch`]es on a thread of its own.
//!
//! Data sets are known by name ([`catalog`]). A [`Store`] is the folder that holds
//! them; it fetches what is missing (feature `fetch`), checks every byte against
//! published digests, and reads what another program has put there.
//!
//! Everything drawn at random is a pure function of `(seed, epoch, index)`:
//! the same seed gives the same batches on every machine and backend, whatever
//! came before.
//!
//! ```
//! # #[cfg(feature = "mnist-mini")] {
//! use data::{BatchLoader, Order, Split};
//!
//! let digits = data::load("mnist-mini")?;
//! let split = Split::stratified(digits.train.labels(), 0.1, 42)?;
//! let loader = BatchLoader::new(digits.train, split.train, 64, Order::Shuffled { seed: 42 })?;
//! for batch in loader.epoch(1) {
//!     assert_eq!(batch.shape[1..], [1, 28, 28]);
//! }
//! # }
//! # Ok::<(), data::DataError>(())
//! ```

pub mod augment;
mod batch;
mod catalog;
mod dataset;
mod error;
pub mod formats;
mod loader;
#[cfg(feature = "mnist-mini")]
mod mnist_mini;
mod random;
mod split;

pub use augment::{Augment, Pipeline};
pub use batch::{Batch, Normalize};
pub use catalog::{
    Datasets, Entry, FileReport, Location, Progress, ROOT_VARIABLE, Status, Store, VerifyReport,
    catalog, default_root, load, names,
};
pub use dataset::{DatasetInfo, ImageDataset, channel_statistics};
pub use error::DataError;
pub use loader::{BatchLoader, Batches, Order};
pub use random::permutation;
pub use split::{HoldOut, Split};
