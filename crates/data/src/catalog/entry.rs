//! What the catalogue says of a data set.

use serde::Serialize;

#[cfg(feature = "mnist-mini")]
use crate::{DataError, Datasets};

/// A data set of the catalogue.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Entry {
    /// The name that [`load`](crate::load) and [`Store`](crate::Store) take.
    pub name: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// Class names, in the order of the labels; the fine ones for `cifar100`.
    pub classes: &'static [&'static str],
    /// `[channels, height, width]` of an image.
    pub shape: [usize; 3],
    /// Number of training images.
    pub train: usize,
    /// Number of test images.
    pub test: usize,
    /// The terms of use, as its authors state them.
    pub licence: &'static str,
    /// Its authors' page.
    pub home: &'static str,
    /// What to cite.
    pub citation: &'static str,
    #[serde(skip)]
    pub(crate) source: Source,
}

impl Entry {
    /// Its files in the data root; `None` if it is embedded in the program.
    pub(crate) fn files(&self) -> Option<&Files> {
        match &self.source {
            #[cfg(feature = "mnist-mini")]
            Source::Embedded(_) => None,
            Source::Files(files) => Some(files),
        }
    }
}

/// Where the images are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// In the program.
    #[cfg(feature = "mnist-mini")]
    Embedded(fn() -> Result<Datasets, DataError>),
    /// In files of the data root.
    Files(Files),
}

/// The files of a data set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Files {
    /// Their folder, relative to the data root, with `/`.
    pub folder: &'static str,
    pub format: Format,
    /// For IDX: images, then labels. For CIFAR: in the order of the images.
    pub train: &'static [File],
    pub test: &'static [File],
    pub origin: Origin,
    /// Addresses of a folder that holds what is fetched, ending in `/`.
    pub mirrors: &'static [&'static str],
    /// The folder of the same data as Python pickles, which are not read.
    pub pickles: Option<&'static str>,
}

impl Files {
    pub fn all(&self) -> impl Iterator<Item = &'static File> {
        self.train.iter().chain(self.test)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Idx,
    Cifar10,
    Cifar100,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct File {
    /// Without `.gz`.
    pub name: &'static str,
    /// Bytes of the content, decompressed.
    pub size: u64,
    pub digest: Digest,
}

/// What is published to check a file by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Digest {
    /// SHA-256 of the content, decompressed.
    Content(&'static str),
    /// MD5 of the gzipped file as it is distributed.
    Gzip(&'static str),
    /// Nothing; its archive has a digest.
    None,
}

/// What is fetched.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    /// Each file by itself, gzipped.
    Gzips,
    /// One archive that holds `folder` with the files.
    Archive(Archive),
}

/// A gzipped tar archive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Archive {
    pub name: &'static str,
    /// Bytes, as it is distributed.
    pub size: u64,
    /// MD5, as it is distributed.
    pub md5: &'static str,
}
