use crate::{DataError, ImageDataset};

/// The two parts of a data set, as its authors made them.
#[derive(Debug, Clone)]
pub struct Datasets {
    /// What is trained and validated on.
    pub train: ImageDataset,
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
        None => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> DataError {
    let nearest = names()
        .into_iter()
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    DataError::UnknownDataset {
        name: name.into(),
        nearest: nearest.map(|(_, known)| known.into()),
        known: names().into_iter().map(Into::into).collect(),
    }
}

#[cfg(all(test, feature = "mnist-mini"))]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_nearest_name() {
        let error = load("mnist_mini").unwrap_err().to_string();
        assert!(error.contains("did you mean `mnist-mini`?"), "{error}");
        let error = load("zzz").unwrap_err().to_string();
        assert!(
            !error.contains("did you mean") && error.contains("known: mnist-mini"),
            "{error}"
        );
    }
}
