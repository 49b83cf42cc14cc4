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

    /// A share of images that cannot be split off.
    #[error("cannot hold out a share of {share} of {images} images for validation: {problem}")]
    Split {
        /// The share that was asked for, from 0 to 1.
        share: f64,
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
