//! `kiln eval`: the figures of a run on a part of a data set.

mod tables;

use std::{
    fmt::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use serde_json::json;
use trainer::{Evaluation, Inference, Part, confusion_svg, plain_name, write_whole};

use super::{
    run::RunArgs,
    store::{PartFor, StoreArgs},
};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Which part of the data set; of that of the run, as the run split it
    #[arg(long, value_name = "PART", default_value = "test")]
    split: Part,
    /// Another data set of the same classes, or some of them, matched by name: a name, or
    /// folder:PATH [default: that of the run]
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
    /// Print the confusion matrix too
    #[arg(long)]
    confusion: bool,
    /// Draw the confusion matrix
    #[arg(long, value_name = "FILE.svg", value_parser = super::svg_file)]
    picture: Option<PathBuf>,
    /// Print one JSON object, with all figures
    #[arg(long)]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let inference = self.run.open()?;
        if let Some(picture) = &self.picture {
            super::outside_runs(picture)?;
            super::in_a_folder(picture)?;
        }
        let PartFor {
            dataset,
            images,
            indices,
        } = self
            .store
            .load_part(&inference, self.dataset.as_deref(), self.split)?;
        let found = inference.evaluate(&inference.loader(images, indices)?)?;
        // The figures first: whatever becomes of the picture, they are not lost.
        super::print(&match self.json {
            true => format!("{}\n", self.object(&inference, &dataset, &found)),
            false => self.report(&inference, &dataset, &found)?,
        })?;
        if let Some(picture) = &self.picture {
            let title = format!(
                "{} on {}, {}: {:.2} % of {} right",
                inference.spec().name(),
                plain_name(&dataset),
                self.split.name(),
                100.0 * found.accuracy,
                found.images
            );
            let svg = confusion_svg(inference.classes(), &found.confusion, &title);
            write_whole(picture, svg.as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn object(
        &self,
        inference: &Inference,
        dataset: &str,
        found: &Evaluation,
    ) -> serde_json::Value {
        let split = self.split.name();
        let mut object = json!({
            // As a path it would fail if it is no Unicode.
            "run": self.run.run.to_string_lossy(),
            "weights": inference.which().file_name(),
            "model": inference.spec().name(),
            "dataset": dataset,
            "split": split,
            "backend": inference.selected().backend,
            "device": inference.selected().name,
            "class_names": inference.classes(),
            "evaluation": found,
        });
        // As `summary.json` names them.
        object[format!("{split}_images")] = found.images.into();
        object[split] = json!(found.scores());
        object
    }

    fn report(
        &self,
        inference: &Inference,
        dataset: &str,
        found: &Evaluation,
    ) -> Result<String, fmt::Error> {
        let mut text = self.run.heading(inference, Some(dataset));
        writeln!(
            text,
            "{}: loss {:.4}, accuracy {:.2} % of {} images",
            self.split.name(),
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
        let names = inference.classes();
        tables::classes(&mut text, names, found)?;
        if self.confusion {
            tables::confusion(&mut text, names, found)?;
        }
        if let Some(picture) = &self.picture {
            writeln!(text, "\ndrawn: {}", picture.display())?;
        }
        Ok(text)
    }
}
