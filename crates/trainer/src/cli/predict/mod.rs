//! `kiln predict`: what a run says of images.

mod input;
mod output;
mod random;

use std::{path::PathBuf, process::ExitCode};

use rayon::prelude::*;
use trainer::Inference;

use super::{invert::InvertArgs, run::RunArgs};
use input::Input;
use output::{Format, Output, Row};

/// How many images are decoded before the network sees them: many enough to keep it
/// busy, and few enough for the memory.
const CHUNK: usize = 512;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Images (PNG, JPEG, WebP, BMP), folders of them, or - for standard input
    #[arg(
        value_name = "IMAGE",
        required_unless_present = "random",
        conflicts_with = "random"
    )]
    images: Vec<PathBuf>,
    /// How many classes are told of each image, the most probable first
    #[arg(long, value_name = "K", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    top_k: u32,
    #[command(flatten)]
    invert: InvertArgs,
    /// Print a JSON object for each image, a line each
    #[arg(long, conflicts_with_all = ["csv", "random"])]
    json: bool,
    /// Print a table with commas
    #[arg(long, conflicts_with = "random")]
    csv: bool,
    #[command(flatten)]
    random: random::Args,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let inference = self.run.open()?;
        if let Some(count) = self.random.random {
            self.random.draw(count, &self.run, &inference)?;
            return Ok(ExitCode::SUCCESS);
        }
        let inputs = input::find(&self.images);
        let format = match (self.json, self.csv) {
            (true, _) => Format::Json,
            (_, true) => Format::Csv,
            _ => Format::Table,
        };
        let top_k = (self.top_k as usize).min(inference.classes().len());
        let output = Output::new(format, top_k, inference.classes(), &inputs);
        super::print(&output.heading(&self.run.heading(&inference, None)))?;

        let (mut failed, mut unlike) = (0, 0);
        for inputs in inputs.chunks(CHUNK) {
            let (rows, errors) = self.predict(&inference, inputs)?;
            for error in &errors {
                tell!("error: {error}");
            }
            failed += errors.len();
            unlike += rows.iter().filter(|row| row.looks_inverted).count();
            super::print(&rows.iter().map(|row| output.row(row)).collect::<String>())?;
        }
        if let Some(note) = self.invert.note(&inference, unlike) {
            tell!("note: {note}");
        }
        Ok(match failed {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    }

    /// What is said of some images, in their order, and why there is nothing to say of
    /// others.
    fn predict<'a>(
        &self,
        inference: &Inference,
        inputs: &'a [Input],
    ) -> anyhow::Result<(Vec<Row<'a>>, Vec<String>)> {
        let options = inference.folder_options();
        let decoded: Vec<_> = inputs
            .par_iter()
            .map(|input| input.read(&options))
            .collect();
        let (mut images, mut rows, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (input, image) in inputs.iter().zip(decoded) {
            match image {
                Ok(image) => {
                    let (image, looks_inverted, inverted) = self.invert.apply(inference, image);
                    images.push(image);
                    rows.push(Row {
                        image: input.name(),
                        guesses: Vec::new(),
                        inverted,
                        looks_inverted,
                    });
                }
                Err(error) => errors.push(error),
            }
        }
        let top_k = self.top_k as usize;
        for (row, prediction) in rows.iter_mut().zip(inference.predict(&images)?) {
            row.guesses = prediction.top(top_k);
        }
        Ok((rows, errors))
    }
}
