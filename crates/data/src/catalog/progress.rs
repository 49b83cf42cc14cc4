use std::{path::Path, time::Duration};

/// What a [`Store`](crate::Store) is doing, for whoever waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// Another process fetches into the same data root; this one waits for it.
    Waiting {
        /// The lock that the other one holds.
        lock: &'a Path,
    },
    /// Bytes arrive.
    Downloading {
        /// The file, relative to the data root.
        file: &'a str,
        /// Bytes so far, with those of an earlier attempt.
        bytes: u64,
        /// Bytes in all, if the server said so.
        total: Option<u64>,
    },
    /// A server failed, or what it sent is not what it should be.
    Failed {
        /// The file, relative to the data root.
        file: &'a str,
        /// The address and what went wrong.
        problem: &'a str,
        /// How long to wait before the same server is asked again; `None` if it
        /// is not, or not after a pause.
        pause: Option<Duration>,
    },
    /// The digest of what arrived is computed.
    Verifying {
        /// The file, relative to the data root.
        file: &'a str,
    },
    /// A file is taken out of an archive.
    Extracting {
        /// The file, relative to the data root.
        file: &'a str,
    },
}
