//! The content of a file that may be gzipped, read as a stream.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use flate2::bufread::GzDecoder;

/// The content of a file, decompressed if it is gzipped.
pub(crate) enum Content {
    Plain(BufReader<File>),
    Gzip(Box<GzDecoder<BufReader<File>>>),
}

impl Content {
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
        Ok(if file.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip(Box::new(GzDecoder::new(file)))
        } else {
            Self::Plain(file)
        })
    }

    pub fn is_gzip(&self) -> bool {
        matches!(self, Self::Gzip(_))
    }

    /// That the file holds no more than what has been read.
    pub fn finish(mut self) -> io::Result<()> {
        let more = match self.read(&mut [0])? {
            0 => match &mut self {
                Self::Plain(_) => false,
                Self::Gzip(decoder) => !decoder.get_mut().fill_buf()?.is_empty(),
            },
            _ => true,
        };
        if more {
            let problem = "bytes after the end";
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        Ok(())
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
        }
    }
}

/// Whether it is the bytes of a file that are wrong, and not the machine.
pub(crate) fn is_damage(problem: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(problem.kind(), InvalidData | InvalidInput | UnexpectedEof)
}
