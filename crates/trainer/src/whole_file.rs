//! Files and folders that appear whole or not at all.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::TrainError;

/// Writes a file beside its name, syncs it and renames it.
///
/// # Errors
/// [`TrainError::Io`]. A file of that name, if any, is then as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let part = part_of(path);
    let write = || -> io::Result<()> {
        write_synced(&part, bytes)?;
        fs::rename(&part, path)
    };
    write().map_err(|e| {
        // What is left of it is of no use.
        let _ = fs::remove_file(&part);
        TrainError::io("write", path)(e)
    })
}

/// Makes a folder beside its name by `fill`, syncs it and renames it, so that a
/// reader finds all of it or nothing, even after a power cut.
///
/// # Errors
/// Of `fill`, or of the system. What was begun is then gone.
pub(crate) fn make_whole(
    path: &Path,
    fill: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let part = part_of(path);
    let make = || -> io::Result<()> {
        if part.exists() {
            // Left by a process that was killed.
            fs::remove_dir_all(&part)?;
        }
        fs::create_dir(&part)?;
        fill(&part)?;
        sync_folder(&part)?;
        fs::rename(&part, path)?;
        path.parent().map_or(Ok(()), sync_folder)
    };
    make().inspect_err(|_| {
        let _ = fs::remove_dir_all(&part);
    })
}

/// Writes a file and waits until it is on the disk.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Waits until the names in a folder are on the disk.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    // Only on Unix can a folder be opened as a file.
    match cfg!(unix) {
        true => File::open(path)?.sync_all(),
        false => Ok(()),
    }
}

/// Where something lies until it is whole.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    let mut part = OsString::from(path);
    part.push(PART);
    part.into()
}

/// The end of the name of what is not whole yet.
pub(crate) const PART: &str = ".part";
