//! The content of a file that may be gzipped, read forward once and never
//! further, nor into more memory, than the file can fill.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use flate2::bufread::GzDecoder;

use crate::DataError;

/// Bytes that a byte of deflate can become: its longest match, 258 bytes, takes
/// at least two bits (RFC 1951, 3.2.5).
const INFLATION: u64 = 1032;

/// The most bytes that are read at once. EMNIST's largest file, as a measure,
/// holds 547 MB.
const MOST: u64 = 1 << 31;

/// What is left to read of a file.
pub(crate) struct Content<R> {
    file: String,
    source: Source<R>,
    /// Bytes of the file as it lies: what it claims to hold is held against it.
    length: u64,
    /// Bytes read, of the content as it is without gzip.
    offset: u64,
}

enum Source<R> {
    Plain(R),
    Gzip(Box<GzDecoder<Counted<R>>>),
}

impl<'a> Content<&'a [u8]> {
    /// The content of `bytes`. `file` names them in errors.
    pub fn of(bytes: &'a [u8], file: &str) -> Self {
        let gzipped = is_gzip(bytes);
        Self::new(bytes, gzipped, bytes.len() as u64, file.into())
    }
}

impl Content<BufReader<File>> {
    /// The content of the file at `path`.
    ///
    /// # Errors
    /// [`DataError::Io`]
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let open = || {
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            let mut file = BufReader::with_capacity(1 << 16, file);
            let gzipped = is_gzip(file.fill_buf()?);
            Ok(Self::new(file, gzipped, length, path.display().to_string()))
        };
        open().map_err(DataError::io("read", path))
    }
}

/// By gzip's magic number.
fn is_gzip(beginning: &[u8]) -> bool {
    beginning.starts_with(&[0x1f, 0x8b])
}

impl<R: BufRead> Content<R> {
    fn new(source: R, gzipped: bool, length: u64, file: String) -> Self {
        let source = if gzipped {
            let (inner, consumed) = (source, 0);
            Source::Gzip(Box::new(GzDecoder::new(Counted { inner, consumed })))
        } else {
            Source::Plain(source)
        };
        Self {
            file,
            source,
            length,
            offset: 0,
        }
    }

    /// Whether the file is gzipped, or is its content as it stands.
    pub fn is_gzip(&self) -> bool {
        matches!(self.source, Source::Gzip(_))
    }

    /// The file, as errors name it.
    pub fn file(&self) -> &str {
        &self.file
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
        let length = self.length;
        match self.source {
            Source::Plain(_) if len > length.saturating_sub(self.offset) => {
                let there = length.saturating_sub(self.offset);
                self.offset += there;
                return Err(self.error(what, format!("the end after {there} bytes")));
            }
            Source::Gzip(_) if self.offset + len > length.saturating_mul(INFLATION) => {
                let found = format!("only {length} bytes of gzip, which cannot hold {len}");
                return Err(self.error(what, found));
            }
            _ => {}
        }
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(len as usize).is_err() {
            return Err(self.error(what, format!("{len} bytes, for which memory is short")));
        }
        let there = self.append(&mut bytes, len, what)?;
        if there < len {
            return Err(self.error(what, format!("the end after {there} bytes")));
        }
        Ok(bytes)
    }

    /// Appends the next `len` bytes to `bytes`, or as many as there are, and
    /// returns how many. `what` should be there if they are damaged.
    pub fn append(&mut self, bytes: &mut Vec<u8>, len: u64, what: &str) -> Result<u64, DataError> {
        let before = bytes.len();
        let result = match &mut self.source {
            Source::Plain(source) => source.take(len).read_to_end(bytes),
            Source::Gzip(decoder) => decoder.take(len).read_to_end(bytes),
        };
        let there = (bytes.len() - before) as u64;
        self.offset += there;
        match result {
            Ok(_) => Ok(there),
            Err(problem) => Err(self.unreadable(what, &problem)),
        }
    }

    /// That nothing is left: no content, and no bytes behind the end of gzip.
    pub fn finish(mut self) -> Result<(), DataError> {
        // Reading past the last byte is what checks gzip's own checksum.
        let mut more = Vec::new();
        if self.append(&mut more, 1, "the end")? > 0 {
            self.offset -= 1;
            let found = match self.source {
                Source::Plain(_) if self.length > self.offset => {
                    format!("{} more bytes", self.length - self.offset)
                }
                _ => "more bytes".into(),
            };
            return Err(self.error("the end", found));
        }
        let Source::Gzip(decoder) = &mut self.source else {
            return Ok(());
        };
        let behind = decoder.get_mut();
        let found = match behind.inner.fill_buf() {
            Ok([]) => return Ok(()),
            Ok([0x1f, 0x8b, ..]) => "a second gzip stream".into(),
            Ok(_) => format!("{} more bytes", self.length.saturating_sub(behind.consumed)),
            Err(problem) => return Err(DataError::io("read", &self.file)(problem)),
        };
        self.offset = behind.consumed;
        Err(self.error("the end of the file after the gzip stream", found))
    }

    /// An error of reading: of the gzip, or of the machine.
    fn unreadable(&self, what: &str, problem: &io::Error) -> DataError {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        let damage = matches!(problem.kind(), InvalidData | InvalidInput | UnexpectedEof);
        if self.is_gzip() && damage {
            return self.error(what, format!("damaged gzip: {problem}"));
        }
        DataError::Io {
            action: "read",
            path: self.file.as_str().into(),
            problem: problem.to_string(),
        }
    }

    /// What is wrong where reading has come to.
    pub fn error(&self, expected: &str, found: String) -> DataError {
        self.error_at(self.offset, expected.into(), found)
    }

    /// What is wrong at `offset`.
    pub fn error_at(&self, offset: u64, expected: String, found: String) -> DataError {
        DataError::Malformed {
            file: self.file.clone(),
            offset,
            expected,
            found,
        }
    }
}

/// Counts what is taken out, which tells where a gzip stream ended.
struct Counted<R> {
    inner: R,
    consumed: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.consumed += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.consumed += amount as u64;
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// Gives a byte at a time, so that nothing rests on what a buffer holds.
    fn drop_by_drop(bytes: &[u8]) -> BufReader<&[u8]> {
        BufReader::with_capacity(1, bytes)
    }

    #[test]
    fn a_stream_reads_as_its_bytes_do() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(b"abcdef").unwrap();
        let gzipped = encoder.finish().unwrap();
        let behind = [gzipped.clone(), vec![0; 3]].concat();
        let cut = &gzipped[..gzipped.len() - 5];
        for (bytes, right) in [
            (b"abcdef".as_slice(), true),
            (b"abcdefg", false),
            (&gzipped, true),
            (&behind, false),
            (cut, false),
        ] {
            fn read<R: BufRead>(mut content: Content<R>) -> Result<Vec<u8>, DataError> {
                let bytes = content.read(6, "letters")?;
                content.finish()?;
                Ok(bytes)
            }
            let whole = read(Content::of(bytes, "f"));
            let (gzipped, length) = (is_gzip(bytes), bytes.len() as u64);
            let stream = Content::new(drop_by_drop(bytes), gzipped, length, "f".into());
            assert_eq!(whole.is_ok(), right, "{whole:?}");
            assert_eq!(read(stream), whole);
        }
    }

    #[test]
    fn a_failing_disk_is_no_damage() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        for gzipped in [true, false] {
            let source = BufReader::new(Broken);
            let mut content = Content::new(source, gzipped, 100, "f".into());
            let error = content.read(6, "letters").unwrap_err();
            assert_eq!(error.to_string(), "cannot read f: broken");
        }
    }
}
