//! The flags of verbs that use a finished run.

use std::path::PathBuf;

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
    /// Which weights
    #[arg(long, value_name = "WHICH", default_value = "best")]
    which: Weights,
    /// Test-time augmentation: none, flip, flip-shift [default: that of the run]
    #[arg(long, value_name = "NAME", hide_possible_values = true)]
    tta: Option<Tta>,
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

impl RunArgs {
    /// The run, ready for use.
    pub fn open(&self) -> Result<Inference, TrainError> {
        let run = RunDir::open(&self.run)?;
        if self.threads.is_some() {
            use_threads(self.threads).map_err(of_flag)?;
        }
        let options = InferenceOptions {
            which: self.which,
            tta: self.tta,
            backend: self.backend,
            adapter: self.adapter,
            threads: self.threads,
        };
        Inference::open(run, options)
    }

    /// Two lines of what is used, and where: `on` is the data set, if there is one.
    pub fn heading(&self, inference: &Inference, on: Option<&str>) -> String {
        let selected = inference.selected();
        let on = on.map_or(String::new(), |on| format!(" on {on}"));
        let mut text = format!(
            "{} of {}, {}{on}\nbackend {}: {}\n",
            inference.which().file_name(),
            self.run.display(),
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
}
