//! The flag that inverts images, and what is said where it may be wanted.

use data::augment::Image;
use trainer::{Inference, Polarity};

#[derive(clap::Args)]
pub struct InvertArgs {
    /// Which images are inverted: auto takes those whose ground is not that of the training
    /// images, such as ink on paper where the training images are light on dark
    #[arg(long, value_name = "WHICH", default_value = "never")]
    invert: Invert,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Invert {
    Never,
    Auto,
    Always,
}

impl InvertArgs {
    /// The image as the network is to get it, whether it looked inverted, and whether it
    /// is inverted now.
    pub fn apply(&self, inference: &Inference, image: Image) -> (Image, bool, bool) {
        let unlike = inference.is_unlike_training(&image);
        let inverts = match self.invert {
            Invert::Never => false,
            Invert::Auto => unlike,
            Invert::Always => true,
        };
        match inverts {
            true => (image.inverted(), unlike, true),
            false => (image, unlike, false),
        }
    }

    /// What is said where images, `unlike` in number, were not as the training images are.
    pub fn note(&self, inference: &Inference, unlike: usize) -> Option<String> {
        let count = match unlike {
            1 => "1 image is".to_owned(),
            many => format!("{many} images are"),
        };
        if self.invert == Invert::Always {
            return Some("every image was inverted".into());
        }
        let trained = Polarity::of(inference.info()).filter(|_| unlike > 0)?;
        let (trained, found) = (trained.name(), trained.opposite().name());
        let what = format!("{count} {found}, and the run was trained on {trained}");
        Some(match self.invert {
            Invert::Auto => format!("{what}: inverted"),
            _ => format!("{what}: `--invert auto` inverts such images"),
        })
    }
}
