//! The binary version of CIFAR-10 and CIFAR-100, as its authors' page describes
//! it (<https://www.cs.toronto.edu/~kriz/cifar.html>).
//!
//! A file is records without a header. A record of CIFAR-10 is one label and
//! 3,072 bytes of pixels; one of CIFAR-100 has a coarse label (the superclass)
//! before the fine one. The pixels lie as `C×H×W` already: 1,024 bytes of red,
//! then green, then blue, row by row.

use std::io::BufRead;

use super::content::Content;
use crate::DataError;

/// `[channels, height, width]` of an image of either data set.
pub const SHAPE: [usize; 3] = [3, 32, 32];

/// Bytes of pixels of a record.
const PIXELS: usize = SHAPE[0] * SHAPE[1] * SHAPE[2];

/// Records that are read at once.
const PIECE: u64 = 1000;

/// The labels of a record, the last of which is kept: names and numbers of classes.
type Labels<const N: usize> = [(&'static str, u8); N];

const CIFAR10: Labels<1> = [("label", 10)];
const CIFAR100: Labels<2> = [("coarse label", 20), ("fine label", 100)];

/// Labelled images, of one file or of several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    /// The label of each image: the fine one for CIFAR-100.
    pub labels: Vec<u8>,
    /// `N×3×32×32` bytes.
    pub pixels: Vec<u8>,
}

impl Records {
    /// None, with space for `images`, so that the files of a data set are
    /// appended without a copy.
    #[must_use]
    pub fn with_capacity(images: usize) -> Self {
        Self {
            labels: Vec::with_capacity(images),
            pixels: Vec::with_capacity(images * PIXELS),
        }
    }

    /// Appends the records of a CIFAR-10 file. `file` names it in errors.
    ///
    /// # Errors
    /// As for [`read_cifar10`]; nothing is appended then.
    pub fn append_cifar10(&mut self, bytes: &[u8], file: &str) -> Result<(), DataError> {
        self.append(bytes, file, CIFAR10, 0)
    }

    /// Appends the records of a CIFAR-100 file. `file` names it in errors.
    ///
    /// # Errors
    /// As for [`read_cifar100`]; nothing is appended then.
    pub fn append_cifar100(&mut self, bytes: &[u8], file: &str) -> Result<(), DataError> {
        self.append(bytes, file, CIFAR100, 0)
    }

    /// Appends a file of CIFAR-10 of exactly `size` bytes from a stream, a piece
    /// at a time, so that it is not in memory besides its records. After an error
    /// some of them may have been appended.
    ///
    /// # Errors
    /// As for [`read_cifar10`], and if the file has another size;
    /// [`DataError::Io`].
    pub(crate) fn append_cifar10_from<R: BufRead>(
        &mut self,
        content: Content<R>,
        size: u64,
    ) -> Result<(), DataError> {
        self.append_from(content, CIFAR10, size)
    }

    /// Appends a file of CIFAR-100, as [`append_cifar10_from`](Self::append_cifar10_from).
    pub(crate) fn append_cifar100_from<R: BufRead>(
        &mut self,
        content: Content<R>,
        size: u64,
    ) -> Result<(), DataError> {
        self.append_from(content, CIFAR100, size)
    }

    fn append_from<R: BufRead, const LABELS: usize>(
        &mut self,
        mut content: Content<R>,
        labels: Labels<LABELS>,
        size: u64,
    ) -> Result<(), DataError> {
        let record = (LABELS + PIXELS) as u64;
        let what = format!("{size} bytes, {} records of {record}", size / record);
        let mut piece = Vec::new();
        while content.offset() < size {
            let offset = content.offset();
            piece.clear();
            content.append(&mut piece, (size - offset).min(PIECE * record), &what)?;
            if piece.is_empty() {
                let found = match offset {
                    0 => "an empty file".into(),
                    _ => format!("the end after {} records", offset / record),
                };
                return Err(content.error(&what, found));
            }
            self.append(&piece, content.file(), labels, offset)?;
        }
        content.finish()
    }

    /// Appends the records of `bytes`, which lie at `start` in the file.
    fn append<const LABELS: usize>(
        &mut self,
        bytes: &[u8],
        file: &str,
        labels: Labels<LABELS>,
        start: u64,
    ) -> Result<(), DataError> {
        let record = LABELS + PIXELS;
        let (count, rest) = (bytes.len() / record, bytes.len() % record);
        let image = |at: usize| start / record as u64 + at as u64;
        let fail = |offset: usize, expected: String, found: String| DataError::Malformed {
            file: file.into(),
            offset: start + offset as u64,
            expected,
            found,
        };
        if bytes.is_empty() {
            let expected = format!("records of {record} bytes");
            return Err(fail(0, expected, "an empty file".into()));
        }
        // The labels first: in a file of something else they are wrong at once,
        // and that says more than the length.
        for (at, bytes) in bytes.chunks(record).enumerate() {
            for (place, (&label, (name, classes))) in bytes.iter().zip(labels).enumerate() {
                if label >= classes {
                    return Err(fail(
                        at * record + place,
                        format!(
                            "the {name} of image {}, from 0 to {}",
                            image(at),
                            classes - 1
                        ),
                        label.to_string(),
                    ));
                }
            }
        }
        if rest > 0 {
            return Err(fail(
                bytes.len(),
                format!("a multiple of {record} bytes, one record an image"),
                format!("the end after {rest} bytes of image {}", image(count)),
            ));
        }
        self.labels.reserve(count);
        self.pixels.reserve(count * PIXELS);
        for record in bytes.chunks_exact(record) {
            self.labels.push(record[LABELS - 1]);
            self.pixels.extend_from_slice(&record[LABELS..]);
        }
        Ok(())
    }
}

/// Reads a CIFAR-10 file, such as `data_batch_1.bin`. `file` names it in errors.
///
/// # Errors
/// [`DataError::Malformed`] if it is empty, not a whole number of records of
/// 3,073 bytes, or a label is over 9.
pub fn read_cifar10(bytes: &[u8], file: &str) -> Result<Records, DataError> {
    let mut records = Records::default();
    records.append_cifar10(bytes, file)?;
    Ok(records)
}

/// Reads a CIFAR-100 file, such as `train.bin`. `file` names it in errors.
///
/// # Errors
/// [`DataError::Malformed`] if it is empty, not a whole number of records of
/// 3,074 bytes, a coarse label is over 19, or a fine one over 99.
pub fn read_cifar100(bytes: &[u8], file: &str) -> Result<Records, DataError> {
    let mut records = Records::default();
    records.append_cifar100(bytes, file)?;
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(labels: &[u8], first: u8) -> Vec<u8> {
        let pixels = (0..PIXELS).map(|at| first.wrapping_add((at / 1024) as u8));
        labels.iter().copied().chain(pixels).collect()
    }

    #[test]
    fn reads_labels_and_planes() {
        let bytes = [record(&[9], 10), record(&[0], 20)].concat();
        let records = read_cifar10(&bytes, "f").unwrap();
        assert_eq!(records.labels, [9, 0]);
        assert_eq!(records.pixels.len(), 2 * PIXELS);
        let corner = |image: usize, channel: usize| records.pixels[image * PIXELS + channel * 1024];
        assert_eq!([corner(0, 0), corner(0, 1), corner(0, 2)], [10, 11, 12]);
        assert_eq!([corner(1, 0), corner(1, 1), corner(1, 2)], [20, 21, 22]);

        let records = read_cifar100(&record(&[19, 99], 3), "f").unwrap();
        assert_eq!((records.labels, records.pixels[0]), (vec![99], 3));
    }

    #[test]
    fn files_are_appended_whole_or_not_at_all() {
        let mut records = Records::with_capacity(2);
        let space = records.pixels.as_ptr();
        records.append_cifar10(&record(&[1], 5), "a").unwrap();
        let broken = [record(&[2], 6), record(&[10], 7)].concat();
        records.append_cifar10(&broken, "b").unwrap_err();
        assert_eq!(records.labels, [1]);
        records.append_cifar10(&record(&[3], 8), "c").unwrap();
        assert_eq!(records.labels, [1, 3]);
        assert_eq!((records.pixels[0], records.pixels[PIXELS]), (5, 8));
        assert_eq!(space, records.pixels.as_ptr(), "the space was made before");
    }

    #[test]
    fn says_where_a_file_is_wrong() {
        let check =
            |read: fn(&[u8], &str) -> Result<Records, DataError>, bytes: &[u8], expected: &str| {
                assert_eq!(read(bytes, "f").unwrap_err().to_string(), expected);
            };
        check(
            read_cifar10,
            &[],
            "f, byte 0: expected records of 3073 bytes, found an empty file",
        );
        check(
            read_cifar10,
            &[record(&[1], 0), vec![0; 17]].concat(),
            "f, byte 3090: expected a multiple of 3073 bytes, one record an image, \
             found the end after 17 bytes of image 1",
        );
        check(
            read_cifar10,
            &[record(&[1], 0), record(&[10], 0)].concat(),
            "f, byte 3073: expected the label of image 1, from 0 to 9, found 10",
        );
        check(
            read_cifar100,
            &[record(&[0, 99], 0), record(&[0, 100], 0)].concat(),
            "f, byte 3075: expected the fine label of image 1, from 0 to 99, found 100",
        );
        check(
            read_cifar100,
            &record(&[20, 0], 0),
            "f, byte 0: expected the coarse label of image 0, from 0 to 19, found 20",
        );
        // One data set taken for the other.
        check(
            read_cifar100,
            &[record(&[1], 0), record(&[1], 0)].concat(),
            "f, byte 6146: expected a multiple of 3074 bytes, one record an image, \
             found the end after 3072 bytes of image 1",
        );
        check(
            read_cifar10,
            &[record(&[0, 99], 0), record(&[19, 7], 0)].concat(),
            "f, byte 6148: expected a multiple of 3073 bytes, one record an image, \
             found the end after 2 bytes of image 2",
        );
    }
}
