//! Digests of files, and what they are held against.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead},
    path::Path,
};

use md5::Md5;
use sha2::{Digest as _, Sha256};

use super::entry::{Digest, File};
use crate::{DataError, formats::content::Content};

/// The file, in a data set's folder, of the digests of what was taken out of a
/// verified archive. `sha256sum -c` reads it too.
pub(crate) const SUMS: &str = "SHA256SUMS";

/// How a file compares with its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Check {
    /// As published, or as recorded: which digest, and from where.
    Matches {
        digest: String,
        from: &'static str,
    },
    Differs {
        expected: String,
        found: String,
    },
    /// There is no digest to compare with; the size is right.
    Unpublished,
}

/// Holds the file at `path` against its digest: the published one, else the one
/// in `sums`. The content's size must be right in any case.
pub(crate) fn check(
    path: &Path,
    file: &File,
    sums: &BTreeMap<String, String>,
) -> Result<Check, DataError> {
    let content = Content::open(path)?;
    let gzipped = content.is_gzip();
    let content = match summary(content, file.size) {
        Ok(content) => content,
        // Not this machine's fault, but that of the bytes.
        Err(DataError::Malformed {
            expected, found, ..
        }) => return Ok(Check::Differs { expected, found }),
        Err(other) => return Err(other),
    };
    if content.size != file.size {
        let more = if content.size > file.size {
            "more than "
        } else {
            ""
        };
        return Ok(Check::Differs {
            expected: format!("{} bytes", file.size),
            found: format!("{more}{} bytes", content.size.min(file.size)),
        });
    }
    let sha256 = || ("sha256", content.sha256.clone());
    let (expected, (algorithm, found), from) = match (file.digest, sums.get(file.name)) {
        (Digest::Content(published), _) => (published, sha256(), "published"),
        (Digest::Gzip(published), _) if gzipped => {
            let md5 = md5_of(path).map_err(DataError::io("read", path))?;
            (published, ("md5", md5), "published")
        }
        (_, Some(recorded)) => (recorded.as_str(), sha256(), "verified archive"),
        (_, None) => return Ok(Check::Unpublished),
    };
    Ok(if expected == found {
        Check::Matches {
            digest: format!("{algorithm}:{found}"),
            from,
        }
    } else {
        Check::Differs {
            expected: format!("{algorithm}:{expected}"),
            found: format!("{algorithm}:{found}"),
        }
    })
}

struct Summary {
    /// At most one more than expected: a gzip bomb is not followed to its end.
    size: u64,
    sha256: String,
}

fn summary<R: BufRead>(mut content: Content<R>, expected: u64) -> Result<Summary, DataError> {
    let mut hasher = Sha256::new();
    let mut piece = Vec::new();
    let what = format!("gzip of {expected} bytes");
    loop {
        piece.clear();
        let rest = expected + 1 - content.offset();
        if content.append(&mut piece, rest.min(1 << 16), &what)? == 0 {
            break;
        }
        hasher.update(&piece);
    }
    let size = content.offset();
    if size == expected {
        content.finish()?;
    }
    Ok(Summary {
        size,
        sha256: hex(&hasher.finalize()),
    })
}

/// MD5 of a file as it lies.
pub(crate) fn md5_of(path: &Path) -> io::Result<String> {
    let mut hasher = Md5::new();
    io::copy(&mut fs::File::open(path)?, &mut hasher)?;
    Ok(hex(&hasher.finalize()))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads the recorded digests of a folder: none if there is no such file.
///
/// A line that is no digest and name is passed over: its file then counts as one
/// without a recorded digest.
pub(crate) fn read_sums(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let text = match fs::read_to_string(folder.join(SUMS)) {
        Ok(text) => text,
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(problem) => return Err(problem),
    };
    let line = |line: &str| {
        let (digest, name) = line.split_once(' ')?;
        // A `*` marks binary mode.
        let name = name.strip_prefix([' ', '*'])?;
        (digest.len() == 64).then(|| (name.to_owned(), digest.to_ascii_lowercase()))
    };
    Ok(text.lines().filter_map(line).collect())
}

/// The text of [`SUMS`].
pub(crate) fn write_sums(sums: &BTreeMap<String, String>) -> String {
    sums.iter()
        .map(|(name, digest)| format!("{digest}  {name}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    // printf abc | sha256sum; printf abc | md5sum (also RFC 6234 and 1321)
    const SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

    fn gzip(bytes: &[u8], level: Compression) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), level);
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn file(digest: Digest) -> File {
        File {
            name: "f",
            size: 3,
            digest,
        }
    }

    fn check_bytes(bytes: &[u8], file: &File, sums: &BTreeMap<String, String>) -> Check {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, bytes).unwrap();
        check(&path, file, sums).unwrap()
    }

    #[test]
    fn content_digests_hold_for_any_compression() {
        let file = file(Digest::Content(SHA256));
        let matches = Check::Matches {
            digest: format!("sha256:{SHA256}"),
            from: "published",
        };
        for bytes in [
            b"abc".to_vec(),
            gzip(b"abc", Compression::none()),
            gzip(b"abc", Compression::best()),
        ] {
            assert_eq!(check_bytes(&bytes, &file, &BTreeMap::new()), matches);
        }
    }

    #[test]
    fn tells_what_differs() {
        let differs = |bytes: &[u8]| {
            let file = file(Digest::Content(SHA256));
            match check_bytes(bytes, &file, &BTreeMap::new()) {
                Check::Differs { expected, found } => (expected, found),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(differs(b"abd").0, format!("sha256:{SHA256}"));
        assert_eq!(differs(b"ab"), ("3 bytes".into(), "2 bytes".into()));
        assert_eq!(differs(b"abcd").1, "more than 3 bytes");
        // A gigabyte is not unpacked to see that it is too much.
        let bomb = gzip(&vec![0; 1 << 20], Compression::best());
        assert_eq!(differs(&bomb).1, "more than 3 bytes");
        let gzipped = gzip(b"abc", Compression::best());
        let (expected, found) = differs(&gzipped[..gzipped.len() - 4]);
        assert_eq!(expected, "gzip of 3 bytes");
        assert!(found.contains("damaged gzip"), "{found}");
        let (expected, found) = differs(&[gzipped.as_slice(), b"x"].concat());
        assert_eq!(expected, "the end of the file after the gzip stream");
        assert_eq!(found, "1 more bytes");
    }

    #[test]
    fn digests_of_gzips_are_of_the_file_itself() {
        let gzipped = gzip(b"abc", Compression::best());
        let md5: &'static str = hex(&Md5::digest(&gzipped)).leak();
        let file = file(Digest::Gzip(md5));
        let sums = BTreeMap::new();
        assert!(matches!(
            check_bytes(&gzipped, &file, &sums),
            Check::Matches {
                from: "published",
                ..
            }
        ));
        assert_eq!(check_bytes(b"abc", &file, &sums), Check::Unpublished);
        let again = gzip(b"abc", Compression::none());
        assert!(matches!(
            check_bytes(&again, &file, &sums),
            Check::Differs { .. }
        ));
    }

    #[test]
    fn md5_is_of_the_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, b"abc").unwrap();
        assert_eq!(md5_of(&path).unwrap(), MD5);
    }

    #[test]
    fn recorded_digests_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_sums(folder.path()).unwrap().is_empty());
        let sums = BTreeMap::from([("f".to_owned(), SHA256.to_owned())]);
        fs::write(folder.path().join(SUMS), write_sums(&sums)).unwrap();
        assert_eq!(read_sums(folder.path()).unwrap(), sums);
        let file = file(Digest::None);
        assert!(matches!(
            check_bytes(b"abc", &file, &sums),
            Check::Matches {
                from: "verified archive",
                ..
            }
        ));
        assert!(matches!(
            check_bytes(b"abd", &file, &sums),
            Check::Differs { .. }
        ));
        assert_eq!(
            check_bytes(b"abd", &file, &BTreeMap::new()),
            Check::Unpublished
        );
    }
}
