//! Weight files, told apart by what they hold and not by their names.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use super::StateDict;
use crate::WeightsError;

/// The formats of weight files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Safetensors,
    /// A zip archive, or one of the older forms.
    Pytorch,
}

/// As far into a file as its format shows: to the end of the magic of a tar header.
const HEAD: u64 = 262;

/// The longest header that the safetensors format allows, in bytes.
const LONGEST_HEADER: u64 = 100_000_000;

impl StateDict {
    /// Reads a weight file: safetensors, or (with the feature `pytorch`) what
    /// PyTorch's `torch.save` wrote of a state dict.
    ///
    /// # Errors
    /// [`WeightsError::File`] with the path and what is wrong: as
    /// [`from_safetensors`](Self::from_safetensors) and `from_pytorch`,
    /// [`WeightsError::Read`], [`WeightsError::UnknownFormat`] or
    /// [`WeightsError::NotCompiledIn`].
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        Self::read_any(path).map_err(|source| WeightsError::File {
            path: path.into(),
            source: Box::new(source),
        })
    }

    fn read_any(path: &Path) -> Result<Self, WeightsError> {
        let head = head(path).map_err(WeightsError::Read)?;
        match format(&head) {
            Some(Format::Safetensors) => {
                Self::from_safetensors(&fs::read(path).map_err(WeightsError::Read)?)
            }
            #[cfg(feature = "pytorch")]
            Some(Format::Pytorch) => Self::from_pytorch(path),
            #[cfg(not(feature = "pytorch"))]
            Some(Format::Pytorch) => Err(WeightsError::NotCompiledIn),
            None => Err(WeightsError::UnknownFormat {
                begins: shown(&head),
            }),
        }
    }
}

/// The first bytes of a regular file. A pipe or a device may never end.
fn head(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

fn format(head: &[u8]) -> Option<Format> {
    // A length may begin with any byte, also that of a pickle: this comes first.
    if let Some((length, rest)) = head.split_first_chunk()
        && rest.first() == Some(&b'{')
        && u64::from_le_bytes(*length) <= LONGEST_HEADER
    {
        return Some(Format::Safetensors);
    }
    let zip = head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06");
    let tar = head.get(257..262) == Some(b"ustar");
    // PROTO, which begins all pickles since protocol 2 of 2003, and its version.
    let pickle = matches!(head, [0x80, 0..=5, ..]);
    (zip || tar || pickle).then_some(Format::Pytorch)
}

/// Some bytes for a person.
fn shown(head: &[u8]) -> String {
    match head.get(..8).unwrap_or(head) {
        [] => "nothing: it is empty".into(),
        bytes => format!("`{}`", bytes.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.pth");
        fs::write(&path, bytes).unwrap();
        let error = StateDict::read(&path).unwrap_err().to_string();
        let place = format!("{}: ", path.display());
        error.strip_prefix(&place).expect(&error).to_string()
    }

    #[test]
    fn are_told_apart_by_what_they_hold() {
        let tar = [vec![0; 257], b"ustar".to_vec()].concat();
        for (head, expected) in [
            (
                b"\x40\0\0\0\0\0\0\0{\"a".as_slice(),
                Some(Format::Safetensors),
            ),
            // A header of 128 bytes, and one of a length that begins like a pickle.
            (b"\x80\0\0\0\0\0\0\0{", Some(Format::Safetensors)),
            (b"\x80\x02\0\0\0\0\0\0{", Some(Format::Safetensors)),
            (b"PK\x03\x04rest", Some(Format::Pytorch)),
            (b"\x80\x02\x8a\n", Some(Format::Pytorch)),
            (&tar, Some(Format::Pytorch)),
            (b"\x80\x77", None),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff{", None),
            (b"<html>", None),
            (b"", None),
        ] {
            assert_eq!(format(head), expected, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn of_no_known_format_are_shown() {
        assert_eq!(
            error(b"<!DOCTYPE html>"),
            "is neither a safetensors file nor one of PyTorch's (.pth, .pt): it begins with \
             `<!DOCTYP`"
        );
        assert!(error(b"").ends_with("it is empty"));
        assert!(error(b"\xff\n").ends_with(r"`\xff\n`"));
        assert!(error(b"\x02\0\0\0\0\0\0\0{}rest").contains("not a whole safetensors file"));
    }

    #[test]
    fn that_are_no_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.pth");
        for (path, says) in [(folder.path(), "it is not a file"), (&missing, "none.pth")] {
            let error = StateDict::read(path).unwrap_err().to_string();
            assert!(error.contains("cannot be read: "), "{error}");
            assert!(error.contains(says), "{error}");
        }
    }

    #[cfg(not(feature = "pytorch"))]
    #[test]
    fn of_pytorch_name_the_feature() {
        assert!(error(b"PK\x03\x04").contains("--features pytorch"));
    }
}
