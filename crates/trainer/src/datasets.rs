//! From a configuration to the images that it names.

use std::{borrow::Cow, path::Path};

use data::{
    Datasets, Progress, Store,
    folder::{self, FolderOptions},
};

use crate::{NetworkSource, TrainError, backend::use_threads, config::TrainConfig, start};

/// What a name of a folder of images begins with.
const FOLDER: &str = "folder:";

/// Loads the data set that `config` names; `store` gets what is missing, and
/// tells `progress` how that goes. That the model exists, and can have the options
/// that are chosen for it, and that the file of weights exists, if there is to be
/// one, is looked at first.
///
/// # Errors
/// [`TrainError::Config`], [`TrainError::Unknown`], [`TrainError::NetworkFile`],
/// [`TrainError::Weights`], [`TrainError::Backend`] or [`TrainError::Data`].
pub fn load_datasets(
    config: &TrainConfig,
    store: &Store,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Datasets, TrainError> {
    // A slip in the name of the model, or in a file, is no reason to fetch.
    NetworkSource::find(&config.model)?.check(config)?;
    start::look(config)?;
    load_images(config, store, progress)
}

/// As [`load_datasets`], but looks at nothing else that `config` names: for those who want
/// the images alone.
///
/// # Errors
/// [`TrainError::Unknown`], [`TrainError::Backend`] or [`TrainError::Data`].
pub fn load_images(
    config: &TrainConfig,
    store: &Store,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Datasets, TrainError> {
    // Images are decoded by threads that are to be as many as asked for.
    use_threads(config.threads)?;
    Ok(match config.dataset.strip_prefix(FOLDER) {
        Some(path) => folder::load(path, &config.folder)?,
        None => store.load(&config.dataset, progress)?,
    })
}

/// Loads a data set that is to be scored by a run, and did not train it: of a folder
/// nothing is split off ([`folder::load_unsplit`]), and its images become what `options`
/// say.
///
/// # Errors
/// [`TrainError::Unknown`] or [`TrainError::Data`].
pub fn load_to_score(
    dataset: &str,
    options: &FolderOptions,
    store: &Store,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Datasets, TrainError> {
    Ok(match dataset.strip_prefix(FOLDER) {
        Some(path) => folder::load_unsplit(path, options)?,
        None => store.load(dataset, progress)?,
    })
}

/// Whether a name is that of a folder of images.
#[must_use]
pub fn is_folder(dataset: &str) -> bool {
    dataset.starts_with(FOLDER)
}

/// Whether two names are of one data set: the same name, or a folder that is spelled in two
/// ways.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    let folder = |name: &str| Path::new(name.strip_prefix(FOLDER)?).canonicalize().ok();
    a == b || folder(a).is_some_and(|a| folder(b) == Some(a))
}

/// Whether `dataset` is a folder of images without a `test`, of which [`load_to_score`] takes
/// all images for that part.
///
/// # Errors
/// [`TrainError::Data`] if it is a folder that cannot be read.
pub fn is_scored_whole(dataset: &str) -> Result<bool, TrainError> {
    Ok(match dataset.strip_prefix(FOLDER) {
        Some(path) => !folder::has_test(path)?,
        None => false,
    })
}

/// The name of a data set; of a folder, its own alone, without where it lies.
#[must_use]
pub fn plain_name(dataset: &str) -> Cow<'_, str> {
    match dataset.strip_prefix(FOLDER) {
        Some(path) => Path::new(path)
            .file_name()
            .unwrap_or_default()
            .to_string_lossy(),
        None => dataset.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_the_same_however_it_is_spelled() {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("folder:{}", folder.path().display());
        let below = folder.path().join("below");
        std::fs::create_dir(&below).unwrap();
        for other in ["", "/", "/.", "/below/.."] {
            assert!(is_same(&name, &format!("{name}{other}")), "{other}");
        }
        assert!(!is_same(&name, &format!("{name}/below")));
        assert!(is_same("mnist", "mnist") && !is_same("mnist", "kmnist"));
        // What is not there has nothing but its name.
        assert!(is_same("folder:nowhere", "folder:nowhere"));
        assert!(!is_same("folder:nowhere", "folder:nowhere/"));
        assert!(!is_same("mnist", "folder:mnist"));
    }

    #[test]
    fn a_folder_is_named_without_its_path() {
        for (dataset, expected) in [
            ("fashion-mnist", "fashion-mnist"),
            ("folder:/data/my photos", "my photos"),
            ("folder:photos/", "photos"),
            ("folder:..", ""),
            ("folder:", ""),
        ] {
            assert_eq!(plain_name(dataset), expected);
        }
    }
}
