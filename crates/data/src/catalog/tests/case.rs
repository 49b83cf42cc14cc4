//! A data set to be downloaded.

use std::{fs, path::PathBuf, time::Duration};

use super::{
    server::{Reply, Request, Server},
    *,
};
use crate::{
    DataError,
    catalog::{Location, download::Patience, fetch, fetch::Options, verify::verify},
};

pub const IMAGES: &str = "images.gz";
pub const LABELS: &str = "labels.gz";

/// A data set of two files, servers of it, and a data root.
pub struct Case {
    pub images: Vec<u8>,
    pub labels: Vec<u8>,
    pub root: tempfile::TempDir,
    pub options: Options,
}

impl Case {
    pub fn new() -> Self {
        Self {
            images: noise(200_000, 1),
            labels: noise(1000, 2),
            root: tempfile::tempdir().unwrap(),
            options: Options {
                patience: Patience {
                    connect: Duration::from_secs(5),
                    stall: Duration::from_secs(1),
                    window: Duration::from_secs(60),
                    slowest: 1000,
                    retries: 2,
                    pause: Duration::from_millis(1),
                },
                ..Options::default()
            },
        }
    }

    /// A server that answers requests for the images so, and others rightly.
    pub fn server(
        &self,
        images: impl Fn(&Request, Vec<u8>) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let (good, labels) = (gzip(&self.images), gzip(&self.labels));
        Server::new(move |request| {
            if request.path.ends_with(IMAGES) {
                images(request, good.clone())
            } else {
                Reply::File(labels.clone())
            }
        })
    }

    pub fn good(&self) -> Server {
        self.server(|_, bytes| Reply::File(bytes))
    }

    pub fn fetch(&self, servers: &[&Server]) -> Result<Location, DataError> {
        let mirrors = servers.iter().map(|server| server.url()).collect();
        let files = gzips(&self.images, &self.labels, mirrors);
        let location = fetch::fetch("tiny", &files, self.root.path(), &self.options, &mut |_| {})?;
        // Whatever happened on the way, what is there is right.
        let report = verify(&tiny(), &files, self.root.path()).unwrap();
        assert!(report.is_ok(), "{report:?}");
        assert_eq!(self.files(), [IMAGES, LABELS]);
        Ok(location)
    }

    pub fn raw(&self) -> PathBuf {
        self.root.path().join("Tiny/raw")
    }

    /// The names of what lies there.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.raw()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// As an earlier process left it.
    pub fn leave(&self, part: &[u8]) {
        fs::create_dir_all(self.raw()).unwrap();
        fs::write(self.raw().join("images.gz.part"), part).unwrap();
    }

    /// First bytes that were asked for of the images.
    pub fn ranges(server: &Server) -> Vec<Option<usize>> {
        let asked = server.asked().into_iter();
        asked
            .filter(|(path, _)| path.ends_with(IMAGES))
            .map(|(_, range)| range)
            .collect()
    }
}

pub fn attempts(result: Result<Location, DataError>) -> Vec<String> {
    match result.unwrap_err() {
        DataError::Fetch { attempts, .. } => attempts,
        other => panic!("{other}"),
    }
}
