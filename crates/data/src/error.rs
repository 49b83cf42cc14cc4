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

    /// A loader that could never deliver a batch.
    #[error("cannot load batches: {problem}")]
    Loader {
        /// What is wrong.
        problem: String,
    },
}
