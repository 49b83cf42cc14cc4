//! IDX, the file format of MNIST and its relatives: a magic number, the sizes
//! as big-endian `u32`, then the bytes.
//!
//! Described on Yann LeCun's page of the MNIST database. Only what those data
//! sets use is read: unsigned bytes, as labels (one dimension) or images (three).

use std::io::{BufRead, Write};

use flate2::{Compression, GzBuilder};

use super::content::Content;
use crate::DataError;

const LABELS_MAGIC: u32 = 0x0000_0801;
const IMAGES_MAGIC: u32 = 0x0000_0803;

/// Bytes before the labels: the magic number and a size.
pub(crate) const LABELS_HEADER: u64 = 8;
/// Bytes before the pixels: the magic number and three sizes.
pub(crate) const IMAGES_HEADER: u64 = 16;

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
/// [`DataError::Malformed`] with the offset at which the content stops being an
/// IDX file of images: another magic number, a size of 0, sizes that the file
/// cannot hold, truncated, damaged, bytes left over.
pub fn read_images(bytes: &[u8], file: &str) -> Result<Images, DataError> {
    let mut content = Content::of(bytes, file);
    let ([count, rows, columns], pixels) = read(&mut content, IMAGES_MAGIC, None)?;
    content.finish()?;
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
    let mut content = Content::of(bytes, file);
    let (_, labels) = read::<_, 1>(&mut content, LABELS_MAGIC, None)?;
    content.finish()?;
    Ok(labels)
}

/// Reads the pixels of exactly `[count, rows, columns]` out of a stream. A file
/// that states other sizes is refused before its pixels are read.
///
/// # Errors
/// [`DataError::Malformed`], as for [`read_images`]; [`DataError::Io`].
pub(crate) fn images_from<R: BufRead>(
    mut content: Content<R>,
    sizes: [usize; 3],
) -> Result<Vec<u8>, DataError> {
    let (_, pixels) = read(&mut content, IMAGES_MAGIC, Some(sizes))?;
    content.finish()?;
    Ok(pixels)
}

/// Reads exactly `count` labels below `classes` out of a stream, else as
/// [`images_from`].
pub(crate) fn labels_from<R: BufRead>(
    mut content: Content<R>,
    count: usize,
    classes: usize,
) -> Result<Vec<u8>, DataError> {
    let (_, labels) = read(&mut content, LABELS_MAGIC, Some([count]))?;
    if let Some(at) = labels.iter().position(|&l| usize::from(l) >= classes) {
        let offset = LABELS_HEADER + at as u64;
        let expected = format!("the label of image {at}, from 0 to {}", classes - 1);
        return Err(content.error_at(offset, expected, labels[at].to_string()));
    }
    content.finish()?;
    Ok(labels)
}

/// Reads header and values: of exactly the `expected` sizes, if there are any.
fn read<R: BufRead, const D: usize>(
    content: &mut Content<R>,
    magic: u32,
    expected: Option<[usize; D]>,
) -> Result<([usize; D], Vec<u8>), DataError> {
    let found = content.word("the four bytes of a magic number")?;
    if found != magic {
        return Err(content.error_at(0, describe(magic), describe(found)));
    }
    let mut sizes = [0u32; D];
    for (axis, size) in sizes.iter_mut().enumerate() {
        let offset = content.offset();
        *size = content.word(&format!("the size of dimension {axis}"))?;
        if *size == 0 {
            let expected = format!("a size of at least 1 for dimension {axis}");
            return Err(content.error_at(offset, expected, "0".into()));
        }
        if let Some(expected) = expected.filter(|expected| expected[axis] != *size as usize) {
            let names: &[&str] = match magic {
                IMAGES_MAGIC => &["images", "rows", "columns"],
                _ => &["labels"],
            };
            let expected = format!("{} {}", expected[axis], names[axis]);
            return Err(content.error_at(offset, expected, size.to_string()));
        }
    }
    let product = sizes
        .iter()
        .try_fold(1u64, |total, &size| total.checked_mul(u64::from(size)));
    let Some(total) = product else {
        let expected = "sizes whose product fits 64 bits".into();
        return Err(content.error_at(4, expected, format!("{sizes:?}")));
    };
    let values = content.read(total, &format!("{total} bytes of content"))?;
    Ok((sizes.map(|size| size as usize), values))
}

fn describe(magic: u32) -> String {
    match magic {
        IMAGES_MAGIC => format!("magic number {magic:#010x} (images)"),
        LABELS_MAGIC => format!("magic number {magic:#010x} (labels)"),
        _ => format!("{magic:#010x}"),
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

    /// That reading images fails at an offset, with words in the message.
    fn check(bytes: &[u8], at: u64, words: &str) {
        let error = read_images(bytes, "some-file").unwrap_err();
        let DataError::Malformed {
            ref file, offset, ..
        } = error
        else {
            panic!("{error:?}")
        };
        assert_eq!((file.as_str(), offset), ("some-file", at), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn says_where_a_file_is_wrong() {
        let good = plain(IMAGES_MAGIC, &[2, 2, 3], &images().pixels);
        let labels = plain(LABELS_MAGIC, &[2], &[0, 1]);
        // Each alike with and without gzip.
        type Pack = fn(&[u8]) -> Vec<u8>;
        for pack in [gzip as Pack, |bytes| bytes.to_vec()] {
            check(&pack(&[]), 0, "the four bytes of a magic number");
            check(
                &pack(&labels),
                0,
                "0x00000803 (images), found magic number 0x00000801 (labels)",
            );
            check(&pack(b"<!DOCTYPE html>"), 0, "found 0x3c21444f");
            check(
                &pack(&good[..9]),
                9,
                "the size of dimension 1, found the end after 1 bytes",
            );
            check(
                &pack(&good[..20]),
                20,
                "12 bytes of content, found the end after 4",
            );
            check(&pack(&[good.clone(), vec![0]].concat()), 28, "more bytes");
            for axis in 0..3 {
                let mut sizes = [2, 2, 3];
                sizes[axis] = 0;
                let offset = 4 + 4 * axis as u64;
                check(
                    &pack(&plain(IMAGES_MAGIC, &sizes, &[])),
                    offset,
                    "at least 1",
                );
            }
        }
        assert!(read_labels(&plain(LABELS_MAGIC, &[0], &[]), "l").is_err());
        assert!(read_labels(&good, "l").is_err());
    }

    #[test]
    fn sizes_that_no_file_holds_are_refused_unread() {
        let claim = |sizes: &[u32]| plain(IMAGES_MAGIC, sizes, &[1, 2]);
        check(&claim(&[u32::MAX; 3]), 4, "fits 64 bits");
        check(
            &claim(&[1 << 30, 1 << 30, 3]),
            16,
            "more than the 2147483648",
        );
        check(&claim(&[1 << 10, 1 << 10, 1 << 10]), 18, "the end after 2");
        check(
            &gzip(&claim(&[1 << 10, 1 << 10, 1 << 10])),
            16,
            "which cannot hold 1073741824",
        );
    }

    #[test]
    fn sizes_that_are_not_the_expected_ones_are_refused_unread() {
        let error = |bytes: &[u8], sizes| {
            let error = images_from(Content::of(bytes, "f"), sizes).unwrap_err();
            error.to_string()
        };
        let good = write_images(&images());
        let read = images_from(Content::of(&good, "f"), [2, 2, 3]).unwrap();
        assert_eq!(read, images().pixels);
        let at = |axis, words: &str| format!("f, byte {}: expected {words}", 4 + 4 * axis);
        assert_eq!(error(&good, [3, 2, 3]), at(0, "3 images, found 2"));
        assert_eq!(error(&good, [2, 1, 3]), at(1, "1 rows, found 2"));
        assert_eq!(error(&good, [2, 2, 6]), at(2, "6 columns, found 3"));
        // The values are damaged, but what the header says comes first.
        let zeros = vec![0; 16 << 20];
        let mut bomb = gzip(&plain(IMAGES_MAGIC, &[1 << 4, 1 << 10, 1 << 10], &zeros));
        let end = bomb.len() - 9;
        bomb.truncate(end);
        assert_eq!(error(&bomb, [2, 2, 3]), at(0, "2 images, found 16"));
    }

    #[test]
    fn says_which_label_is_none() {
        let read = |count, classes| {
            let bytes = plain(LABELS_MAGIC, &[3], &[0, 9, 200]);
            let read = labels_from(Content::of(&bytes, "f"), count, classes);
            read.map_err(|error| error.to_string())
        };
        assert_eq!(read(3, 201), Ok(vec![0, 9, 200]));
        let expected = "f, byte 10: expected the label of image 2, from 0 to 9, found 200";
        assert_eq!(read(3, 10), Err(expected.into()));
        let expected = "f, byte 4: expected 4 labels, found 3";
        assert_eq!(read(4, 10), Err(expected.into()));
    }

    #[test]
    fn a_gzip_bomb_is_refused_unread() {
        // 16 MB of zeros in 16 kB: behind the two bytes that its header claims,
        // and as content of which the header claims more than gzip can hold.
        let zeros = vec![0u8; 16 << 20];
        let bomb = gzip(&plain(IMAGES_MAGIC, &[1, 1, 2], &zeros));
        assert!(bomb.len() < 17 << 10);
        check(&bomb, 18, "more bytes");
        let bomb = gzip(&plain(IMAGES_MAGIC, &[1 << 11, 1 << 10, 9], &zeros));
        check(&bomb, 16, "which cannot hold 18874368");
        // What gzip does hold is read.
        let honest = gzip(&plain(IMAGES_MAGIC, &[1 << 4, 1 << 10, 1 << 10], &zeros));
        assert_eq!(read_images(&honest, "i").unwrap().pixels, zeros);
    }

    #[test]
    fn damage_of_gzip_is_an_error() {
        let good = write_images(&images());
        let len = good.len();
        for cut in 2..len {
            assert!(read_images(&good[..cut], "i").is_err(), "cut at {cut}");
        }
        check(&good[..5], 0, "damaged gzip");
        check(&good[..len - 9], 28, "damaged gzip");
        let mut checksum = good.clone();
        checksum[len - 8] ^= 1;
        check(&checksum, 28, "checksum");
        let behind = len as u64;
        check(
            &[good.clone(), good.clone()].concat(),
            behind,
            "found a second gzip stream",
        );
        check(
            &[good.clone(), vec![0; 3]].concat(),
            behind,
            "found 3 more bytes",
        );
    }
}
