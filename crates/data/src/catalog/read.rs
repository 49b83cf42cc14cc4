//! From the files of a data set to its images.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use flate2::bufread::GzDecoder;

use super::{
    Datasets,
    locate::{find, relative},
    table::{Entry, File, Files, Format},
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

/// Reads both parts. The pixels are in memory once; besides them there is one
/// file at a time.
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
                let bytes = content_of(path, file.size)?;
                match format {
                    Format::Cifar10 => records.append_cifar10(&bytes, &shown(path))?,
                    _ => records.append_cifar100(&bytes, &shown(path))?,
                }
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

/// Whether the file's content can be what its name says: for files without a
/// digest.
pub(crate) fn check_structure(path: &Path, files: &Files, file: &File) -> Result<(), DataError> {
    match files.format {
        Format::Idx if file.name.contains("-idx3-") => {
            idx::read_images(&bytes_of(path)?, &shown(path)).map(drop)
        }
        Format::Idx => idx::read_labels(&bytes_of(path)?, &shown(path)).map(drop),
        Format::Cifar10 => {
            cifar::read_cifar10(&content_of(path, file.size)?, &shown(path)).map(drop)
        }
        Format::Cifar100 => {
            cifar::read_cifar100(&content_of(path, file.size)?, &shown(path)).map(drop)
        }
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

/// The content of a file, gzipped or not: of a gzipped one at most a byte more
/// than it should be.
fn content_of(path: &Path, size: u64) -> Result<Vec<u8>, DataError> {
    let bytes = bytes_of(path)?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut content = Vec::new();
    GzDecoder::new(bytes.as_slice())
        .take(size + 1)
        .read_to_end(&mut content)
        .map_err(DataError::io("unpack", path))?;
    Ok(content)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
