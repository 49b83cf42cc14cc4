//! Images of a data set with what they are and what they are taken for.

use std::path::PathBuf;

use data::permutation;
use trainer::{
    Inference, Part, Prediction,
    pictures::{Tile, marked_grid, write_png},
};

use crate::cli::{
    in_a_folder, outside_runs, picked, print,
    run::RunArgs,
    store::{PartFor, StoreArgs},
};

#[derive(clap::Args)]
#[command(next_help_heading = "Images of a data set")]
pub struct Args {
    /// Draw so many images of a data set, up to 1024, with their classes and what they are taken
    /// for; mistakes are framed
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1024),
        conflicts_with_all = ["top_k", "invert"]
    )]
    pub random: Option<u32>,
    /// Which part of the data set; of that of the run, as the run split it
    #[arg(
        long,
        value_name = "PART",
        default_value = "test",
        conflicts_with = "images"
    )]
    split: Part,
    /// Another data set of the same classes, or some of them, matched by name: a name, or
    /// folder:PATH [default: that of the run]
    #[arg(long, value_name = "NAME", conflicts_with = "images")]
    dataset: Option<String>,
    /// Decides which images [default: the seed of the run]
    #[arg(long, value_name = "N", conflicts_with = "images")]
    seed: Option<u64>,
    /// Images in a row
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64), conflicts_with = "images")]
    columns: u32,
    /// The picture
    #[arg(
        long,
        value_name = "FILE.png",
        default_value = "predictions.png",
        value_parser = picked::png_file,
        conflicts_with = "images"
    )]
    out: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

impl Args {
    /// Draws `count` images, or all, if there are fewer.
    pub fn draw(&self, count: u32, run: &RunArgs, inference: &Inference) -> anyhow::Result<()> {
        outside_runs(&self.out)?;
        in_a_folder(&self.out)?;
        let PartFor {
            dataset,
            images,
            mut indices,
        } = self
            .store
            .load_part(inference, self.dataset.as_deref(), self.split)?;
        let seed = self.seed.unwrap_or(inference.config().seed);
        let order = permutation(indices.len(), seed, 0).into_iter();
        indices = order.map(|at| indices[at]).take(count as usize).collect();

        let loader = inference.loader(images.clone(), indices.clone())?;
        let predictions = inference.predict_all(&loader)?;
        let (mut tiles, mut wrong) = (Vec::new(), Vec::new());
        for (&index, prediction) in indices.iter().zip(&predictions) {
            let label = usize::from(images.labels()[index]);
            wrong.push(prediction.best().label != label);
            tiles.push(Tile {
                pixels: images.image(index).to_vec(),
                shape: images.info().shape(),
                caption: caption(inference.classes(), label, prediction),
            });
        }
        let picture = marked_grid(&tiles, &wrong, self.columns as usize);
        write_png(&picture, &self.out)?;
        let right = wrong.iter().filter(|&&wrong| !wrong).count();
        print(&format!(
            "{}{} images of {dataset}, {}: {right} right, {} wrong\n\
             drawn, with class, prediction (× if wrong) and its probability: {}\n",
            run.heading(inference, Some(&dataset)),
            tiles.len(),
            self.split.name(),
            tiles.len() - right,
            self.out.display()
        ))?;
        Ok(())
    }
}

/// The class, what the image is taken for, with a sign if that is another, and how
/// probable the network finds it.
fn caption(classes: &[String], label: usize, prediction: &Prediction) -> Vec<String> {
    let best = prediction.best();
    let sign = if best.label == label { "" } else { "× " };
    vec![
        classes[label].clone(),
        format!("{sign}{}", classes[best.label]),
        format!("{:.1} %", 100.0 * best.probability),
    ]
}
