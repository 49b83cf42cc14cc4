//! A network on the command line: its name, and what is chosen about it.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use models::{Form, ModelOptions, NetworkSpec};
use trainer::{NetworkSource, TrainError};

/// What is chosen about a network.
#[derive(clap::Args)]
pub struct ChoiceArgs {
    /// Channels, height and width of an image, such as 3x32x32 [default: those of the images that
    /// the network was published for]
    #[arg(long, value_name = "CxHxW", value_parser = image)]
    pub input: Option<Image>,
    #[command(flatten)]
    options: OptionArgs,
}

impl ChoiceArgs {
    pub fn options(&self) -> ModelOptions {
        self.options.chosen()
    }
}

/// The options of an architecture that have flags.
#[derive(clap::Args)]
pub struct OptionArgs {
    /// Form of the network, where there are several: auto (by the size of the images), small,
    /// imagenet [default: auto]
    #[arg(long, value_name = "NAME", hide_possible_values = true, value_parser = forms())]
    pub form: Option<Form>,
    /// Factor of all channels and hidden features, where it can be chosen [default: 1]
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true)]
    pub width: Option<f64>,
    /// With the second classifiers of GoogLeNet, which only training uses; their losses count 0.3
    /// each
    #[arg(long)]
    pub auxiliary_heads: bool,
}

impl OptionArgs {
    /// With what was not chosen as it is by default.
    pub fn chosen(&self) -> ModelOptions {
        let own = ModelOptions::default();
        ModelOptions {
            form: self.form.unwrap_or(own.form),
            width: self.width.unwrap_or(own.width),
            auxiliary_heads: self.auxiliary_heads,
            ..own
        }
    }
}

#[derive(clap::Args)]
pub struct NetworkArgs {
    /// Network: a name that `kiln models` lists, or a file that describes one
    #[arg(value_name = "MODEL|FILE.toml")]
    model: String,
    /// Number of classes [default: the one that the network was published for; 10 for a file]
    #[arg(long, value_name = "N")]
    classes: Option<usize>,
    #[command(flatten)]
    choice: ChoiceArgs,
}

/// `[channels, height, width]`.
pub type Image = [usize; 3];

impl NetworkArgs {
    /// The file of the network, if it is read from one.
    pub fn file(&self) -> Result<Option<PathBuf>, TrainError> {
        let source = NetworkSource::find(&self.model)?;
        Ok(source.file().map(|file| file.path().into()))
    }

    /// The network, and the shape of the images that it is to be seen with.
    pub fn spec(&self) -> Result<(NetworkSpec, Image), TrainError> {
        let source = NetworkSource::find(&self.model)?;
        let image = source.image(self.choice.input)?;
        let classes = self.classes.unwrap_or(source.usual_classes());
        let spec = source.spec(&self.choice.options(), image, classes)?;
        Ok((spec, image))
    }
}

/// Reads a form.
fn forms() -> impl TypedValueParser<Value = Form> {
    PossibleValuesParser::new(Form::ALL.map(Form::name)).try_map(|name| {
        let mut forms = Form::ALL.into_iter();
        forms.find(|form| form.name() == name).ok_or("no form")
    })
}

/// Reads `3x32x32`, also with `×` as the table of a summary writes it.
pub fn image(text: &str) -> Result<Image, String> {
    let sizes: Vec<Option<usize>> = text
        .split(['x', 'X', '×'])
        .map(|size| size.parse().ok().filter(|&size| size > 0))
        .collect();
    match sizes[..] {
        [Some(channels), Some(height), Some(width)] => Ok([channels, height, width]),
        _ => Err("expected channels, height and width, each at least 1, such as 3x32x32".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_shape_of_an_image() {
        assert_eq!(image("3x224x128"), Ok([3, 224, 128]));
        assert_eq!(image("1×28×28"), Ok([1, 28, 28]));
        let huge = format!("1x1x{}0", usize::MAX);
        for wrong in [
            "",
            "28x28",
            "3x32x32x1",
            "3x-1x32",
            "0x28x28",
            "axbxc",
            &huge,
        ] {
            assert!(image(wrong).unwrap_err().contains("3x32x32"), "{wrong}");
        }
    }
}
