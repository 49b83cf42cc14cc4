use std::{io, path::PathBuf};

use crate::HoldOut;

/// What can be wrong with a data set, or with the way one is asked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// No data set of that name.
    #[error("there is no data set `{name}`; known: {}", .known.join(", "))]
    UnknownDataset {
        /// The name that was asked for.
        name: String,
        /// All known names.
        known: Vec<&'static str>,
    },

    /// A file is not of the format that it should be.
    #[error("{file}, byte {offset}: expected {expected}, found {found}")]
    Malformed {
        /// The file, as its reader named it.
        file: String,
        /// Where, in bytes from the start of the content: decompressed, unless
        /// it is the compression that is wrong.
        offset: u64,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },

    /// A file of a data set of the catalogue that is not what it should be.
    #[error("{problem}; delete that file, and `kiln data fetch {name}` gets it again")]
    Damaged {
        /// The data set.
        name: String,
        /// What is wrong with which file: [`DataError::Malformed`].
        problem: Box<DataError>,
    },

    /// A file or a folder that cannot be read or written.
    #[error("cannot {action} {}: {problem}", .path.display())]
    Io {
        /// What was tried, as in "cannot read".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },

    /// Files of a data set that are not there, and could or should not be fetched.
    #[error(
        "data set `{name}` lacks {} under {}: {advice}",
        .missing.join(", "), .root.display()
    )]
    Missing {
        /// The data set.
        name: String,
        /// The data root.
        root: PathBuf,
        /// The missing files, relative to the root.
        missing: Vec<String>,
        /// What to do.
        advice: String,
    },

    /// A data set that is there as Python pickles alone.
    #[error(
        "{} holds `{name}` as Python pickles, which can run code when read, so that Kiln does \
         not read them: `kiln data fetch {name}` gets the binary version, or unpack {archive} \
         beside it",
        .folder.display()
    )]
    Pickles {
        /// The data set.
        name: String,
        /// The folder of the pickles.
        folder: PathBuf,
        /// The archive of the binary version.
        archive: &'static str,
    },

    /// A file that no mirror delivered.
    #[error(
        "cannot fetch {file}; put it into the data folder by hand, or name a mirror. Tried:{}",
        .attempts.iter().map(|attempt| format!("\n  {attempt}")).collect::<String>()
    )]
    Fetch {
        /// The file, relative to the data root.
        file: String,
        /// What went wrong, in order: an address and a problem each.
        attempts: Vec<String>,
    },

    /// A file whose digest is not the published one.
    #[error(
        "{}: expected {expected}, found {found}; delete it, and it is fetched again",
        .path.display()
    )]
    Digest {
        /// The file.
        path: PathBuf,
        /// The algorithm and the published digest.
        expected: String,
        /// The digest of what is there.
        found: String,
    },

    /// An archive that does not hold what it should.
    #[error("{}, entry `{entry}`: {problem}", .archive.display())]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// The entry's path in it.
        entry: String,
        /// What is wrong with it.
        problem: String,
    },

    /// Pixels, labels and description of a data set do not fit together.
    #[error("data set `{name}`: {problem}")]
    Inconsistent {
        /// The data set.
        name: String,
        /// What does not fit.
        problem: String,
    },

    /// A folder of images that is not laid out as it should be.
    #[error("{path}: {problem}")]
    Folder {
        /// The folder or file.
        path: String,
        /// What is wrong with it, and what would be possible.
        problem: String,
    },

    /// A folder of images cannot be read in the way that is asked for.
    #[error("folder, {key}: {problem}")]
    FolderOption {
        /// The option.
        key: &'static str,
        /// What is wrong with its value.
        problem: String,
    },

    /// An image file that cannot be used.
    #[error("{file}: {problem}")]
    Image {
        /// The file.
        file: String,
        /// What is wrong with it: the decoder's words, if they are its.
        problem: String,
    },

    /// Several image files that cannot be used.
    #[error(
        "{count} of {images} images cannot be used. The first:{}",
        .first.iter().map(|error| format!("\n  {error}")).collect::<String>()
    )]
    Images {
        /// How many.
        count: usize,
        /// Out of how many.
        images: usize,
        /// The first few, each [`DataError::Image`].
        first: Vec<DataError>,
    },

    /// Images that cannot be held out.
    #[error("cannot hold out {held_out} of {images} images: {problem}")]
    Split {
        /// What was asked for.
        held_out: HoldOut,
        /// How many images there are.
        images: usize,
        /// Why it cannot be done.
        problem: String,
    },

    /// A step of the augmentation that cannot be for the data set's images.
    #[error("augment, step {position} ({step}), {key}: {problem}")]
    Augment {
        /// Which step, from 1.
        position: usize,
        /// Its name in a configuration.
        step: &'static str,
        /// The key of its table that is wrong.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },

    /// Steps of the augmentation in an order that cannot be.
    #[error("augment, step {position} ({step}) must come before {before}")]
    AugmentOrder {
        /// Which step, from 1.
        position: usize,
        /// Its name in a configuration.
        step: &'static str,
        /// The step that stands before it.
        before: &'static str,
    },

    /// A loader that could never deliver a batch.
    #[error("cannot load batches: {problem}")]
    Loader {
        /// What is wrong.
        problem: String,
    },
}

impl DataError {
    /// An [`Io`](Self::Io) error, for `map_err`.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |problem| Self::Io {
            action,
            path,
            problem: problem.to_string(),
        }
    }
}
