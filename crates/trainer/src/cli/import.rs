use std::{path::PathBuf, process::ExitCode, str::FromStr};

use models::{Form, ModelOptions};
use trainer::{Import, TrainError, write_whole};

#[derive(clap::Args)]
pub struct Args {
    /// File of weights: safetensors, or what `torch.save` wrote of a state dict
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Network, whose tensors they have to be; names are torchvision's
    #[arg(long, value_name = "NAME")]
    model: String,
    /// Number of classes [default: as many as the last layer in the file]
    #[arg(long, value_name = "N")]
    classes: Option<usize>,
    /// Images that the network takes, such as 3x32x32 [default: those it was published for]
    #[arg(long, value_name = "CxHxW")]
    input: Option<Input>,
    /// Form of the network: auto, small, imagenet [default: auto, by the size of the images]
    #[arg(long, value_name = "FORM", value_parser = form)]
    form: Option<Form>,
    /// Factor of all channels [default: 1]
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true)]
    width: Option<f64>,
    /// With GoogLeNet's second classifiers
    #[arg(long)]
    auxiliary_heads: bool,
    /// Take what fits, list what does not, and start that anew
    #[arg(long)]
    partial: bool,
    /// File to write [default: FILE with the ending .safetensors]
    #[arg(long, value_name = "FILE.safetensors")]
    out: Option<PathBuf>,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let default = ModelOptions::default();
        let import = Import {
            model: self.model,
            options: ModelOptions {
                form: self.form.unwrap_or(default.form),
                width: self.width.unwrap_or(default.width),
                auxiliary_heads: self.auxiliary_heads,
                ..default
            },
            classes: self.classes,
            image: self.input.map(|Input(image)| image),
            partial: self.partial,
        };
        let imported = import.read(&self.file)?;
        let out = super::new_file(self.out, self.file.with_extension("safetensors"))?;

        let network = &imported.network;
        let classes = network.classes();
        let bytes = network
            .to_safetensors(&[("model", network.name())])
            .map_err(|source| TrainError::Weights {
                path: out.clone(),
                source,
            })?;
        write_whole(&out, &bytes)?;
        super::print(&format!(
            "{}\nwrote {}: {}, {classes} classes\n",
            imported.started,
            out.display(),
            network.name(),
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// `[channels, height, width]`, written `3x32x32`.
#[derive(Clone, Copy)]
struct Input([usize; 3]);

impl FromStr for Input {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sides: Option<Vec<usize>> = text
            .split(['x', '×'])
            .map(|side| side.parse().ok().filter(|&side| side > 0))
            .collect();
        match sides.map(<[usize; 3]>::try_from) {
            Some(Ok(sides)) => Ok(Self(sides)),
            _ => Err("expected channels, height and width, such as 3x32x32"),
        }
    }
}

/// A form by its name in configurations.
fn form(name: &str) -> Result<Form, String> {
    let all = [Form::Auto, Form::Small, Form::ImageNet];
    let found = all.into_iter().find(|form| form.name() == name);
    found.ok_or_else(|| format!("known: {}", all.map(Form::name).join(", ")))
}
