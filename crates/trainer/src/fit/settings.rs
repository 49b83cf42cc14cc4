//! What a training in a folder goes by, for who resumes it to hold to.

use std::{fs, io};

use toml::{Table, Value};

use super::{FitConfig, FitData};
use crate::{
    TrainError, checkpoint::Checkpoints, fit::BatchSource, resume, run_dir::RunDir,
    whole_file::write_whole,
};

const FILE: &str = "fit.toml";

/// Writes settings and numbers of images into a new folder, or compares those in it.
///
/// # Errors
/// [`TrainError::OtherConfig`] with each that has another value, [`TrainError::Io`].
pub(super) fn check(
    dir: &RunDir,
    config: &FitConfig,
    data: &FitData<'_>,
    begun: bool,
) -> Result<(), TrainError> {
    let is = settings(config, data);
    let path = dir.path().join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) if begun => {
            let was: Table = text.parse().map_err(|e: toml::de::Error| {
                let broken = io::Error::new(io::ErrorKind::InvalidData, e.message().to_string());
                TrainError::io("read", &path)(broken)
            })?;
            resume::check_tables(dir.path(), was, is.clone())?;
        }
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            return Err(TrainError::io("read", path)(e));
        }
        _ => {}
    }
    write_whole(&path, is.to_string().as_bytes())
}

/// The first epoch of an average (SWA) of a training in the folder, if it is one and has a
/// checkpoint.
///
/// # Errors
/// [`TrainError::Io`].
pub(super) fn average_begins(dir: &RunDir) -> Result<Option<usize>, TrainError> {
    let begun = Checkpoints::of_run(dir.path()).newest()?.0.is_some();
    let settings: Option<Table> = dir.text(FILE)?.and_then(|text| text.parse().ok());
    let begins = settings.filter(|_| begun).and_then(|settings| {
        let epoch = settings.get("average")?.get("start_epoch")?;
        usize::try_from(epoch.as_integer()?).ok()
    });
    Ok(begins)
}

fn settings(config: &FitConfig, data: &FitData<'_>) -> Table {
    let mut all = Table::try_from(config).expect("settings are plain values");
    let valid = data.valid.map_or(0, BatchSource::images);
    for (name, count) in [
        ("train_images", data.train.images()),
        ("train_batches", data.train.batches()),
        ("valid_images", valid),
    ] {
        all.insert(name.into(), Value::Integer(count as i64));
    }
    all
}
