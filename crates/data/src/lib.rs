//! Images in, batches out.
//!
//! A data set is one block of bytes with its labels ([`ImageDataset`]), loaded by
//! name from a [`Store`] or from a [`folder`] of images. A [`Split`] says which
//! images train and which validate. A [`Pipeline`] changes images, as torchvision
//! does, and a [`BatchLoader`] turns an epoch into normalised [`Batch`]es, on
//! threads of its own and ahead of the step that needs them.
//!
//! Everything drawn at random is a pure function of `(seed, epoch, index)`: the
//! same seed gives the same batches with any number of threads, on every machine
//! and backend, whatever came before.
//!
//! ```
//! # #[cfg(feature = "mnist-mini")] {
//! use data::augment::{RandomCrop, RandomErasing};
//! use data::{BatchLoader, Order, Pipeline, Split};
//!
//! let digits = data::load("mnist-mini")?;
//! let split = Split::stratified(digits.train.labels(), 0.1, 42)?;
//! let steps = vec![
//!     RandomCrop { padding: 2, ..RandomCrop::default() }.into(),
//!     RandomErasing::default().into(),
//! ];
//! let pipeline = Pipeline::new(steps, digits.train.info().clone())?;
//! let loader = BatchLoader::new(digits.train, split.train, 64, Order::Shuffled { seed: 42 })?
//!     .augment(pipeline, 42)?;
//! for batch in loader.epoch(1) {
//!     assert_eq!(batch?.shape[1..], [1, 28, 28]);
//! }
//! # }
//! # Ok::<(), data::DataError>(())
//! ```
//!
//! # Data sets
//!
//! [`catalog`] lists those that are known by name. Their files are used where
//! they lie (those of MNIST and its kin where torchvision has them), gzipped or
//! not, and fetched where they are missing:
//!
//! ```no_run
//! let store = data::Store::new(Some("data".as_ref()));
//! let fashion = store.load("fashion-mnist", &mut |_| {})?;
//! assert_eq!(fashion.train.len(), 60_000);
//! assert_eq!(fashion.train.info().classes[9], "Ankle boot");
//! # Ok::<(), data::DataError>(())
//! ```
//!
//! Images of your own come from a folder with a sub-folder for each class

#![forbid(unsafe_code)]
#![cfg_attr(feature = "folder", doc = "([`folder::load`])")]
//! or, when they are in memory already, from [`ImageDataset::new`].
//!
//! # In a training loop
//!
//! With the feature `burn`, `Batch::to_tensors` puts a batch on a device; on a GPU
//! that can hold bytes, [`BatchLoader::as_bytes`] makes that a quarter of the
//! transfer, and the device normalises. [`ImageDataset`] also is a Burn `Dataset`,
//! for Burn's own `DataLoaderBuilder`: `examples/burn_dataloader.rs`.
//!
//! # Configuration
//!
//! An [`Augment`] is what serde reads from a table of TOML:
//!
//! ```
//! use data::augment::{Augment, RandomCrop};
//!
//! # #[derive(serde::Deserialize)] struct Config { augment: Vec<Augment> }
//! let config: Config = toml::from_str(r#"
//!     [[augment]]
//!     name = "random-crop"
//!     padding = 4
//!     padding_mode = "reflect"
//!
//!     [[augment]]
//!     name = "random-horizontal-flip"
//! "#)?;
//! assert_eq!(config.augment[1].name(), "random-horizontal-flip");
//! # Ok::<(), toml::de::Error>(())
//! ```

pub mod augment;
mod batch;
#[cfg(feature = "burn")]
mod burn_dataset;
mod catalog;
mod dataset;
mod error;
#[cfg(feature = "folder")]
pub mod folder;
pub mod formats;
mod loader;
#[cfg(feature = "mnist-mini")]
mod mnist_mini;
mod random;
mod split;
#[cfg(feature = "burn")]
mod tensors;

pub use augment::{Augment, Pipeline};
pub use batch::{Batch, Pixels};
pub use catalog::{
    Datasets, Entry, FileReport, Location, Progress, ROOT_VARIABLE, Status, Store, VerifyReport,
    catalog, default_root, load, names,
};
pub use dataset::{DatasetInfo, ImageDataset, channel_statistics};
pub use error::DataError;
pub use loader::{BatchLoader, Batches, Order};
pub use random::permutation;
pub use split::{HoldOut, Split};
#[cfg(feature = "burn")]
pub use {
    burn_dataset::{ImageBatcher, ImageItem},
    tensors::{BatchTensors, holds_bytes},
};
