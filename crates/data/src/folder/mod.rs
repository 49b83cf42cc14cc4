//! Folders of images, one sub-folder a class, laid out as for torchvision's
//! `ImageFolder`; decoded once into packed bytes of one size. What is read is
//! what `ImageFolder` and PIL read, but for some files: [`decode`] turns images
//! as their EXIF orientation says, which `ImageFolder` does not, and refuses
//! JPEG files without their end marker.
//!
//! ```text
//! PATH/cat/1.png            PATH/train/cat/1.png
//! PATH/cat/more/2.jpg       PATH/train/dog/2.png
//! PATH/dog/3.webp           PATH/valid/cat/3.png   (or val)
//!                           PATH/test/dog/4.png
//! ```
//!
//! On the left the classes lie directly in the folder, and a test part is split
//! off; on the right `train` has sub-folders, and so the parts are the author's.
//! Without `test`, a test part is split off `train` there too. A folder that looks
//! like a part but is none, such as `Train` or `testing` with sub-folders, is an
//! error, and no class.
//!
//! The path of a file within the folder decides whether it belongs to a test part
//! that is split off: when files are added or removed, at most one of those that
//! stay moves into the test part in each class, and at most one out of it. A file
//! that is renamed is another file. A data set that grows should still get a
//! `test` of its own: what moves has been trained on by earlier runs.

mod decode;
mod files;
mod hold_out;
mod jpeg;
mod png;
#[cfg(test)]
mod tests;
mod webp;

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    DataError, DatasetInfo, Datasets, ImageDataset,
    augment::{Image, Size},
    channel_statistics,
};
use files::{Files, Layout};
use hold_out::hold_out;

pub use decode::{decode, decode_whole};
pub use files::{check_file, shown};

/// How many of the images that cannot be used are named.
const NAMED: usize = 5;

/// How a folder of images becomes a data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct FolderOptions {
    /// The size of every image afterwards. Left out: 64.
    pub size: Size,
    /// 3 for RGB, 1 for grey. Left out: 3.
    pub channels: usize,
    /// The share of the images that become the test part where the folder has
    /// none, above 0 and below 1. Left out: 0.2.
    #[cfg_attr(
        feature = "schema",
        schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))
    )]
    pub test_share: f64,
    /// Draws the test part, with the paths of the files: a file that is added or
    /// removed moves at most one other of its class. Not the seed of a run, so that
    /// all runs have the same test part. Left out: 0.
    pub split_seed: u64,
    /// An image file with more pixels is refused. Left out: 89,478,485, as for
    /// PIL. While it is decoded an image takes up to some 16 bytes a pixel.
    pub max_pixels: u32,
}

impl Default for FolderOptions {
    fn default() -> Self {
        Self {
            size: Size::Square(64),
            channels: 3,
            test_share: 0.2,
            split_seed: 0,
            max_pixels: 89_478_485,
        }
    }
}

impl FolderOptions {
    /// Looks that every option is in its range.
    ///
    /// # Errors
    /// [`DataError::FolderOption`] for the first that is not.
    pub fn validate(&self) -> Result<(), DataError> {
        self.shape()?;
        let fail = |key, problem| Err(DataError::FolderOption { key, problem });
        if !(self.test_share > 0.0 && self.test_share < 1.0) {
            let problem = format!("{} is not above 0 and below 1", self.test_share);
            return fail("test_share", problem);
        }
        if self.max_pixels == 0 {
            return fail("max_pixels", "0 leaves no image: it is at least 1".into());
        }
        Ok(())
    }

    /// `[channels, height, width]` of every image.
    fn shape(&self) -> Result<[usize; 3], DataError> {
        let fail = |key, problem| Err(DataError::FolderOption { key, problem });
        if ![1, 3].contains(&self.channels) {
            return fail("channels", format!("{} is neither 1 nor 3", self.channels));
        }
        match self.size.check("size") {
            Ok([height, width]) => Ok([self.channels, height, width]),
            Err(wrong) => fail(wrong.key, wrong.problem),
        }
    }
}

/// Loads the images in `path`. The class list is that of the sub-folders (of
/// `train`, if there are parts), sorted by name byte for byte; images lie in
/// the order of their paths. Files are images by their extension, and decoded by
/// their content; other and hidden files are passed over, and folders within a
/// class belong to it. See [`decode`] for what becomes of an image.
///
/// Mean and deviation are those of the train part. A channel that is the same
/// everywhere has the deviation 1, so that it is normalised to 0.
///
/// # Errors
/// - [`DataError::FolderOption`] if an option is out of range;
/// - [`DataError::Folder`] if there are no classes, a class has no image or a name
///   with control characters, `valid` or `test` has a class that `train` lacks, a
///   part stands where classes do, or a folder cannot be read;
/// - [`DataError::Split`] if no test part can be split off;
/// - [`DataError::Image`] or [`DataError::Images`] if images cannot be decoded.
pub fn load(path: impl AsRef<Path>, options: &FolderOptions) -> Result<Datasets, DataError> {
    let path = path.as_ref();
    let mut layout = Layout::find(path)?;
    if layout.test.is_none() {
        let (train, test) = hold_out(path, &layout.train, options)?;
        layout.train = train;
        layout.test = Some(test);
    }
    load_parts(path, layout, options)
}

/// As [`load`], for images that were not trained on: nothing is split off. Where the
/// folder has no `test`, the test part is all of the images that would train.
///
/// # Errors
/// As [`load`], but for [`DataError::Split`].
pub fn load_unsplit(
    path: impl AsRef<Path>,
    options: &FolderOptions,
) -> Result<Datasets, DataError> {
    let path = path.as_ref();
    load_parts(path, Layout::find(path)?, options)
}

/// Whether the folder `path` has a part `test` of its own. No image is opened.
///
/// # Errors
/// [`DataError::Folder`], as [`load`].
pub fn has_test(path: impl AsRef<Path>) -> Result<bool, DataError> {
    Ok(Layout::find(path.as_ref())?.test.is_some())
}

/// The images of `layout`; without `test`, those that train are that part too.
fn load_parts(path: &Path, layout: Layout, options: &FolderOptions) -> Result<Datasets, DataError> {
    let shape = options.shape()?;
    let Layout {
        classes,
        train,
        valid,
        test,
    } = layout;
    let train_pixels = read(path, &train, shape, options)?;
    let [channels, height, width] = shape;
    let (mean, mut std) = channel_statistics(&train_pixels, channels, height * width);
    for std in std.iter_mut().filter(|std| **std == 0.0) {
        *std = 1.0;
    }
    let info = Arc::new(DatasetInfo {
        name: format!("folder:{}", path.display()),
        classes,
        channels,
        height,
        width,
        mean,
        std,
    });
    let part =
        |pixels: Vec<u8>, files: Files| ImageDataset::new(Arc::clone(&info), pixels, files.labels);
    let other = |files: Files| part(read(path, &files, shape, options)?, files);
    let train = part(train_pixels, train)?;
    Ok(Datasets {
        valid: valid.map(other).transpose()?,
        test: match test {
            Some(test) => other(test)?,
            None => train.clone(),
        },
        train,
    })
}

/// The pixels of `files`, `N×C×H×W`.
fn read(
    folder: &Path,
    files: &Files,
    shape: [usize; 3],
    options: &FolderOptions,
) -> Result<Vec<u8>, DataError> {
    let count = files.paths.len();
    let image_len: usize = shape.iter().product();
    let mut pixels = Vec::new();
    let total = count.checked_mul(image_len);
    match total {
        Some(total) if pixels.try_reserve_exact(total).is_ok() => pixels.resize(total, 0),
        _ => {
            return Err(DataError::Folder {
                path: shown(folder),
                problem: format!(
                    "memory is short for {count} images of {image_len} bytes; \
                     choose a smaller `size`"
                ),
            });
        }
    }
    let mut wrong: Vec<DataError> = pixels
        .par_chunks_mut(image_len)
        .zip(&files.paths)
        .filter_map(|(pixels, path)| {
            read_image(path, options)
                .map(|image| pixels.copy_from_slice(image.pixels()))
                .err()
        })
        .collect();
    match wrong.len() {
        0 => Ok(pixels),
        1 => Err(wrong.remove(0)),
        bad => {
            wrong.truncate(NAMED);
            Err(DataError::Images {
                count: bad,
                images: count,
                first: wrong,
            })
        }
    }
}

/// The image files in `folder` and below, sorted by path: by their extension, as for
/// [`load`]. Hidden files are passed over, and no file is opened: whether each is one,
/// [`check_file`] tells.
///
/// # Errors
/// [`DataError::Folder`] if a folder cannot be read.
pub fn find_images(folder: impl AsRef<Path>) -> Result<Vec<PathBuf>, DataError> {
    files::images_of(folder.as_ref())
}

/// Reads an image file, as [`decode`] does it.
///
/// # Errors
/// [`DataError::Image`] if it cannot be read, too; else those of [`decode`].
pub fn read_image(path: impl AsRef<Path>, options: &FolderOptions) -> Result<Image, DataError> {
    let path = path.as_ref();
    let name = shown(path);
    let file = File::open(path).map_err(|e| unreadable(&name, &e))?;
    decode_from(file, &name, options)
}

/// Reads an image from `reader`, such as standard input, to its end. `name` stands for
/// it in errors.
///
/// # Errors
/// As [`read_image`].
pub fn decode_from(
    reader: impl Read,
    name: &str,
    options: &FolderOptions,
) -> Result<Image, DataError> {
    decode(&all_of(reader, name, options)?, name, options)
}

/// Reads a file, or standard input (`-`), for [`decode`] or [`decode_whole`], unless it has
/// more bytes than an image can need: they, and its name for errors.
///
/// # Errors
/// [`DataError::Image`] if it cannot be read, or is too long.
pub fn read_bytes(path: &Path, options: &FolderOptions) -> Result<(Vec<u8>, String), DataError> {
    if path == Path::new("-") {
        let name = "standard input";
        let bytes = all_of(std::io::stdin().lock(), name, options)?;
        return Ok((bytes, name.into()));
    }
    let name = shown(path);
    let file = File::open(path).map_err(|e| unreadable(&name, &e))?;
    Ok((all_of(file, &name, options)?, name))
}

/// All bytes of `reader`, unless they are more than an image can need.
fn all_of(reader: impl Read, name: &str, options: &FolderOptions) -> Result<Vec<u8>, DataError> {
    // Eight bytes a pixel are the widest that is decoded, 16 bits RGBA.
    let most = u64::from(options.max_pixels) * 8 + (1 << 20);
    let mut bytes = Vec::new();
    reader
        .take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| unreadable(name, &e))?;
    if bytes.len() as u64 > most {
        // More than an image can need.
        return Err(DataError::Image {
            file: name.into(),
            problem: format!(
                "has more than the {most} bytes that `max_pixels` = {} could need",
                options.max_pixels
            ),
        });
    }
    Ok(bytes)
}

fn unreadable(name: &str, error: &std::io::Error) -> DataError {
    DataError::Image {
        file: name.into(),
        problem: format!("cannot be read: {error}"),
    }
}
