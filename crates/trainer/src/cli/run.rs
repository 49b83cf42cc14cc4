//! The flags of verbs that use a finished run.

use std::path::{Path, PathBuf};

use trainer::{
    Inference, InferenceOptions, RunDir, TrainError, Weights,
    backend::{AdapterKind, BackendChoice, use_threads},
    config::Tta,
};

use super::of_flag;

#[derive(clap::Args)]
pub struct RunArgs {
    /// Folder of the run
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// Test-time augmentation: none, flip, flip-shift [default: that of the run]
    #[arg(long, value_name = "NAME", hide_possible_values = true)]
    tta: Option<Tta>,
    #[command(flatten)]
    network: NetworkArgs,
}

/// Which weights, and where they compute.
#[derive(clap::Args)]
pub struct NetworkArgs {
    /// Which weights
    #[arg(long, value_name = "WHICH", default_value = "best")]
    which: Weights,
    /// Where to compute [default: the backend of the run]
    #[arg(long, value_name = "NAME")]
    backend: Option<BackendChoice>,
    /// Adapter that a wgpu backend takes [default: that of the run]
    #[arg(long, value_name = "KIND")]
    adapter: Option<AdapterKind>,
    /// Threads that the CPU computes with [default: that of the run]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

impl NetworkArgs {
    /// The run in a folder, ready for use; `tta` is that of the run, if it is none.
    pub fn open(&self, run: &Path, tta: Option<Tta>) -> Result<Inference, TrainError> {
        let run = RunDir::open(run)?;
        if self.threads.is_some() {
            use_threads(self.threads).map_err(of_flag)?;
        }
        let options = InferenceOptions {
            which: self.which,
            tta,
            backend: self.backend,
            adapter: self.adapter,
            threads: self.threads,
        };
        Inference::open(run, options)
    }
}

impl RunArgs {
    /// The run, ready for use.
    pub fn open(&self) -> Result<Inference, TrainError> {
        self.network.open(&self.run, self.tta)
    }

    /// As [`heading`], of this run.
    pub fn heading(&self, inference: &Inference, on: Option<&str>) -> String {
        heading(&self.run, inference, on)
    }
}

/// Two lines of what is used, and where: `on` is the data set, if there is one.
pub fn heading(run: &Path, inference: &Inference, on: Option<&str>) -> String {
    let selected = inference.selected();
    let on = on.map_or(String::new(), |on| format!(" on {on}"));
    let mut text = format!(
        "{} of {}, {}{on}\nbackend {}: {}\n",
        inference.which().file_name(),
        run.display(),
        inference.spec().name(),
        selected.backend,
        selected.name,
    );
    let tta = inference.config().evaluation.tta;
    if tta != Tta::None {
        text += &format!("test-time augmentation: {}\n", tta.name());
    }
    text
}
