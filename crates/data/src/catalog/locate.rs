//! Where the files of a data set lie.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::entry::{Archive, Digest, File, Files, Origin};
use crate::DataError;

/// The environment variable that names the data root.
pub const ROOT_VARIABLE: &str = "KILN_DATA";

/// The data root if none is given: the folder that `KILN_DATA` names, else
/// `kiln/data` in the user's cache.
///
/// # Errors
/// [`DataError::Io`] if neither is known.
pub fn default_root() -> Result<PathBuf, DataError> {
    root_of(env::var_os(ROOT_VARIABLE), dirs::cache_dir())
}

fn root_of(variable: Option<OsString>, cache: Option<PathBuf>) -> Result<PathBuf, DataError> {
    if let Some(root) = variable.filter(|root| !root.is_empty()) {
        return Ok(root.into());
    }
    match cache {
        Some(cache) => Ok(cache.join("kiln").join("data")),
        None => Err(DataError::Io {
            action: "find",
            path: "the user's cache".into(),
            problem: format!("this system names none; set {ROOT_VARIABLE} to a folder"),
        }),
    }
}

/// What of a data set is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// The files that are there.
    pub found: Vec<PathBuf>,
    /// The files that are not, relative to the data root, without `.gz`.
    pub missing: Vec<String>,
}

impl Location {
    /// Whether nothing is missing. An embedded data set always is complete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Looks for the files of a data set under `root`.
pub(crate) fn locate(root: &Path, files: &Files) -> Location {
    let mut location = Location::default();
    for file in files.all() {
        match find(root, files, file) {
            Some(path) => location.found.push(path),
            None => location.missing.push(relative(files, file)),
        }
    }
    location
}

/// The path of `file` under the data root, with `/`.
pub(crate) fn relative(files: &Files, file: &File) -> String {
    format!("{}/{}", files.folder, file.name)
}

/// The file, gzipped or not.
pub(crate) fn find(root: &Path, files: &Files, file: &File) -> Option<PathBuf> {
    let plain = root.join(files.folder).join(file.name);
    let gzipped = root.join(files.folder).join(format!("{}.gz", file.name));
    // Unpacked ones are read faster; torchvision leaves both. But what has a
    // digest of the gzipped file alone can only be verified so.
    let order = match file.digest {
        Digest::Gzip(_) => [gzipped, plain],
        Digest::Content(_) | Digest::None => [plain, gzipped],
    };
    order.into_iter().find(|path| path.is_file())
}

/// The archive, if somebody put it there or a fetch was interrupted.
pub(crate) fn archive_of(root: &Path, archive: &Archive) -> Option<PathBuf> {
    let paths = [root.join(archive.name), kept_archive(root, archive)];
    paths.into_iter().find(|path| path.is_file())
}

/// The name of an archive between its download and the end of its unpacking:
/// another than its own, for what has that belongs to whoever put it there.
pub(crate) fn kept_archive(root: &Path, archive: &Archive) -> PathBuf {
    root.join(format!(".kiln-{}", archive.name))
}

/// Refuses a data set that is there as Python pickles alone.
pub(crate) fn refuse_pickles(root: &Path, name: &str, files: &Files) -> Result<(), DataError> {
    let (Some(pickles), Origin::Archive(archive)) = (files.pickles, files.origin) else {
        return Ok(());
    };
    let folder = root.join(pickles);
    let unpacked = !locate(root, files).found.is_empty();
    if folder.is_dir() && !unpacked && archive_of(root, &archive).is_none() {
        return Err(DataError::Pickles {
            name: name.into(),
            folder,
            archive: archive.name,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::catalog::entry;

    fn files(name: &str) -> &'static Files {
        entry(name).unwrap().files().unwrap()
    }

    #[test]
    fn the_variable_goes_before_the_cache() {
        let cache = || Some(PathBuf::from("cache"));
        assert_eq!(root_of(Some("r".into()), cache()).unwrap(), Path::new("r"));
        let default = Path::new("cache").join("kiln").join("data");
        assert_eq!(root_of(None, cache()).unwrap(), default);
        assert_eq!(root_of(Some("".into()), cache()).unwrap(), default);
        let error = root_of(None, None).unwrap_err().to_string();
        assert!(error.contains("KILN_DATA"), "{error}");
    }

    #[test]
    fn finds_torchvisions_layout_gzipped_or_not() {
        let root = tempfile::tempdir().unwrap();
        let raw = root.path().join("MNIST/raw");
        fs::create_dir_all(&raw).unwrap();
        let put = |name: &str| fs::write(raw.join(name), b"").unwrap();
        put("train-images-idx3-ubyte.gz");
        put("train-labels-idx1-ubyte");
        put("t10k-images-idx3-ubyte");
        put("t10k-images-idx3-ubyte.gz");
        let location = locate(root.path(), files("mnist"));
        let found = [
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte",
            "t10k-images-idx3-ubyte",
        ];
        assert_eq!(location.found, found.map(|name| raw.join(name)));
        assert_eq!(location.missing, ["MNIST/raw/t10k-labels-idx1-ubyte"]);
        assert!(!location.is_complete());
        put("t10k-labels-idx1-ubyte");
        assert!(locate(root.path(), files("mnist")).is_complete());
    }

    #[test]
    fn prefers_the_file_that_has_a_digest() {
        let root = tempfile::tempdir().unwrap();
        let raw = root.path().join("KMNIST/raw");
        fs::create_dir_all(&raw).unwrap();
        fs::write(raw.join("train-images-idx3-ubyte"), b"").unwrap();
        fs::write(raw.join("train-images-idx3-ubyte.gz"), b"").unwrap();
        let found = locate(root.path(), files("kmnist")).found;
        assert_eq!(found, [raw.join("train-images-idx3-ubyte.gz")]);
    }

    #[test]
    fn refuses_pickles_only_where_nothing_else_is() {
        let root = tempfile::tempdir().unwrap();
        for (name, pickles, binary) in [
            ("cifar10", "cifar-10-batches-py", "cifar-10-batches-bin"),
            ("cifar100", "cifar-100-python", "cifar-100-binary"),
        ] {
            let check = || refuse_pickles(root.path(), name, files(name));
            check().unwrap();
            fs::create_dir(root.path().join(pickles)).unwrap();
            let error = check().unwrap_err().to_string();
            assert!(
                error.contains(pickles) && error.contains(&format!("`kiln data fetch {name}`")),
                "{error}"
            );
            let binary = root.path().join(binary);
            fs::create_dir(&binary).unwrap();
            check().unwrap_err();
            let file = files(name).train[0].name;
            fs::write(binary.join(file), b"").unwrap();
            check().unwrap();
        }
    }
}
