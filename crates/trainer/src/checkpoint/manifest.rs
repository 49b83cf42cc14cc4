use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Fault;
use crate::event::Scores;

pub(super) const MANIFEST: &str = "manifest.toml";

/// Counted up when an older Kiln could not read what a newer one writes.
const FORMAT: u32 = 1;

/// What a checkpoint consists of.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: u32,
    /// The version of Kiln that wrote it.
    kiln: String,
    /// How many files there are: a manifest that was cut short names fewer.
    files: usize,
    /// Of the epoch that ends with it, if one does, on the validation images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scores: Option<Scores>,
    /// The digest of each file in hexadecimal digits.
    sha256: BTreeMap<String, String>,
}

impl Manifest {
    pub fn new(scores: Option<Scores>) -> Self {
        Self {
            format: FORMAT,
            kiln: env!("CARGO_PKG_VERSION").into(),
            files: 0,
            scores,
            sha256: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, file: &str, bytes: &[u8]) {
        let digest = format!("{:x}", Sha256::digest(bytes));
        self.sha256.insert(file.into(), digest);
        self.files = self.sha256.len();
    }

    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a manifest is plain values")
    }

    /// Reads that of a checkpoint, or says what is wrong.
    pub fn read(checkpoint: &Path) -> Result<Self, Fault> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let text = fs::read_to_string(checkpoint.join(MANIFEST));
        let text = text.map_err(|e| Fault::of_file(MANIFEST, &e))?;
        let of = |e: toml::de::Error| Fault::Damaged(format!("{MANIFEST}: {}", e.message()));
        let Format { format } = toml::from_str(&text).map_err(of)?;
        if format > FORMAT {
            return Err(Fault::Unusable(format!(
                "it was written by a newer kiln, in format {format}; this one knows up to {FORMAT}"
            )));
        }
        toml::from_str(&text).map_err(of)
    }

    /// Compares the files with their digests; what is wrong, if something is.
    pub fn verify(&self, checkpoint: &Path) -> Result<(), Fault> {
        if self.sha256.len() != self.files {
            return Err(Fault::Damaged(format!(
                "{MANIFEST} names {} files of {}",
                self.sha256.len(),
                self.files
            )));
        }
        for (file, digest) in &self.sha256 {
            let bytes = fs::read(checkpoint.join(file)).map_err(|e| Fault::of_file(file, &e))?;
            let found = format!("{:x}", Sha256::digest(&bytes));
            if found != *digest {
                return Err(Fault::Damaged(format!(
                    "{file} is not what was written: its SHA-256 is {found}, not {digest}"
                )));
            }
        }
        Ok(())
    }
}
