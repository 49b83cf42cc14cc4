//! From the files of a data set to its images.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Datasets,
    content::{Content, is_damage},
    entry::{Entry, File, Files, Format},
    locate::{find, relative},
};
use crate::{
    DataError, DatasetInfo, ImageDataset,
    dataset::channel_statistics,
    formats::{
        cifar::{self, Records},
        idx,
    },
};

/// Pixels, `N×C×H×W`, and labels of one part of a data set.
#[derive(Debug)]
pub(crate) struct Part {
    pub pixels: Vec<u8>,
    pub labels: Vec<u8>,
}

/// Reads both parts. The pixels are in memory once, besides an IDX file while it
/// is read.
pub(crate) fn read(entry: &Entry, files: &Files, root: &Path) -> Result<Datasets, DataError> {
    let part = |part: &'static [File], count| {
        let paths = part
            .iter()
            .map(|file| match find(root, files, file) {
                Some(path) => Ok((path, file)),
                None => Err(DataError::Missing {
                    name: entry.name.into(),
                    root: root.into(),
                    missing: vec![relative(files, file)],
                    advice: "it was there a moment ago".into(),
                }),
            })
            .collect::<Result<Vec<_>, _>>()?;
        read_part(entry, files.format, &paths, count)
    };
    let train = part(files.train, entry.train)?;
    let test = part(files.test, entry.test)?;
    assemble(entry.name, entry.classes, entry.shape, train, test)
}

fn read_part(
    entry: &Entry,
    format: Format,
    paths: &[(PathBuf, &File)],
    count: usize,
) -> Result<Part, DataError> {
    let part = match format {
        Format::Idx => {
            let [(images, _), (labels, _)] = paths else {
                unreachable!("the table names images and labels")
            };
            let images = read_images(entry, images)?;
            Part {
                pixels: images,
                labels: idx::read_labels(&bytes_of(labels)?, &shown(labels))?,
            }
        }
        Format::Cifar10 | Format::Cifar100 => {
            let mut records = Records::with_capacity(count);
            for (path, file) in paths {
                append_records(&mut records, format, path, file)?;
            }
            Part {
                pixels: records.pixels,
                labels: records.labels,
            }
        }
    };
    if part.labels.len() == count {
        return Ok(part);
    }
    Err(DataError::Inconsistent {
        name: entry.name.into(),
        problem: format!(
            "{} labels in {}, but there should be {count}",
            part.labels.len(),
            paths
                .iter()
                .map(|(path, _)| shown(path))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    })
}

fn read_images(entry: &Entry, path: &Path) -> Result<Vec<u8>, DataError> {
    let images = idx::read_images(&bytes_of(path)?, &shown(path))?;
    let [_, height, width] = entry.shape;
    if [images.rows, images.columns] != [height, width] {
        return Err(DataError::Inconsistent {
            name: entry.name.into(),
            problem: format!(
                "{} holds images of {}×{} pixels, but they should be of {height}×{width}",
                shown(path),
                images.rows,
                images.columns
            ),
        });
    }
    Ok(images.pixels)
}

/// Appends a file of CIFAR, a piece at a time, so that the file is not in memory
/// besides its records.
fn append_records(
    records: &mut Records,
    format: Format,
    path: &Path,
    file: &File,
) -> Result<(), DataError> {
    let record = match format {
        Format::Cifar100 => 3074,
        _ => 3073,
    };
    let mut content = Content::open(path).map_err(DataError::io("read", path))?;
    let mut piece = Vec::new();
    let mut total = 0;
    while total <= file.size {
        piece.clear();
        let read = content.by_ref().take(1000 * record).read_to_end(&mut piece);
        total += match read {
            Ok(0) if total > 0 => break,
            Ok(read) => read as u64,
            Err(problem) => return Err(unreadable(path, total, &problem)),
        };
        let name = shown(path);
        let appended = match format {
            Format::Cifar100 => records.append_cifar100(&piece, &name),
            _ => records.append_cifar10(&piece, &name),
        };
        if let Err(error) = appended {
            // The whole file tells which of its images it is.
            check_structure(path, format, file)?;
            return Err(error);
        }
    }
    content
        .finish()
        .map_err(|problem| unreadable(path, total, &problem))
}

/// Whether the file's content can be what its name says: for files without a
/// digest.
pub(crate) fn check_structure(path: &Path, format: Format, file: &File) -> Result<(), DataError> {
    let name = shown(path);
    match format {
        Format::Idx if file.name.contains("-idx3-") => {
            idx::read_images(&bytes_of(path)?, &name).map(drop)
        }
        Format::Idx => idx::read_labels(&bytes_of(path)?, &name).map(drop),
        Format::Cifar10 => cifar::read_cifar10(&content_of(path, file)?, &name).map(drop),
        Format::Cifar100 => cifar::read_cifar100(&content_of(path, file)?, &name).map(drop),
    }
}

/// The content of a file, gzipped or not: at most a byte more than it should be.
fn content_of(path: &Path, file: &File) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    let content = Content::open(path).map_err(DataError::io("read", path))?;
    match content.take(file.size + 1).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(problem) => Err(unreadable(path, bytes.len() as u64, &problem)),
    }
}

/// An error of reading: of the file's bytes, or of the machine.
fn unreadable(path: &Path, offset: u64, problem: &io::Error) -> DataError {
    if is_damage(problem) {
        return DataError::Malformed {
            file: shown(path),
            offset,
            expected: "undamaged content of the expected length".into(),
            found: problem.to_string(),
        };
    }
    DataError::Io {
        action: "read",
        path: path.into(),
        problem: problem.to_string(),
    }
}

/// Puts the parts together, with the statistics of the training images.
pub(crate) fn assemble(
    name: &str,
    classes: &[&str],
    [channels, height, width]: [usize; 3],
    train: Part,
    test: Part,
) -> Result<Datasets, DataError> {
    let (mean, std) = channel_statistics(&train.pixels, channels, height * width);
    let info = Arc::new(DatasetInfo {
        name: name.into(),
        classes: classes.iter().map(|&class| class.into()).collect(),
        channels,
        height,
        width,
        mean,
        std,
    });
    let part = |Part { pixels, labels }| {
        let labels = labels.into_iter().map(u16::from).collect();
        ImageDataset::new(Arc::clone(&info), pixels, labels)
    };
    Ok(Datasets {
        train: part(train)?,
        test: part(test)?,
        valid: None,
    })
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, DataError> {
    fs::read(path).map_err(DataError::io("read", path))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
