use std::{path::PathBuf, process::ExitCode};

use serde_json::json;
use trainer::{
    Plan, RunDir, Weights,
    backend::{AdapterKind, BackendChoice},
    evaluate,
};

use super::store::StoreArgs;

#[derive(clap::Args)]
pub struct Args {
    /// Folder of the run
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Which weights
    #[arg(long, value_name = "WHICH", default_value = "best")]
    which: Weights,
    /// Where to compute [default: the backend of the run]
    #[arg(long, value_name = "NAME")]
    backend: Option<BackendChoice>,
    /// Adapter that a wgpu backend takes [default: that of the run]
    #[arg(long, value_name = "KIND")]
    adapter: Option<AdapterKind>,
    #[command(flatten)]
    store: StoreArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let run = RunDir::open(&self.run)?;
        let mut config = run.config()?;
        config.backend = self.backend.unwrap_or(config.backend);
        config.adapter = self.adapter.unwrap_or(config.adapter);
        // Those that the run started from are not asked for again.
        (config.weights, config.partial_weights) = (None, false);

        let datasets = self.store.load(&config)?;
        let trained = run.dataset(datasets.train.info())?;
        config.normalize_as(&trained);
        let plan = Plan::new(config, datasets)?;
        let device = &plan.selected.device;
        let network = plan.spec.build(plan.test.shape(), device)?;
        let network = run.load_weights(self.which, network)?;
        let test = evaluate(&network, &plan.test, device).map_err(anyhow::Error::from)?;

        let images = plan.test.images();
        super::print(&if self.json {
            let object = json!({
                "run": self.run,
                "weights": self.which.file_name(),
                "model": plan.spec.name(),
                "dataset": plan.config.dataset,
                "backend": plan.selected.backend,
                "device": plan.selected.name,
                "test_images": images,
                "test": test,
            });
            format!("{object}\n")
        } else {
            format!(
                "{} of {}, {} on {}\nbackend {}: {}\ntest: loss {:.4}, accuracy {:.2} % of {images} images\n",
                self.which.file_name(),
                self.run.display(),
                plan.spec.name(),
                plan.config.dataset,
                plan.selected.backend,
                plan.selected.name,
                test.loss,
                100.0 * test.accuracy,
            )
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
