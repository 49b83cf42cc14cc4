use std::{path::PathBuf, process::ExitCode};

use models::Shape;
use trainer::{Export, RunDir, Weights, write_whole};

#[derive(clap::Args)]
pub struct Args {
    /// Folder of the run
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Which weights
    #[arg(long, value_name = "WHICH", default_value = "best")]
    which: Weights,
    /// Format of the file
    #[arg(long, value_name = "FORMAT", default_value = "safetensors")]
    format: Format,
    /// File to write [default: the name of the run and of the weights, in the working folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// What `safetensors.torch.load_file` reads
    Safetensors,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let run = RunDir::open(&self.run)?;
        let export = Export::of(&run, self.which)?;
        let folder = std::path::absolute(&self.run)?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let default = format!("{name}-{}", self.which.file_name());
        let out = super::new_file(self.out, default.into())?;
        let bytes = match self.format {
            Format::Safetensors => &export.safetensors,
        };
        write_whole(&out, bytes)?;
        let classes = &export.dataset.classes;
        super::print(&format!(
            "wrote {out}: {model}, {tensors} tensors, {count}: {names}\n\
             images {image}, of pixels from 0 to 1: mean {mean}, std {std}\n\
             in Python: model.load_state_dict(safetensors.torch.load_file({out:?}))\n",
            out = out.display().to_string(),
            model = export.network.title(),
            tensors = export.tensors,
            count = super::classes(classes.len()),
            names = classes.join(", "),
            image = Shape::Map(export.network.image),
            mean = list(&export.mean),
            std = list(&export.std),
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn list(numbers: &[f32]) -> String {
    let texts: Vec<String> = numbers.iter().map(f32::to_string).collect();
    texts.join(", ")
}
