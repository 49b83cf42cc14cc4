//! From words on the command line to images.

use std::{
    borrow::Cow,
    io,
    path::{Path, PathBuf},
};

use data::{
    augment::Image,
    folder::{self, FolderOptions},
};

/// What an image is read from.
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
    /// Nothing: why.
    Nothing(String),
}

/// What `paths` name: `-` is standard input, and a folder all images in it and below,
/// by their paths.
pub fn find(paths: &[PathBuf]) -> Vec<Input> {
    let mut inputs = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            inputs.push(Input::Stdin);
        } else if path.is_dir() {
            match folder::find_images(path) {
                Ok(images) if images.is_empty() => inputs.push(Input::Nothing(format!(
                    "{}: there is no image in it, by the extensions of files",
                    folder::shown(path)
                ))),
                Ok(images) => inputs.extend(images.into_iter().map(Input::in_folder)),
                Err(error) => inputs.push(Input::Nothing(error.to_string())),
            }
        } else {
            inputs.push(Input::File(path.clone()));
        }
    }
    inputs
}

impl Input {
    /// An image of a folder: unlike one that was named, no pipe, which would be waited for.
    fn in_folder(path: PathBuf) -> Self {
        match folder::check_file(&path) {
            Ok(()) => Self::File(path),
            Err(error) => Self::Nothing(error.to_string()),
        }
    }

    /// The name of the image.
    pub fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Stdin => "-".into(),
            Self::File(path) => path.to_string_lossy(),
            Self::Nothing(_) => "".into(),
        }
    }

    /// The image, or what is wrong with it, as a line.
    pub fn read(&self, options: &FolderOptions) -> Result<Image, String> {
        let image = match self {
            Self::Stdin => folder::decode_from(io::stdin().lock(), "standard input", options),
            Self::File(path) => folder::read_image(path, options),
            Self::Nothing(problem) => return Err(problem.clone()),
        };
        image.map_err(|error| error.to_string())
    }
}
