//! Whether the files of a data set are what their authors published.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::{
    digest::{self, Check},
    entry::{Entry, Files},
    locate::{find, relative},
    read,
};
use crate::DataError;

/// What became of verifying a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// The data set.
    pub name: &'static str,
    /// Its files. None for one that is embedded in the program.
    pub files: Vec<FileReport>,
}

impl VerifyReport {
    /// Whether nothing is missing, other than published, or malformed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        let fine =
            |file: &FileReport| matches!(file.status, Status::Ok { .. } | Status::Unpublished);
        self.files.iter().all(fine)
    }
}

/// What became of verifying a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The file, relative to the data root, without `.gz`.
    pub file: String,
    /// Where it lies, if it is there. What is no Unicode in it is U+FFFD in JSON.
    #[serde(serialize_with = "lossy")]
    pub path: Option<PathBuf>,
    /// How it compares.
    #[serde(flatten)]
    pub status: Status,
}

fn lossy<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = path.as_ref().map(|path| path.to_string_lossy());
    text.serialize(serializer)
}

/// How a file compares with what is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// Its digest is the published one.
    Ok {
        /// Algorithm and digest, as in `sha256:…`.
        digest: String,
        /// `published`, or `verified archive`: recorded when the file was taken
        /// out of an archive whose digest is published.
        from: &'static str,
    },
    /// It is not the published file.
    Differs {
        /// Algorithm and digest, or the size.
        expected: String,
        /// What there is instead.
        found: String,
    },
    /// It is not there.
    Missing,
    /// No digest of this form of the file is published or recorded. Its size and
    /// structure are right.
    Unpublished,
    /// No digest is known, and its content cannot be right.
    Malformed {
        /// Where and why.
        problem: String,
    },
}

/// Verifies all files of a data set.
pub(crate) fn verify(entry: &Entry, files: &Files, root: &Path) -> Result<VerifyReport, DataError> {
    let folder = root.join(files.folder);
    let sums =
        digest::read_sums(&folder).map_err(DataError::io("read", folder.join(digest::SUMS)))?;
    let report = |file| {
        let path = find(root, files, file);
        let status = match &path {
            None => Status::Missing,
            Some(path) => match digest::check(path, file, &sums)? {
                Check::Matches { digest, from } => Status::Ok { digest, from },
                Check::Differs { expected, found } => Status::Differs { expected, found },
                Check::Unpublished => {
                    match read::check_structure(entry, files.format, path, file) {
                        Ok(()) => Status::Unpublished,
                        Err(problem @ DataError::Malformed { .. }) => Status::Malformed {
                            problem: problem.to_string(),
                        },
                        Err(other) => return Err(other),
                    }
                }
            },
        };
        Ok(FileReport {
            file: relative(files, file),
            path,
            status,
        })
    };
    Ok(VerifyReport {
        name: entry.name,
        files: files.all().map(report).collect::<Result<_, _>>()?,
    })
}
