use std::{fmt::Write, process::ExitCode};

use data::{Datasets, ImageDataset, catalog};
use serde_json::json;
use trainer::TrainConfig;

use crate::cli::{print, store::StoreArgs};

#[derive(clap::Args)]
pub struct Args {
    /// Data set: a name, or folder:PATH
    #[arg(value_name = "NAME")]
    dataset: String,
    /// Side of the images of a folder, in pixels [default: 64]
    #[arg(long, value_name = "N")]
    image_size: Option<usize>,
    #[command(flatten)]
    store: StoreArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut config = TrainConfig {
            dataset: self.dataset,
            ..TrainConfig::default()
        };
        super::set_image_size(&mut config, self.image_size)?;
        let datasets = self.store.load_images(&config)?;
        let info = datasets.train.info();
        let entry = catalog().iter().find(|entry| entry.name == config.dataset);
        let parts = parts(&datasets);

        if self.json {
            let parts: serde_json::Map<_, _> = parts
                .iter()
                .map(|(name, part)| {
                    let counts = counts(part);
                    (
                        (*name).into(),
                        json!({"images": part.len(), "by_class": counts}),
                    )
                })
                .collect();
            let object = json!({"info": &**info, "parts": parts, "catalog": entry});
            print(&format!("{object}\n"))?;
            return Ok(ExitCode::SUCCESS);
        }

        let mut text = format!("{}\n", info.name);
        let [channels, height, width] = info.shape();
        if let Some(entry) = entry {
            writeln!(text, "{}", entry.title)?;
            writeln!(text, "home      {}", entry.home)?;
            writeln!(text, "licence   {}", entry.licence)?;
            writeln!(text, "cite      {}", entry.citation)?;
        }
        writeln!(
            text,
            "images    {channels}×{height}×{width} (channels, height, width)"
        )?;
        writeln!(
            text,
            "mean      {}   of pixels scaled to 0..1, over the training images",
            numbers(&info.mean)
        )?;
        writeln!(text, "std       {}", numbers(&info.std))?;
        let header: String = parts.iter().map(|(name, _)| format!("{name:>9}")).collect();
        let all: String = parts
            .iter()
            .map(|(_, part)| format!("{:>9}", part.len()))
            .collect();
        writeln!(text, "\n{:<20}{header}\n{:<20}{all}", "class", "(all)")?;
        let counts: Vec<Vec<usize>> = parts.iter().map(|(_, part)| counts(part)).collect();
        for (class, name) in info.classes.iter().enumerate() {
            let row: String = counts
                .iter()
                .map(|part| format!("{:>9}", part[class]))
                .collect();
            writeln!(text, "{name:<20}{row}")?;
        }
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn parts(datasets: &Datasets) -> Vec<(&'static str, &ImageDataset)> {
    let valid = datasets.valid.as_ref().map(|valid| ("valid", valid));
    [("train", &datasets.train)]
        .into_iter()
        .chain(valid)
        .chain([("test", &datasets.test)])
        .collect()
}

/// Images of each class.
fn counts(images: &ImageDataset) -> Vec<usize> {
    let mut counts = vec![0; images.info().classes.len()];
    for &label in images.labels() {
        counts[usize::from(label)] += 1;
    }
    counts
}

fn numbers(values: &[f32]) -> String {
    let values: Vec<String> = values.iter().map(|v| format!("{v:.4}")).collect();
    values.join(" ")
}
