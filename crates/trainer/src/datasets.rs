//! From a configuration to the images that it names.

use std::{ffi::OsStr, path::Path};

use data::{Datasets, Progress, Store, folder};

use crate::{NetworkSource, TrainError, config::TrainConfig, start};

/// Characters of a data set's name in the name of a run: names of files have an end.
const LONGEST: usize = 40;

/// What a name of a folder of images begins with.
const FOLDER: &str = "folder:";

/// Loads the data set that `config` names; `store` gets what is missing, and
/// tells `progress` how that goes. That the model exists, and can have the options
/// that are chosen for it, and that the file of weights exists, if there is to be
/// one, is looked at first.
///
/// # Errors
/// [`TrainError::Config`], [`TrainError::Unknown`], [`TrainError::NetworkFile`], [`TrainError::Weights`] or
/// [`TrainError::Data`].
pub fn load_datasets(
    config: &TrainConfig,
    store: &Store,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Datasets, TrainError> {
    // A slip in the name of the model, or in a file, is no reason to fetch.
    NetworkSource::find(&config.model)?.check(config)?;
    start::look(config)?;
    Ok(match config.dataset.strip_prefix(FOLDER) {
        Some(path) => folder::load(path, &config.folder)?,
        None => store.load(&config.dataset, progress)?,
    })
}

/// The name of a data set as a part of a file name.
pub(crate) fn short_name(dataset: &str) -> String {
    let name = match dataset.strip_prefix(FOLDER) {
        Some(path) => Path::new(path)
            .file_name()
            .map_or("folder".into(), OsStr::to_string_lossy),
        None => dataset.into(),
    };
    name.chars()
        .take(LONGEST)
        .map(|c| match c.is_alphanumeric() || c == '_' {
            true => c,
            false => '-',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_one_part_of_a_path() {
        for (dataset, expected) in [
            ("fashion-mnist", "fashion-mnist"),
            ("folder:/data/my photos", "my-photos"),
            ("folder:photos/", "photos"),
            ("folder:..", "folder"),
            ("folder:", "folder"),
        ] {
            assert_eq!(short_name(dataset), expected);
        }
    }
}
