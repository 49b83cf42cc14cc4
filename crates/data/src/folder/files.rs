//! Which files belong to which class of which part.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use crate::DataError;

/// Files with these extensions are images. Some are of formats that are not
/// decoded: that is said, rather than that such files are passed over.
const EXTENSIONS: &[&str] = &[
    "avif", "bmp", "gif", "heic", "jpeg", "jpg", "pgm", "png", "ppm", "tif", "tiff", "webp",
];

/// The names of parts.
const PARTS: &[&str] = &["train", "valid", "val", "test"];

/// What parts are called elsewhere, in any case.
const PART_LIKE: &[&str] = &[
    "train",
    "training",
    "valid",
    "val",
    "validation",
    "test",
    "testing",
];

/// The image files of one part, in the order of their paths within each class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Files {
    pub paths: Vec<PathBuf>,
    /// Of each, an index into the classes.
    pub labels: Vec<u16>,
}

impl Files {
    /// Those that `indices` names.
    pub fn choose(&self, indices: &[usize]) -> Self {
        Self {
            paths: indices.iter().map(|&at| self.paths[at].clone()).collect(),
            labels: indices.iter().map(|&at| self.labels[at]).collect(),
        }
    }
}

/// What lies in a folder of images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Sorted byte for byte.
    pub classes: Vec<String>,
    pub train: Files,
    pub valid: Option<Files>,
    pub test: Option<Files>,
}

impl Layout {
    /// Looks through the folder `root`. No image is opened.
    pub fn find(root: &Path) -> Result<Self, DataError> {
        let inside = sub_folders(root)?;
        let part = |name: &str| inside.iter().find(|(found, _)| found == name);
        let (names, train_root) = match part("train") {
            Some((_, path)) => (sub_folders(path)?, path.as_path()),
            None => (Vec::new(), root),
        };
        if names.is_empty() {
            // `train`, if it is there, is a class: things that run on rails.
            for (name, path) in &inside {
                no_part(name, path)?;
            }
            let classes = names_of(&inside, root)?;
            let train = files_of(&inside, &classes, root)?;
            return Ok(Self {
                classes,
                train,
                valid: None,
                test: None,
            });
        }
        if let Some((other, path)) = inside
            .iter()
            .find(|(name, _)| !PARTS.contains(&name.as_str()))
        {
            let problem = format!(
                "`{other}` beside `train` with its sub-folders: the parts of a data set are \
                 `train`, `valid` (or `val`) and `test`; move it away"
            );
            return Err(wrong(path, problem));
        }
        let classes = names_of(&names, train_root)?;
        let part_files = |(_, path): &(String, PathBuf)| {
            let folders = sub_folders(path)?;
            names_of(&folders, path)?;
            files_of(&folders, &classes, train_root)
        };
        let valid = match (part("valid"), part("val")) {
            (Some(_), Some((_, path))) => {
                return Err(wrong(path, "`valid` is there too; one must go"));
            }
            (valid, val) => valid.or(val).map(part_files).transpose()?,
        };
        Ok(Self {
            train: files_of(&names, &classes, train_root)?,
            valid,
            test: part("test").map(part_files).transpose()?,
            classes,
        })
    }
}

fn wrong(path: &Path, problem: impl Into<String>) -> DataError {
    DataError::Folder {
        path: shown(path),
        problem: problem.into(),
    }
}

/// `path` for an error or a table. Control characters are escaped: they would reach a
/// terminal, which may do as they say.
#[must_use]
pub fn shown(path: &Path) -> String {
    let mut shown = String::new();
    for character in path.to_string_lossy().chars() {
        match character.is_control() {
            true => shown.extend(character.escape_debug()),
            false => shown.push(character),
        }
    }
    shown
}

/// Refuses a folder that stands where classes do, but is called like a part and
/// has the images in sub-folders: the parts would become the classes.
fn no_part(name: &str, path: &Path) -> Result<(), DataError> {
    if !PART_LIKE.iter().any(|part| part.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    for inside in entries(path)?.iter().filter(|inside| inside.is_dir()) {
        if !images_of(inside)?.is_empty() {
            let problem = format!(
                "`{name}` looks like a part, for it has images in sub-folders; parts are named \
                 `train`, `valid` (or `val`) and `test`, and `train` has a sub-folder for each \
                 class. Rename it; or if it is a class, move its images directly into it"
            );
            return Err(wrong(path, problem));
        }
    }
    Ok(())
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> DataError + '_ {
    move |e| wrong(path, format!("cannot be read: {e}"))
}

/// The names of classes; at least one, and not more than labels can tell apart.
fn names_of(folders: &[(String, PathBuf)], root: &Path) -> Result<Vec<String>, DataError> {
    let most = usize::from(u16::MAX) + 1;
    match folders.len() {
        0 => Err(wrong(root, "there are no sub-folders; each is a class")),
        many if many > most => {
            let problem = format!("{many} sub-folders, but at most {most} classes are possible");
            Err(wrong(root, problem))
        }
        _ => Ok(folders.iter().map(|(name, _)| name.clone()).collect()),
    }
}

/// The images of all classes of a part. `train` is where `classes` come from.
fn files_of(
    folders: &[(String, PathBuf)],
    classes: &[String],
    train: &Path,
) -> Result<Files, DataError> {
    let mut files = Files::default();
    for (name, path) in folders {
        let label = classes
            .binary_search(name)
            .ok()
            .and_then(|label| u16::try_from(label).ok())
            .ok_or_else(|| {
                let problem = format!("there is no class `{name}` in {}", shown(train));
                wrong(path, problem)
            })?;
        let images = images_of(path)?;
        for image in &images {
            check_file(image)?;
        }
        if images.is_empty() {
            let problem = format!(
                "class `{name}` has no images (files with one of the extensions {})",
                EXTENSIONS.join(", ")
            );
            return Err(wrong(path, problem));
        }
        files
            .labels
            .resize(files.labels.len() + images.len(), label);
        files.paths.extend(images);
    }
    Ok(files)
}

/// What lies directly in `folder` and is not hidden, sorted byte for byte.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push(entry.path());
        }
    }
    entries.sort_unstable();
    Ok(entries)
}

/// The folders in `folder` with their names, sorted byte for byte. A name goes as
/// it is into pictures, files of runs and terminals, and so must be text.
fn sub_folders(folder: &Path) -> Result<Vec<(String, PathBuf)>, DataError> {
    let mut folders = Vec::new();
    for path in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        let name = path.file_name().unwrap_or_default();
        match name.to_str() {
            Some(text) if text.chars().any(char::is_control) => {
                let problem = format!("{name:?} has control characters in its name; rename it");
                return Err(wrong(folder, problem));
            }
            Some(text) => folders.push((text.to_owned(), path)),
            None => return Err(wrong(&path, "the name is not UTF-8; rename it")),
        }
    }
    Ok(folders)
}

/// Looks that `path` is a file: it may be a link to nothing, or a pipe.
///
/// # Errors
/// [`DataError::Folder`].
pub fn check_file(path: &Path) -> Result<(), DataError> {
    match fs::metadata(path).map_err(unreadable(path))?.is_file() {
        true => Ok(()),
        false => Err(wrong(path, "is not a file that can be read")),
    }
}

/// The images in `folder` and below, sorted by path. A folder to which several
/// links lead is visited once, and so links can make no loop.
pub(super) fn images_of(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut images = Vec::new();
    let mut visited = HashSet::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        if !visited.insert(folder.canonicalize().map_err(unreadable(&folder))?) {
            continue;
        }
        let mut inside = Vec::new();
        for path in entries(&folder)? {
            if path.is_dir() {
                inside.push(path);
            } else if is_image(&path) {
                images.push(path);
            }
        }
        // The first by name is visited next.
        waiting.extend(inside.into_iter().rev());
    }
    images.sort_unstable();
    Ok(images)
}

fn is_image(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|found| {
        EXTENSIONS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(found))
    })
}
