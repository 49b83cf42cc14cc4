//! Taking the files of a data set out of its archive.
//!
//! Nothing of the archive decides where something is written: only the names in
//! the catalogue are, and only in the size that it states.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufReader, Read, Write},
    path::{Component, Path, PathBuf},
};

use flate2::bufread::GzDecoder;
use sha2::{Digest as _, Sha256};
use tar::EntryType;

use super::{
    digest::{SUMS, hex, write_sums},
    entry::{File, Files},
    locate::{find, relative},
    progress::Progress,
};
use crate::DataError;

/// The most bytes of an entry that is not wanted: pages and lists of names.
const ASIDE: u64 = 1 << 20;

/// Extension of a file that is being written.
pub(crate) const PART: &str = "part";

/// Writes the files of `files` that are not under `root`, out of the archive at
/// `path`, and records the digests of all of them beside.
///
/// Files get their names when the whole archive has been read and was right.
pub(crate) fn extract(
    path: &Path,
    root: &Path,
    files: &Files,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), DataError> {
    let folder = root.join(files.folder);
    fs::create_dir_all(&folder).map_err(DataError::io("create", &folder))?;
    let source = fs::File::open(path).map_err(DataError::io("read", path))?;
    // Headers and padding take a kilobyte or so an entry.
    let most = files.all().map(|file| file.size).sum::<u64>() + 16 * ASIDE;
    let mut extraction = Extraction {
        archive: path,
        root,
        files,
        wanted: files
            .all()
            .map(|file| (relative(files, file), file))
            .collect(),
        written: Vec::new(),
        sums: BTreeMap::new(),
    };
    let gzip = GzDecoder::new(BufReader::with_capacity(1 << 16, source));
    let mut archive = tar::Archive::new(gzip.take(most));
    let fail = |problem: io::Error| extraction_error(path, "(none)", &problem.to_string());
    for entry in archive.entries().map_err(fail)? {
        extraction.entry(entry.map_err(fail)?, progress)?;
    }
    extraction.finish(&folder)
}

struct Extraction<'a> {
    archive: &'a Path,
    root: &'a Path,
    files: &'a Files,
    /// What has not been seen yet, by its path in the archive.
    wanted: BTreeMap<String, &'static File>,
    written: Vec<Temporary>,
    sums: BTreeMap<String, String>,
}

impl Extraction<'_> {
    fn entry(
        &mut self,
        mut entry: tar::Entry<'_, impl Read>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), DataError> {
        let path = entry.path().map(|path| path.into_owned());
        let path = path.map_err(|e| extraction_error(self.archive, "(no name)", &e.to_string()))?;
        let shown = path.display().to_string();
        let fail = |problem: &str| Err(extraction_error(self.archive, &shown, problem));

        let mut names = Vec::new();
        for component in path.components() {
            match component {
                Component::Normal(name) => names.push(name.to_string_lossy()),
                Component::CurDir => {}
                Component::ParentDir => return fail("it climbs out of the folder"),
                Component::RootDir | Component::Prefix(_) => return fail("its path is absolute"),
            }
        }
        match entry.header().entry_type() {
            EntryType::Regular => {}
            EntryType::Directory | EntryType::XGlobalHeader => return Ok(()),
            EntryType::Symlink | EntryType::Link => return fail("it is a link"),
            _ => return fail("it is neither a file nor a folder"),
        }
        let name = names.join("/");
        let size = entry.size();
        let Some(file) = self.wanted.remove(&name) else {
            if self
                .files
                .all()
                .any(|file| relative(self.files, file) == name)
            {
                return fail("it is there twice");
            }
            if size > ASIDE {
                return fail(&format!("{size} bytes of something that is not expected"));
            }
            return Ok(());
        };
        if size != file.size {
            return fail(&format!("expected {} bytes, found {size}", file.size));
        }
        progress(Progress::Extracting { file: &name });
        // A file that is there already is left as it is, and its digest recorded.
        let mut target = match find(self.root, self.files, file) {
            Some(_) => None,
            None => Some(Temporary::create(
                self.root.join(self.files.folder).join(file.name),
            )?),
        };
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        let mut copied = 0;
        loop {
            let read = match entry.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(e) => return fail(&format!("after {copied} of {size} bytes: {e}")),
            };
            hasher.update(&buffer[..read]);
            if let Some(target) = &mut target {
                target.write(&buffer[..read])?;
            }
            copied += read as u64;
        }
        if copied != size {
            return fail(&format!("the archive ends after {copied} of {size} bytes"));
        }
        self.sums.insert(file.name.into(), hex(&hasher.finalize()));
        if let Some(target) = target {
            target.sync()?;
            self.written.push(target);
        }
        Ok(())
    }

    fn finish(self, folder: &Path) -> Result<(), DataError> {
        if let Some((name, _)) = self.wanted.first_key_value() {
            return Err(extraction_error(self.archive, name, "it is not there"));
        }
        // The digests first: files without them would count as never verified.
        let mut sums = Temporary::create(folder.join(SUMS))?;
        sums.write(write_sums(&self.sums).as_bytes())?;
        sums.sync()?;
        sums.rename()?;
        for file in self.written {
            file.rename()?;
        }
        sync_folder(folder);
        Ok(())
    }
}

fn extraction_error(archive: &Path, entry: &str, problem: &str) -> DataError {
    DataError::Archive {
        archive: archive.into(),
        entry: entry.into(),
        problem: problem.into(),
    }
}

/// A file that is deleted unless it gets its final name.
#[derive(Debug)]
struct Temporary {
    file: fs::File,
    path: PathBuf,
    target: PathBuf,
}

impl Temporary {
    fn create(target: PathBuf) -> Result<Self, DataError> {
        let path = part_of(&target);
        let file = fs::File::create(&path).map_err(DataError::io("create", &path))?;
        Ok(Self { file, path, target })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        self.file
            .write_all(bytes)
            .map_err(DataError::io("write", &self.path))
    }

    fn sync(&self) -> Result<(), DataError> {
        self.file
            .sync_all()
            .map_err(DataError::io("write", &self.path))
    }

    fn rename(self) -> Result<(), DataError> {
        fs::rename(&self.path, &self.target).map_err(DataError::io("rename", &self.path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing to delete.
        let _ = fs::remove_file(&self.path);
    }
}

/// The temporary name of a file: in the same folder, so that it can be renamed.
pub(crate) fn part_of(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".");
    name.push(PART);
    name.into()
}

/// Makes renames last through a power cut, on systems where a folder can be
/// opened; where it cannot, the renames are no less done.
pub(crate) fn sync_folder(folder: &Path) {
    if let Ok(folder) = fs::File::open(folder) {
        let _ = folder.sync_all();
    }
}
