//! From the files of a data set to its images.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Datasets,
    entry::{Entry, File, Files, Format},
    locate::{find, relative},
};
use crate::{
    DataError, DatasetInfo, ImageDataset,
    dataset::channel_statistics,
    formats::{cifar::Records, content::Content, idx},
};

/// Pixels, `N×C×H×W`, and labels of one part of a data set.
#[derive(Debug)]
pub(crate) struct Part {
    pub pixels: Vec<u8>,
    pub labels: Vec<u8>,
}

/// Reads both parts. The pixels are in memory once.
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
    let mut records = match format {
        // Its files are read whole.
        Format::Idx => Records::default(),
        Format::Cifar10 | Format::Cifar100 => Records::with_capacity(count),
    };
    for (path, file) in paths {
        read_file(entry, format, path, file, &mut records)?;
    }
    let Records { labels, pixels } = records;
    Ok(Part { pixels, labels })
}

/// Whether the file's content can be what its name says, in all that
/// [`read`] asks of it: for files without a digest.
pub(crate) fn check_structure(
    entry: &Entry,
    format: Format,
    path: &Path,
    file: &File,
) -> Result<(), DataError> {
    read_file(entry, format, path, file, &mut Records::default())
}

/// Reads a file that must be of the size that the catalogue states, hold images
/// of the shape and no other labels than there are classes.
fn read_file(
    entry: &Entry,
    format: Format,
    path: &Path,
    file: &File,
    records: &mut Records,
) -> Result<(), DataError> {
    let content = Content::open(path)?;
    let [_, height, width] = entry.shape;
    match format {
        Format::Idx if file.name.contains("-idx3-") => {
            let count = file.size.saturating_sub(idx::IMAGES_HEADER) as usize / (height * width);
            records.pixels = idx::images_from(content, [count, height, width])?;
        }
        Format::Idx => {
            let count = file.size.saturating_sub(idx::LABELS_HEADER) as usize;
            records.labels = idx::labels_from(content, count, entry.classes.len())?;
        }
        Format::Cifar10 => records.append_cifar10_from(content, file.size)?,
        Format::Cifar100 => records.append_cifar100_from(content, file.size)?,
    }
    Ok(())
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
