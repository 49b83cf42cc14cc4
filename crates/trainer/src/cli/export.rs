use std::{path::PathBuf, process::ExitCode};

use trainer::{RunDir, TrainError, Weights, write_whole};

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
        let config = run.config()?;
        let info = run.trained_on()?;
        let state = run.state_dict(self.which)?;
        let run = std::path::absolute(&self.run)?;
        let name = run.file_name().unwrap_or_default().to_string_lossy();
        let default = format!("{name}-{}", self.which.file_name());
        let out = super::new_file(self.out, default.into())?;
        let bytes = match self.format {
            Format::Safetensors => state.to_safetensors(&[("model", &config.model)]),
        };
        let bytes = bytes.map_err(|source| TrainError::Weights {
            path: out.clone(),
            source,
        })?;
        write_whole(&out, &bytes)?;
        super::print(&format!(
            "wrote {out}: {model}, {tensors} tensors, {count} classes: {classes}\n\
             in Python: model.load_state_dict(safetensors.torch.load_file({out:?}))\n",
            out = out.display().to_string(),
            model = config.model,
            tensors = state.len(),
            count = info.classes.len(),
            classes = info.classes.join(", "),
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}
