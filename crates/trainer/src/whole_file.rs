//! Files that appear whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use crate::TrainError;

/// Writes a file beside its name, syncs it and renames it.
///
/// # Errors
/// [`TrainError::Io`]. A file of that name, if any, is then as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let write = || -> io::Result<()> {
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)
    };
    write().map_err(|e| {
        // What is left of it is of no use.
        let _ = fs::remove_file(&part);
        TrainError::io("write", path)(e)
    })
}
