//! From a data set's entry to its files on disk.

use std::{fs, path::Path};

use super::{
    digest::{self, Check},
    entry::{Archive, File, Files, Origin},
    extract::extract,
    locate::{Location, find, locate, relative},
    lock::lock,
    progress::Progress,
};
use crate::DataError;

/// Slack of what may be fetched over what is expected: a gzip of bytes that
/// cannot be compressed is a little larger than they are.
const SLACK: u64 = 1 << 16;

/// How to fetch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub offline: bool,
    pub mirror: Option<String>,
    #[cfg(feature = "fetch")]
    pub patience: super::download::Patience,
}

/// Fetches the files that are not under `root`.
pub(crate) fn fetch(
    name: &str,
    files: &Files,
    root: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Location, DataError> {
    // Without the lock: a data root that is complete may well be read-only.
    let location = locate(root, files);
    if location.is_complete() {
        return Ok(location);
    }
    let fetcher = Fetcher {
        name,
        files,
        root,
        options,
    };
    fetcher.may_fetch(&location)?;
    let _lock = lock(root, progress)?;
    match files.origin {
        Origin::Gzips => fetcher.gzips(progress)?,
        Origin::Archive(archive) => fetcher.archive(&archive, progress)?,
    }
    Ok(locate(root, files))
}

struct Fetcher<'a> {
    name: &'a str,
    files: &'a Files,
    root: &'a Path,
    options: &'a Options,
}

impl Fetcher<'_> {
    /// Says what is missing, and where to put it, if the network must be left alone.
    fn may_fetch(&self, location: &Location) -> Result<(), DataError> {
        let by_hand = match self.files.origin {
            Origin::Archive(archive) if self.root.join(archive.name).is_file() => return Ok(()),
            Origin::Archive(archive) => format!("put {} there, packed or unpacked", archive.name),
            Origin::Gzips => "put them there, gzipped or not".into(),
        };
        let why = if self.options.offline {
            "offline, nothing is fetched;"
        } else if cfg!(feature = "fetch") {
            return Ok(());
        } else {
            "this program was built without the feature `fetch`; build it with that, or"
        };
        let from = self.files.mirrors[0];
        Err(DataError::Missing {
            name: self.name.into(),
            root: self.root.into(),
            missing: location.missing.clone(),
            advice: format!("{why} {by_hand} (from {from}), or name another data folder"),
        })
    }

    fn gzips(&self, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), DataError> {
        let folder = self.root.join(self.files.folder);
        fs::create_dir_all(&folder).map_err(DataError::io("create", &folder))?;
        for file in self.files.all() {
            if find(self.root, self.files, file).is_some() {
                continue;
            }
            let path = format!("{}.gz", relative(self.files, file));
            self.download(
                &path,
                file.size + SLACK,
                &|got| check_gzip(got, file),
                progress,
            )?;
        }
        Ok(())
    }

    fn archive(
        &self,
        archive: &Archive,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), DataError> {
        // Another process may have done it all while this one waited.
        if locate(self.root, self.files).is_complete() {
            return Ok(());
        }
        let path = self.root.join(archive.name);
        let check = |got: &Path| check_archive(got, archive);
        // One that somebody has put there is used, and left to them.
        let theirs = path.is_file();
        if theirs {
            progress(Progress::Verifying { file: archive.name });
            check(&path)?;
        } else {
            self.download(archive.name, archive.size, &check, progress)?;
        }
        extract(&path, self.root, self.files, progress)?;
        if !theirs {
            fs::remove_file(&path).map_err(DataError::io("delete", &path))?;
        }
        Ok(())
    }

    /// Fetches the file at `path`, relative to the data root and to a mirror.
    #[cfg(feature = "fetch")]
    fn download(
        &self,
        path: &str,
        most: u64,
        check: &dyn Fn(&Path) -> Result<(), DataError>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), DataError> {
        let urls: Vec<String> = match &self.options.mirror {
            Some(mirror) => vec![format!("{}/{path}", mirror.trim_end_matches('/'))],
            None => {
                let file = path.rsplit('/').next().unwrap_or(path);
                let mirrors = self.files.mirrors.iter();
                mirrors.map(|mirror| format!("{mirror}{file}")).collect()
            }
        };
        super::download::download(
            &super::download::Wanted {
                file: path,
                target: &self.root.join(path),
                urls: &urls,
                most,
                check,
            },
            &self.options.patience,
            progress,
        )
    }

    /// Without the network, [`may_fetch`](Self::may_fetch) lets nothing come to
    /// this but an archive that went away in between.
    #[cfg(not(feature = "fetch"))]
    fn download(
        &self,
        path: &str,
        _: u64,
        _: &dyn Fn(&Path) -> Result<(), DataError>,
        _: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), DataError> {
        Err(DataError::Missing {
            name: self.name.into(),
            root: self.root.into(),
            missing: vec![path.into()],
            advice: "this program was built without the feature `fetch`".into(),
        })
    }
}

fn check_gzip(path: &Path, file: &File) -> Result<(), DataError> {
    let (expected, found) = match digest::check(path, file, &Default::default())
        .map_err(DataError::io("read", path))?
    {
        Check::Matches { .. } => return Ok(()),
        Check::Differs { expected, found } => (expected, found),
        Check::Unpublished => (
            "the gzipped file, whose digest is published".into(),
            "a file that is not gzipped".into(),
        ),
    };
    Err(DataError::Digest {
        path: path.into(),
        expected,
        found,
    })
}

fn check_archive(path: &Path, archive: &Archive) -> Result<(), DataError> {
    let found = digest::md5_of(path).map_err(DataError::io("read", path))?;
    if found == archive.md5 {
        return Ok(());
    }
    Err(DataError::Digest {
        path: path.into(),
        expected: format!("md5:{}", archive.md5),
        found: format!("md5:{found}"),
    })
}
