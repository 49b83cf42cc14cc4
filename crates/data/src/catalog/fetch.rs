//! From a data set's entry to its files on disk.

use std::{fs, path::Path};

use super::{
    digest::{self, Check},
    entry::{Archive, Digest, File, Files, Origin},
    extract::extract,
    locate::{Location, archive_of, find, kept_archive, locate, relative},
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

/// A file to fetch.
#[cfg_attr(not(feature = "fetch"), expect(dead_code))]
pub(crate) struct Wanted<'a> {
    /// Its path relative to the data root, and to a mirror of it.
    pub file: &'a str,
    /// Where it goes.
    pub target: &'a Path,
    /// The most bytes that it can have; more are not written.
    pub most: u64,
    /// The bytes that it has, if that is known: fewer are not all of them, also
    /// where a server does not say how many it sends.
    pub exact: Option<u64>,
    /// Whether what came is right: [`DataError::Digest`] if not.
    pub check: &'a dyn Fn(&Path) -> Result<(), DataError>,
}

/// Why a file did not come.
pub(crate) struct Failure {
    pub error: DataError,
    /// Whether every server said that it has no such file.
    pub absent: bool,
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        let absent = false;
        Self { error, absent }
    }
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
        // What a process left that was ended between its last two steps.
        if let Origin::Archive(archive) = files.origin {
            let _ = fs::remove_file(kept_archive(root, &archive));
        }
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
            Origin::Archive(archive) if archive_of(self.root, &archive).is_some() => {
                return Ok(());
            }
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
            self.gzip(file, progress)?;
        }
        Ok(())
    }

    /// Fetches a gzipped file, or the plain one where a mirror of one's own, which
    /// holds what a data root holds, has that instead.
    fn gzip(&self, file: &File, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), DataError> {
        let plain = relative(self.files, file);
        let path = format!("{plain}.gz");
        let wanted = Wanted {
            file: &path,
            target: &self.root.join(&path),
            most: file.size + SLACK,
            exact: None,
            check: &|got| check_file(got, file),
        };
        let Err(failure) = self.download(&wanted, progress) else {
            return Ok(());
        };
        // The digest of a gzip says nothing of what is in it.
        let checkable = matches!(file.digest, Digest::Content(_));
        if !(failure.absent && self.options.mirror.is_some() && checkable) {
            return Err(failure.error);
        }
        let wanted = Wanted {
            file: &plain,
            target: &self.root.join(&plain),
            most: file.size,
            exact: Some(file.size),
            ..wanted
        };
        self.download(&wanted, progress)
            .map_err(|second| match (failure.error, second.error) {
                (
                    DataError::Fetch { file, mut attempts },
                    DataError::Fetch {
                        attempts: second, ..
                    },
                ) => {
                    attempts.extend(second);
                    DataError::Fetch { file, attempts }
                }
                (_, other) => other,
            })
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
        let check = |got: &Path| check_archive(got, archive);
        // One that somebody has put there is used, and left to them.
        let theirs = self.root.join(archive.name);
        if theirs.is_file() {
            progress(Progress::Verifying { file: archive.name });
            check(&theirs)?;
            return extract(&theirs, self.root, self.files, progress);
        }
        // One that was fetched has a name of its own until it is unpacked, by
        // which it is found again if that is interrupted.
        let kept = kept_archive(self.root, archive);
        let mut there = kept.is_file();
        if there {
            progress(Progress::Verifying { file: archive.name });
            match check(&kept) {
                Err(DataError::Digest { .. }) => {
                    fs::remove_file(&kept).map_err(DataError::io("delete", &kept))?;
                    self.may_fetch(&locate(self.root, self.files))?;
                    there = false;
                }
                checked => checked?,
            }
        }
        if !there {
            let wanted = Wanted {
                file: archive.name,
                target: &kept,
                most: archive.size,
                exact: Some(archive.size),
                check: &check,
            };
            self.download(&wanted, progress)
                .map_err(|failure| failure.error)?;
        }
        extract(&kept, self.root, self.files, progress)?;
        match fs::remove_file(&kept) {
            // Another process may have seen that all is there.
            Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
                Err(DataError::io("delete", &kept)(problem))
            }
            _ => Ok(()),
        }
    }

    /// Fetches a file: from the data set's mirrors, or from one's own.
    #[cfg(feature = "fetch")]
    fn download(
        &self,
        wanted: &Wanted<'_>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Failure> {
        let path = wanted.file;
        let urls: Vec<String> = match &self.options.mirror {
            Some(mirror) => vec![format!("{}/{path}", mirror.trim_end_matches('/'))],
            None => {
                let file = path.rsplit('/').next().unwrap_or(path);
                let mirrors = self.files.mirrors.iter();
                mirrors.map(|mirror| format!("{mirror}{file}")).collect()
            }
        };
        super::download::download(wanted, &urls, &self.options.patience, progress)
    }

    /// Without the network, [`may_fetch`](Self::may_fetch) lets nothing come to
    /// this but an archive that went away in between.
    #[cfg(not(feature = "fetch"))]
    fn download(
        &self,
        wanted: &Wanted<'_>,
        _: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Failure> {
        Err(Failure::from(DataError::Missing {
            name: self.name.into(),
            root: self.root.into(),
            missing: vec![wanted.file.into()],
            advice: "this program was built without the feature `fetch`".into(),
        }))
    }
}

fn check_file(path: &Path, file: &File) -> Result<(), DataError> {
    let (expected, found) = match digest::check(path, file, &Default::default())? {
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
