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

/// The one list of data sets: a name, and what loads it.
const CATALOG: &[(&str, Load)] = &[
    #[cfg(feature = "mnist-mini")]
    (crate::mnist_mini::NAME, crate::mnist_mini::load),
];

type Load = fn() -> Result<Datasets, DataError>;

/// The names that [`load`] knows.
#[must_use]
pub fn names() -> Vec<&'static str> {
    CATALOG.iter().map(|(name, _)| *name).collect()
}

/// Loads a data set by its name.
///
/// # Errors
/// [`DataError::UnknownDataset`], or what is wrong with the data set's files.
pub fn load(name: &str) -> Result<Datasets, DataError> {
    match CATALOG.iter().find(|(known, _)| *known == name) {
        Some((_, load)) => load(),
        None => Err(DataError::UnknownDataset {
            name: name.into(),
            known: names(),
        }),
    }
}

#[cfg(all(test, feature = "mnist-mini"))]
mod tests {
    use super::*;

    #[test]
    fn loads_by_name() {
        assert_eq!(load("mnist-mini").unwrap().test.len(), 1000);
        let error = load("mnist_mini").unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no data set `mnist_mini`; known: mnist-mini"
        );
    }
}
