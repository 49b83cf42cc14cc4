//! One process fetches into a data root at a time.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
};

use super::progress::Progress;
use crate::DataError;

/// The file that is locked. It stays: to delete it would take the lock from
/// under the one who waits for it.
const NAME: &str = ".kiln-data.lock";

/// Creates `root` and locks it, until the value is dropped or the process ends,
/// however it ends. Waits for another process that holds the lock.
pub(crate) fn lock(root: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<File, DataError> {
    fs::create_dir_all(root).map_err(DataError::io("create", root))?;
    let path = root.join(NAME);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(DataError::io("create", &path))?;
    let locked = match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            progress(Progress::Waiting { lock: &path });
            file.lock()
        }
        Err(TryLockError::Error(problem)) => Err(problem),
    };
    match locked {
        // Some network file systems have no locks. Two processes then fetch the
        // same bytes twice, and one finds its temporary file renamed: no harm.
        Err(problem) if problem.kind() != io::ErrorKind::Unsupported => {
            Err(DataError::io("lock", &path)(problem))
        }
        _ => Ok(file),
    }
}
