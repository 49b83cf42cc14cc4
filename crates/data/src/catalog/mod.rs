//! The data sets that are known by name, and getting them.
//!
//! `table` says what they are, a [`Store`] does the rest: `locate` finds their
//! files, `fetch` gets what is missing (one file by `download`, one archive by
//! `extract`), `verify` holds them against `digest`s, `read` makes images of them.

mod classes;
mod digest;
mod entry;
mod extract;
mod fetch;
mod locate;
mod lock;
mod progress;
mod read;
mod store;
mod table;
mod verify;

#[cfg(feature = "fetch")]
mod answer;
#[cfg(feature = "fetch")]
mod download;
#[cfg(test)]
mod tests;

pub use entry::Entry;
pub use locate::{Location, ROOT_VARIABLE, default_root};
pub use progress::Progress;
pub use store::Store;

pub use verify::{FileReport, Status, VerifyReport};

#[cfg(feature = "mnist-mini")]
pub(crate) use classes::DIGITS;
#[cfg(feature = "mnist-mini")]
pub(crate) use read::{Part, assemble};

use crate::{DataError, ImageDataset};

/// The parts of a data set, as its authors made them.
#[derive(Debug, Clone)]
pub struct Datasets {
    /// What is trained on, and validated on where there is no part for that.
    pub train: ImageDataset,
    /// What is validated on, if the authors set it apart.
    pub valid: Option<ImageDataset>,
    /// What is read once, at the end.
    pub test: ImageDataset,
}

/// All data sets that are known by name.
#[must_use]
pub fn catalog() -> &'static [Entry] {
    table::TABLE
}

/// The names that [`load`] knows.
#[must_use]
pub fn names() -> Vec<&'static str> {
    catalog().iter().map(|entry| entry.name).collect()
}

/// The entry of a name.
pub(crate) fn entry(name: &str) -> Result<&'static Entry, DataError> {
    let entry = catalog().iter().find(|entry| entry.name == name);
    entry.ok_or_else(|| DataError::UnknownDataset {
        name: name.into(),
        known: names(),
    })
}

/// Loads a data set by its name from the default [`Store`], which fetches what
/// is missing.
///
/// # Errors
/// As for [`Store::load`].
pub fn load(name: &str) -> Result<Datasets, DataError> {
    Store::new(None).load(name, &mut |_| {})
}
