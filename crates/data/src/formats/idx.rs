//! IDX, the file format of MNIST and its relatives: a magic number, the sizes
//! as big-endian `u32`, then the bytes.
//!
//! Described on Yann LeCun's page of the MNIST database. Only what those data
//! sets use is read: unsigned bytes, as labels (one dimension) or images (three).

use std::io::{Read, Write};

use flate2::{Compression, GzBuilder, read::GzDecoder};

use crate::DataError;

const LABELS_MAGIC: u32 = 0x0000_0801;
const IMAGES_MAGIC: u32 = 0x0000_0803;

/// The images of an IDX file: `count` grey images, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Number of images.
    pub count: usize,
    /// Rows of an image, its height in pixels.
    pub rows: usize,
    /// Columns of an image, its width in pixels.
    pub columns: usize,
    /// `count × rows × columns` bytes; 0 is black.
    pub pixels: Vec<u8>,
}

/// Reads images from IDX `bytes`, gzipped or not. `file` names them in errors.
///
/// # Errors
/// [`DataError::Malformed`] with the offset at which the content stops being an IDX
/// file of images: another magic number, truncated, bytes left over.
pub fn read_images(bytes: &[u8], file: &str) -> Result<Images, DataError> {
    let (sizes, pixels) = read(bytes, file, IMAGES_MAGIC)?;
    let [count, rows, columns] = sizes;
    Ok(Images {
        count,
        rows,
        columns,
        pixels,
    })
}

/// Reads labels from IDX `bytes`, gzipped or not. `file` names them in errors.
///
/// # Errors
/// [`DataError::Malformed`], as for [`read_images`].
pub fn read_labels(bytes: &[u8], file: &str) -> Result<Vec<u8>, DataError> {
    let (_, labels): ([usize; 1], _) = read(bytes, file, LABELS_MAGIC)?;
    Ok(labels)
}

fn read<const D: usize>(
    bytes: &[u8],
    file: &str,
    magic: u32,
) -> Result<([usize; D], Vec<u8>), DataError> {
    let mut plain;
    let mut gzip;
    let source: &mut dyn Read = if bytes.starts_with(&[0x1f, 0x8b]) {
        gzip = GzDecoder::new(bytes);
        &mut gzip
    } else {
        plain = bytes;
        &mut plain
    };
    let mut reader = Reader {
        source,
        file,
        offset: 0,
    };
    let found = reader.word("a magic number")?;
    if found != magic {
        return Err(reader.error(
            0,
            format!("magic number {magic:#010x}"),
            format!("{found:#010x}"),
        ));
    }
    let mut sizes = [0usize; D];
    for (axis, size) in sizes.iter_mut().enumerate() {
        *size = reader.word(&format!("the size of dimension {axis}"))? as usize;
    }
    let Some(total) = sizes
        .iter()
        .try_fold(1usize, |total, &size| total.checked_mul(size))
    else {
        return Err(reader.error(
            4,
            "sizes whose product fits the machine".into(),
            format!("{sizes:?}"),
        ));
    };
    // Nothing is reserved for what the header claims: the buffer grows with what is there.
    let start = reader.offset;
    let mut content = Vec::new();
    reader
        .source
        .take(total as u64)
        .read_to_end(&mut content)
        .map_err(|e| reader.error(start, format!("{total} bytes"), e.to_string()))?;
    if content.len() < total {
        let end = start + content.len();
        return Err(reader.error(
            end,
            format!("{total} bytes of content"),
            format!("the end after {}", content.len()),
        ));
    }
    let mut rest = [0u8; 1];
    match reader.source.read(&mut rest) {
        Ok(0) => Ok((sizes, content)),
        Ok(_) => Err(reader.error(start + total, "the end".into(), "more bytes".into())),
        Err(e) => Err(reader.error(start + total, "the end".into(), e.to_string())),
    }
}

struct Reader<'a> {
    source: &'a mut dyn Read,
    file: &'a str,
    offset: usize,
}

impl Reader<'_> {
    fn word(&mut self, what: &str) -> Result<u32, DataError> {
        let mut word = [0u8; 4];
        self.source
            .read_exact(&mut word)
            .map_err(|e| self.error(self.offset, what.into(), e.to_string()))?;
        self.offset += 4;
        Ok(u32::from_be_bytes(word))
    }

    fn error(&self, offset: usize, expected: String, found: String) -> DataError {
        DataError::Malformed {
            file: self.file.into(),
            offset: offset as u64,
            expected,
            found,
        }
    }
}

/// The bytes of a gzipped IDX file of `images`.
///
/// The same images give the same bytes: no time or name is stored.
///
/// # Panics
/// If `pixels` is not `count × rows × columns` bytes, or a size is over `u32`.
#[must_use]
pub fn write_images(images: &Images) -> Vec<u8> {
    let Images {
        count,
        rows,
        columns,
        pixels,
    } = images;
    write(IMAGES_MAGIC, &[*count, *rows, *columns], pixels)
}

/// The bytes of a gzipped IDX file of `labels`.
///
/// # Panics
/// If there are more than `u32` can count.
#[must_use]
pub fn write_labels(labels: &[u8]) -> Vec<u8> {
    write(LABELS_MAGIC, &[labels.len()], labels)
}

fn write(magic: u32, sizes: &[usize], content: &[u8]) -> Vec<u8> {
    assert_eq!(
        sizes.iter().product::<usize>(),
        content.len(),
        "sizes and content of an IDX file"
    );
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    let mut put = |bytes: &[u8]| {
        gzip.write_all(bytes)
            .expect("writing to memory cannot fail")
    };
    put(&magic.to_be_bytes());
    for &size in sizes {
        put(&u32::try_from(size)
            .expect("a size of an IDX file fits 32 bits")
            .to_be_bytes());
    }
    put(content);
    gzip.finish().expect("writing to memory cannot fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images() -> Images {
        Images {
            count: 2,
            rows: 2,
            columns: 3,
            pixels: (0..12).collect(),
        }
    }

    fn plain(magic: u32, sizes: &[u32], content: &[u8]) -> Vec<u8> {
        let mut bytes = magic.to_be_bytes().to_vec();
        bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        bytes.extend(content);
        bytes
    }

    #[test]
    fn reads_what_it_writes_and_plain_files() {
        assert_eq!(
            read_images(&write_images(&images()), "i").unwrap(),
            images()
        );
        assert_eq!(read_labels(&write_labels(&[3, 1]), "l").unwrap(), [3, 1]);
        let bytes = plain(IMAGES_MAGIC, &[2, 2, 3], &images().pixels);
        assert_eq!(read_images(&bytes, "i").unwrap(), images());
    }

    #[test]
    fn says_where_a_file_is_wrong() {
        let check = |bytes: &[u8], at: usize, word: &str| {
            let error = read_images(bytes, "some-file").unwrap_err();
            let DataError::Malformed {
                ref file, offset, ..
            } = error
            else {
                panic!("{error:?}")
            };
            assert_eq!((file.as_str(), offset), ("some-file", at as u64), "{error}");
            assert!(error.to_string().contains(word), "{error}");
        };
        let good = plain(IMAGES_MAGIC, &[2, 2, 3], &images().pixels);
        check(&[], 0, "magic");
        check(&plain(LABELS_MAGIC, &[2], &[0, 1]), 0, "0x00000803");
        check(&good[..9], 8, "dimension 1");
        check(&good[..20], 20, "12 bytes");
        check(&[good.clone(), vec![0]].concat(), 28, "more bytes");
        check(
            &plain(IMAGES_MAGIC, &[u32::MAX, u32::MAX, u32::MAX], &[]),
            4,
            "fits",
        );
        // A claim of 2⁶² bytes must not allocate them.
        check(
            &plain(IMAGES_MAGIC, &[1 << 30, 1 << 30, 4], &[1, 2]),
            18,
            "the end after 2",
        );
        let gzipped = write_images(&images());
        check(&gzipped[..gzipped.len() - 9], 28, "deflate");
    }
}
