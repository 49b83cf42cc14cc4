use std::path::{Path, PathBuf};

use super::{
    Datasets, entry,
    entry::Source,
    fetch,
    locate::{self, Location, default_root},
    progress::Progress,
    read,
    verify::{self, VerifyReport},
};
use crate::DataError;

/// A folder of data sets, the *data root*, and where missing ones come from.
///
/// The files of MNIST and its kin lie as torchvision lays them, gzipped or not, so
/// that both use the same ones. CIFAR lies in its binary version; torchvision's is
/// the one of Python pickles (`cifar-10-batches-py`), which are not read:
///
/// ```text
/// ROOT/MNIST/raw/{train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz]
/// ROOT/FashionMNIST/raw/…
/// ROOT/KMNIST/raw/…
/// ROOT/cifar-10-batches-bin/{data_batch_1…5,test_batch}.bin[.gz]
/// ROOT/cifar-100-binary/{train,test}.bin[.gz]
/// ```
///
/// ```no_run
/// let store = data::Store::new(None).offline(true);
/// let fashion = store.load("fashion-mnist", &mut |_| {})?;
/// assert_eq!(fashion.train.len(), 60_000);
/// # Ok::<(), data::DataError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Store {
    root: Option<PathBuf>,
    pub(super) options: fetch::Options,
}

impl Store {
    /// The store at `root`, or else at [`default_root`].
    #[must_use]
    pub fn new(root: Option<&Path>) -> Self {
        Self {
            root: root.map(Into::into),
            options: fetch::Options::default(),
        }
    }

    /// With `true`, nothing is asked of the network: what is missing is an error
    /// that says where to put it.
    #[must_use]
    pub fn offline(mut self, offline: bool) -> Self {
        self.options.offline = offline;
        self
    }

    /// Fetches from the folder at the address `mirror` and from nowhere else, as
    /// sites behind a firewall want it.
    ///
    /// It holds what a data root holds, `MIRROR/<folder>/<file>`:
    /// `MIRROR/MNIST/raw/train-images-idx3-ubyte.gz`, or without `.gz` where the
    /// digest is of the content (all but KMNIST); for CIFAR the archives
    /// `MIRROR/cifar-10-binary.tar.gz` and `MIRROR/cifar-100-binary.tar.gz`. Any
    /// server of files will do. Digests are checked as ever.
    #[must_use]
    pub fn mirror(mut self, mirror: Option<String>) -> Self {
        self.options.mirror = mirror;
        self
    }

    /// The data root. It need not exist.
    ///
    /// # Errors
    /// As for [`default_root`].
    pub fn root(&self) -> Result<PathBuf, DataError> {
        self.root.clone().map_or_else(default_root, Ok)
    }

    /// What of a data set is there. Looks, and reads nothing.
    ///
    /// # Errors
    /// [`DataError::UnknownDataset`]; [`DataError::Pickles`] if it is there as
    /// Python pickles alone.
    pub fn locate(&self, name: &str) -> Result<Location, DataError> {
        let entry = entry(name)?;
        let Some(files) = entry.files() else {
            return Ok(Location::default());
        };
        let root = self.root()?;
        locate::refuse_pickles(&root, name, files)?;
        Ok(locate::locate(&root, files))
    }

    /// Fetches the files of a data set that are not there. Those that are stay
    /// as they are; [`verify`](Self::verify) tells what they are worth.
    ///
    /// A file gets its name when its digest has been checked, and not before.
    /// One process fetches at a time; another waits, and finds the work done.
    ///
    /// # Errors
    /// [`DataError::UnknownDataset`]; [`DataError::Missing`] if the network may
    /// not or cannot be used; [`DataError::Fetch`] with every attempt if no
    /// server delivered; [`DataError::Archive`] and [`DataError::Digest`] if an
    /// archive is not what it should be; [`DataError::Io`].
    pub fn fetch(
        &self,
        name: &str,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Location, DataError> {
        let entry = entry(name)?;
        match entry.files() {
            None => Ok(Location::default()),
            Some(files) => fetch::fetch(name, files, &self.root()?, &self.options, progress),
        }
    }

    /// Holds every file of a data set against its published digest.
    ///
    /// # Errors
    /// [`DataError::UnknownDataset`]; [`DataError::Io`] if a file cannot be
    /// read. What is missing or differs is no error here but in the report.
    pub fn verify(&self, name: &str) -> Result<VerifyReport, DataError> {
        let entry = entry(name)?;
        match entry.files() {
            None => Ok(VerifyReport {
                name: entry.name,
                files: Vec::new(),
            }),
            Some(files) => verify::verify(entry, files, &self.root()?),
        }
    }

    /// Loads a data set into memory, fetched if need be, with the mean and
    /// deviation of its training images computed.
    ///
    /// # Errors
    /// As for [`locate`](Self::locate) and [`fetch`](Self::fetch);
    /// [`DataError::Damaged`] and [`DataError::Inconsistent`] if files are not
    /// what they should be.
    pub fn load(
        &self,
        name: &str,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Datasets, DataError> {
        let entry = entry(name)?;
        match &entry.source {
            #[cfg(feature = "mnist-mini")]
            Source::Embedded(load) => load(),
            Source::Files(files) => {
                let root = self.root()?;
                locate::refuse_pickles(&root, name, files)?;
                fetch::fetch(name, files, &root, &self.options, progress)?;
                read::read(entry, files, &root).map_err(|error| match error {
                    problem @ DataError::Malformed { .. } => DataError::Damaged {
                        name: name.into(),
                        problem: Box::new(problem),
                    },
                    other => other,
                })
            }
        }
    }
}
