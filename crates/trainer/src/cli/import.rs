use std::{path::PathBuf, process::ExitCode};

use trainer::{Import, TrainError, write_whole};

use super::network::ChoiceArgs;

#[derive(clap::Args)]
pub struct Args {
    /// File of weights: safetensors, or what `torch.save` wrote of a state dict
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Network, whose tensors they have to be: a name that `kiln models` lists, or a file
    #[arg(long, value_name = "NAME|FILE.toml")]
    model: String,
    /// Number of classes [default: as many as the last layer in the file]
    #[arg(long, value_name = "N")]
    classes: Option<usize>,
    #[command(flatten)]
    choice: ChoiceArgs,
    /// Take what fits, list what does not, and start that anew
    #[arg(long)]
    partial: bool,
    /// File to write [default: FILE-MODEL.safetensors, beside it]
    #[arg(long, value_name = "FILE.safetensors")]
    out: Option<PathBuf>,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let import = Import {
            options: self.choice.options(),
            image: self.choice.input,
            model: self.model,
            classes: self.classes,
            partial: self.partial,
        };
        let imported = import.read(&self.file)?;
        let stem = self.file.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{stem}-{}.safetensors", imported.network.name());
        let out = super::new_file(self.out, self.file.with_file_name(name))?;
        super::not_the_same(&out, &self.file)?;

        let network = &imported.network;
        let classes = super::classes(network.classes());
        let bytes = network
            .to_safetensors(&[("model", network.name())])
            .map_err(|source| TrainError::Weights {
                path: out.clone(),
                source,
            })?;
        write_whole(&out, &bytes)?;
        super::print(&format!(
            "{}\nwrote {}: {}, {classes}\n",
            imported.started,
            out.display(),
            network.name(),
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}
