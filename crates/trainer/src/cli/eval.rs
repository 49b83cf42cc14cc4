use std::{
    fmt::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use serde_json::json;
use trainer::{
    Evaluation, Plan, RunDir, TrainError, Weights,
    backend::{AdapterKind, BackendChoice, use_threads},
    config::Tta,
    evaluate_in_full,
};

use super::{of_flag, store::StoreArgs};

#[derive(clap::Args)]
pub struct Args {
    /// Folder of the run
    #[arg(value_name = "RUN")]
    run: PathBuf,
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
    #[command(flatten)]
    store: StoreArgs,
    /// Print the confusion matrix too
    #[arg(long)]
    confusion: bool,
    /// Print one JSON object, with all figures
    #[arg(long)]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let run = RunDir::open(&self.run)?;
        let mut config = run.config()?;
        config.backend = self.backend.unwrap_or(config.backend);
        config.adapter = self.adapter.unwrap_or(config.adapter);
        config.threads = self.threads.or(config.threads);
        config.evaluation.tta = self.tta.unwrap_or(config.evaluation.tta);
        // Those that the run started from are not asked for again.
        (config.weights, config.partial_weights) = (None, false);

        if self.threads.is_some() {
            use_threads(self.threads).map_err(of_flag)?;
        }
        let datasets = self.store.load(&config)?;
        let trained = run.dataset(datasets.train.info())?;
        config.normalize_as(&trained);
        let plan = Plan::new(config, datasets)?;
        let device = &plan.selected.device;
        let network = plan.spec.build(plan.test.shape(), device)?;
        let network = run.load_weights(self.which, network)?;
        let loss = plan.config.loss.for_evaluation();
        let loss = loss
            .init(&plan.class_counts, device)
            .map_err(TrainError::from)?;
        let tta = plan.config.evaluation.tta;
        let found = evaluate_in_full(&network, &plan.test, &*loss, tta, device)?;

        super::print(&match self.json {
            true => {
                let object = json!({
                    "run": self.run,
                    "weights": self.which.file_name(),
                    "model": plan.spec.name(),
                    "dataset": plan.config.dataset,
                    "backend": plan.selected.backend,
                    "device": plan.selected.name,
                    "test_images": found.images,
                    "test": found.scores(),
                    "class_names": plan.info.classes,
                    "evaluation": found,
                });
                format!("{object}\n")
            }
            false => self.report(&plan, &found)?,
        })?;
        Ok(ExitCode::SUCCESS)
    }

    fn report(&self, plan: &Plan, found: &Evaluation) -> Result<String, fmt::Error> {
        let mut text = format!(
            "{} of {}, {} on {}\nbackend {}: {}\n",
            self.which.file_name(),
            self.run.display(),
            plan.spec.name(),
            plan.config.dataset,
            plan.selected.backend,
            plan.selected.name,
        );
        if found.tta != Tta::None {
            writeln!(text, "test-time augmentation: {}", found.tta.name())?;
        }
        writeln!(
            text,
            "test: loss {:.4}, accuracy {:.2} % of {} images",
            found.loss,
            100.0 * found.accuracy,
            found.images,
        )?;
        if let Some(top) = found.top_k {
            write!(text, "top-{} {:.2} %, ", top.k, 100.0 * top.accuracy)?;
        }
        writeln!(
            text,
            "macro F1 {:.4}, calibration error {:.4}\n",
            found.macro_f1, found.calibration_error
        )?;
        let names = &plan.info.classes;
        classes(&mut text, names, found)?;
        if self.confusion {
            confusion(&mut text, names, found)?;
        }
        Ok(text)
    }
}

/// The widest of the names, and of `heading`.
fn width(names: &[String], heading: &str) -> usize {
    let widths = names.iter().map(|name| name.chars().count());
    widths.max().unwrap_or(0).max(heading.len())
}

fn classes(text: &mut String, names: &[String], found: &Evaluation) -> fmt::Result {
    let width = width(names, "class");
    writeln!(
        text,
        "{:<width$}  precision  recall      F1  images",
        "class"
    )?;
    for (name, scores) in names.iter().zip(&found.classes) {
        writeln!(
            text,
            "{name:<width$}  {:>9.4}  {:>6.4}  {:>6.4}  {:>6}",
            scores.precision, scores.recall, scores.f1, scores.support
        )?;
    }
    Ok(())
}

fn confusion(text: &mut String, names: &[String], found: &Evaluation) -> fmt::Result {
    let number = names.len().saturating_sub(1).to_string().len();
    let count = found.confusion.iter().flatten().max().unwrap_or(&0);
    let cell = count.to_string().len().max(number);
    let heading = "class";
    let width = width(names, heading);
    writeln!(
        text,
        "\nimages of each class (row) by what they were taken for (column)"
    )?;
    write!(text, "{:number$}  {heading:<width$}", "")?;
    for class in 0..names.len() {
        write!(text, "  {class:>cell$}")?;
    }
    writeln!(text)?;
    for (class, (name, row)) in names.iter().zip(&found.confusion).enumerate() {
        write!(text, "{class:>number$}  {name:<width$}")?;
        for images in row {
            write!(text, "  {images:>cell$}")?;
        }
        writeln!(text)?;
    }
    Ok(())
}
