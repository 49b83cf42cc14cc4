//! From a configuration to the images that it names.

use data::{Datasets, Progress, Store, folder};

use crate::{TrainError, config::TrainConfig};

/// What a name of a folder of images begins with.
const FOLDER: &str = "folder:";

/// Loads the data set that `config` names; `store` gets what is missing, and
/// tells `progress` how that goes.
///
/// # Errors
/// [`TrainError::Unknown`] or [`TrainError::Data`].
pub fn load_datasets(
    config: &TrainConfig,
    store: &Store,
    progress: &mut dyn FnMut(Progress),
) -> Result<Datasets, TrainError> {
    Ok(match config.dataset.strip_prefix(FOLDER) {
        Some(path) => folder::load(path.as_ref(), &config.folder)?,
        None => store.load(&config.dataset, progress)?,
    })
}
