//! The flags that name one image, and the picture that is made of it.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use data::{
    augment::Image,
    folder::{self, FolderOptions},
};
use trainer::{
    Inference, Part, TrainConfig, TrainError,
    config::ConfigError,
    pictures::{Section, sheet, write_png},
};

use super::{
    invert::InvertArgs,
    store::{PartFor, StoreArgs},
};

#[derive(clap::Args)]
pub struct ImageArgs {
    /// Take a test image of the data set of the run by its number, from 0, or one of another data
    /// set: mnist-mini:12
    #[arg(long, value_name = "[DATASET:]N", conflicts_with = "image")]
    test_image: Option<TestImage>,
    #[command(flatten)]
    invert: InvertArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// A number, and the data set that it is of, if that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TestImage {
    dataset: Option<String>,
    number: usize,
}

impl FromStr for TestImage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (dataset, number) = match text.rsplit_once(':') {
            Some((dataset, number)) => (Some(dataset.to_owned()), number),
            None => (None, text),
        };
        let number = number.parse();
        let number = number
            .map_err(|_| format!("`{text}` does not end in a number: write 12 or mnist-mini:12"))?;
        Ok(Self { dataset, number })
    }
}

/// An image, and what is to be said of it.
pub struct Picked {
    /// Of the shape of the data set of the run, if there is one.
    pub image: Image,
    /// Where it is from, and its class, if that is known.
    pub from: String,
    /// What is to be said where it is not as the training images are.
    pub note: Option<String>,
}

/// Longer images are made smaller where no network says how large they are to be.
const LONGEST: usize = 512;

impl ImageArgs {
    /// Whether a test image is named.
    pub fn is_given(&self) -> bool {
        self.test_image.is_some()
    }

    /// Looks that there are not two images: a file, and a test image.
    pub fn check_alone(&self, file: Option<&Path>) -> Result<(), TrainError> {
        match (&self.test_image, file) {
            (Some(asked), Some(file)) => Err(asked.wrong(format!(
                "{} is an image, too: take one of them",
                file.display()
            ))),
            _ => Ok(()),
        }
    }

    /// The image for a run: of a file, standard input (`-`) or a data set.
    pub fn pick(&self, inference: &Inference, file: Option<&Path>) -> anyhow::Result<Picked> {
        let Some(asked) = &self.test_image else {
            let options = inference.folder_options();
            let file = file.ok_or_else(nothing_named)?;
            let (bytes, name) = folder::read_bytes(file, &options).map_err(TrainError::from)?;
            let image = folder::decode(&bytes, &name, &options).map_err(TrainError::from)?;
            let (image, unlike, inverted) = self.invert.apply(inference, image);
            return Ok(Picked {
                image,
                from: format!("{name}{}", said_of(inverted)),
                note: self.invert.note(inference, usize::from(unlike)),
            });
        };
        let PartFor {
            dataset, images, ..
        } = self
            .store
            .load_part(inference, asked.dataset.as_deref(), Part::Test)?;
        asked.check(&dataset, images.len())?;
        let label = usize::from(images.labels()[asked.number]);
        let image = Image::new(images.image(asked.number).to_vec(), images.info().shape());
        let (image, unlike, inverted) = self.invert.apply(inference, image);
        Ok(Picked {
            image,
            from: format!(
                "test image {} of {dataset}{}, of class {}",
                asked.number,
                said_of(inverted),
                inference.classes()[label]
            ),
            note: self.invert.note(inference, usize::from(unlike)),
        })
    }

    /// The image without a run: a file as large as it is, but for very large ones; in grey.
    pub fn pick_grey(&self, file: Option<&Path>) -> anyhow::Result<Picked> {
        let Some(asked) = &self.test_image else {
            let file = file.ok_or_else(nothing_named)?;
            let options = FolderOptions {
                channels: 1,
                ..FolderOptions::default()
            };
            let (bytes, name) = folder::read_bytes(file, &options).map_err(TrainError::from)?;
            let image = folder::decode_whole(&bytes, &name, LONGEST, &options);
            return Ok(Picked {
                image: image.map_err(TrainError::from)?,
                from: name,
                note: None,
            });
        };
        let Some(dataset) = &asked.dataset else {
            let problem = "it names no data set, and there is no run: write DATASET:N, such as \
                           mnist-mini:12";
            return Err(asked.wrong(problem.into()).into());
        };
        let config = TrainConfig {
            dataset: dataset.clone(),
            ..TrainConfig::default()
        };
        let images = self.store.load(&config)?.test;
        asked.check(dataset, images.len())?;
        let info = images.info();
        let image = Image::new(images.image(asked.number).to_vec(), info.shape());
        Ok(Picked {
            image: image.grey(),
            from: format!(
                "test image {} of {dataset}, of class {}",
                asked.number,
                info.classes[usize::from(images.labels()[asked.number])]
            ),
            note: None,
        })
    }
}

fn nothing_named() -> TrainError {
    TrainError::Config(ConfigError::Value {
        key: "IMAGE".into(),
        value: "nothing".into(),
        problem: "no image is named: name a file, - for standard input, or a --test-image".into(),
        origin: None,
    })
}

impl TestImage {
    fn check(&self, dataset: &str, images: usize) -> Result<(), TrainError> {
        match self.number < images {
            true => Ok(()),
            false => Err(self.wrong(format!(
                "{dataset} has {images} test images, 0 to {}",
                images.saturating_sub(1)
            ))),
        }
    }

    fn wrong(&self, problem: String) -> TrainError {
        let value = match &self.dataset {
            Some(dataset) => format!("{dataset}:{}", self.number),
            None => self.number.to_string(),
        };
        TrainError::Config(ConfigError::Value {
            key: "--test-image".into(),
            value,
            problem,
            origin: None,
        })
    }
}

fn said_of(inverted: bool) -> &'static str {
    match inverted {
        true => ", inverted",
        false => "",
    }
}

/// A file that a picture can be written to, for clap.
pub fn png_file(path: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(path);
    match path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("png"))
    {
        true => Ok(path),
        false => Err("it is drawn as PNG: name a file that ends in .png".into()),
    }
}

/// Looks that `out` can be written without harm: it is not the image, nor in a run.
pub fn check_out(out: &Path, image: Option<&Path>) -> anyhow::Result<()> {
    super::outside_runs(out)?;
    image.map_or(Ok(()), |image| super::not_the_same(out, image))
}

/// Writes sections below each other.
pub fn draw(sections: &[Section], out: &Path) -> anyhow::Result<()> {
    Ok(write_png(&sheet(sections), out)?)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn test_images_are_named_with_or_without_their_data_set() {
        let of = |dataset: Option<&str>, number| TestImage {
            dataset: dataset.map(Into::into),
            number,
        };
        assert_eq!("12".parse(), Ok(of(None, 12)));
        assert_eq!("mnist-mini:0".parse(), Ok(of(Some("mnist-mini"), 0)));
        assert_eq!("folder:a:b:7".parse(), Ok(of(Some("folder:a:b"), 7)));
        for wrong in ["", "mnist-mini", "mnist-mini:", "-1", "a:1.5"] {
            let error = wrong.parse::<TestImage>().unwrap_err();
            assert!(error.contains("does not end in a number"), "{error}");
        }
    }

    #[test]
    fn to_name_no_image_is_bad_usage() {
        let parsed = Parsed::parse_from(["kiln"]);
        let error = parsed.picked.pick_grey(None).err().unwrap();
        assert_eq!(super::super::exit_code(&error), 2);
        assert!(error.to_string().contains("no image is named"), "{error}");
    }

    #[derive(clap::Parser)]
    struct Parsed {
        image: Option<PathBuf>,
        #[command(flatten)]
        picked: ImageArgs,
    }

    #[test]
    fn pictures_are_png() {
        assert_eq!(png_file("a.PNG"), Ok(PathBuf::from("a.PNG")));
        assert!(png_file("a.svg").unwrap_err().contains("ends in .png"));
    }
}
