//! The content of a file that may be gzipped, read forward once and never
//! further, nor into more memory, than the file can fill.

use std::io::{BufRead, Read};

use flate2::bufread::GzDecoder;

use crate::DataError;

/// Bytes that a byte of deflate can become: its longest match, 258 bytes, takes
/// at least two bits (RFC 1951, 3.2.5).
const INFLATION: u64 = 1032;

/// The most bytes that are read at once. EMNIST's largest file, as a measure,
/// holds 547 MB.
const MOST: u64 = 1 << 31;

/// What is left to read of a file.
pub(super) struct Content<'a> {
    file: &'a str,
    source: Source<'a>,
    /// Bytes read, of the content as it is without gzip.
    offset: u64,
}

enum Source<'a> {
    Plain(&'a [u8]),
    Gzip {
        decoder: GzDecoder<&'a [u8]>,
        size: usize,
    },
}

impl<'a> Content<'a> {
    /// The content of `bytes`, which begin with gzip's magic number or are read
    /// as they stand. `file` names them in errors.
    pub fn new(bytes: &'a [u8], file: &'a str) -> Self {
        let source = if bytes.starts_with(&[0x1f, 0x8b]) {
            Source::Gzip {
                decoder: GzDecoder::new(bytes),
                size: bytes.len(),
            }
        } else {
            Source::Plain(bytes)
        };
        Self {
            file,
            source,
            offset: 0,
        }
    }

    /// Bytes read so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next big-endian word.
    pub fn word(&mut self, what: &str) -> Result<u32, DataError> {
        let word = self.read(4, what)?;
        Ok(word
            .iter()
            .fold(0, |word, &byte| word << 8 | u32::from(byte)))
    }

    /// The next `len` bytes, `what` in errors. Refused before anything is
    /// reserved or read if there cannot be that many.
    pub fn read(&mut self, len: u64, what: &str) -> Result<Vec<u8>, DataError> {
        if len > MOST {
            return Err(self.error(what, format!("{len} bytes, more than the {MOST} of a file")));
        }
        let start = self.offset;
        let mut bytes = Vec::new();
        let result = match &mut self.source {
            Source::Plain(rest) if len > rest.len() as u64 => {
                let there = rest.len() as u64;
                self.offset += there;
                return Err(self.error(what, format!("the end after {there} bytes")));
            }
            Source::Gzip { size, .. } if start + len > *size as u64 * INFLATION => {
                let found = format!("only {size} bytes of gzip, which cannot hold {len}");
                return Err(self.error(what, found));
            }
            _ if bytes.try_reserve_exact(len as usize).is_err() => {
                return Err(self.error(what, format!("{len} bytes, for which memory is short")));
            }
            Source::Plain(rest) => rest.take(len).read_to_end(&mut bytes),
            Source::Gzip { decoder, .. } => decoder.take(len).read_to_end(&mut bytes),
        };
        self.offset += bytes.len() as u64;
        match result {
            Err(e) => Err(self.error(what, format!("damaged gzip: {e}"))),
            Ok(there) if (there as u64) < len => {
                Err(self.error(what, format!("the end after {there} bytes")))
            }
            Ok(_) => Ok(bytes),
        }
    }

    /// That nothing is left: no content, and no bytes behind the end of gzip.
    pub fn finish(mut self) -> Result<(), DataError> {
        let (expected, found) = match &mut self.source {
            Source::Plain([]) => return Ok(()),
            Source::Plain(rest) => ("the end", format!("{} more bytes", rest.len())),
            // Reading past the last byte is what checks gzip's own checksum.
            Source::Gzip { decoder, size } => match decoder.read(&mut [0u8; 1]) {
                Ok(0) => {
                    let rest = decoder.get_mut().fill_buf().unwrap_or_default();
                    if rest.is_empty() {
                        return Ok(());
                    }
                    self.offset = (*size - rest.len()) as u64;
                    let found = match rest {
                        [0x1f, 0x8b, ..] => "a second gzip stream".into(),
                        _ => format!("{} more bytes", rest.len()),
                    };
                    ("the end of the file after the gzip stream", found)
                }
                Ok(_) => ("the end", "more bytes".into()),
                Err(e) => ("the end", format!("damaged gzip: {e}")),
            },
        };
        Err(self.error(expected, found))
    }

    /// What is wrong where reading has come to.
    fn error(&self, expected: &str, found: String) -> DataError {
        self.error_at(self.offset, expected.into(), found)
    }

    /// What is wrong at `offset`.
    pub fn error_at(&self, offset: u64, expected: String, found: String) -> DataError {
        DataError::Malformed {
            file: self.file.into(),
            offset,
            expected,
            found,
        }
    }
}
