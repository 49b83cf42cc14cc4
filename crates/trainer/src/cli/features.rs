//! `kiln features`: what the layers of a run make of an image, or hand-made filters.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use data::augment::Image;
use models::{LayerSummary, Shape, Summary};
use trainer::{
    Inference, Prediction,
    config::Tta,
    inspect::{self, ImageKernel, Scale},
    pictures::{Section, Tile, grid_of_side},
};

use super::{
    columns::aligned,
    picked::{self, ImageArgs},
    run::{NetworkArgs, heading},
};

#[derive(clap::Args)]
#[command(override_usage = "kiln features [OPTIONS] <RUN> <IMAGE>\n       \
                            kiln features [OPTIONS] <RUN> --test-image <[DATASET:]N>\n       \
                            kiln features [OPTIONS] <RUN> --filters\n       \
                            kiln features <RUN> --list\n       \
                            kiln features [OPTIONS] --kernel <NAME> <IMAGE>")]
pub struct Args {
    /// Folder of the run
    #[arg(value_name = "RUN", required_unless_present = "kernel")]
    run: Option<PathBuf>,
    /// Image: a file (PNG, JPEG, WebP, BMP), or - for standard input
    #[arg(
        value_name = "IMAGE",
        required_unless_present_any = ["test_image", "filters", "list", "kernel"]
    )]
    image: Option<PathBuf>,
    /// Layer whose maps are drawn; several times for several [default: the first convolution]
    #[arg(long = "layer", value_name = "NAME")]
    layers: Vec<String>,
    /// Draw the filters of the layers, too; without an image they alone
    #[arg(long)]
    filters: bool,
    /// List the layers that give maps, with their shapes and receptive fields, and draw nothing
    #[arg(long, conflicts_with_all = ["layers", "filters", "image", "test_image", "shared_scale"])]
    list: bool,
    /// One scale of colours for all maps of a layer, not one for each
    #[arg(long)]
    shared_scale: bool,
    /// Lay a filter made by hand over an image, for which no run is needed
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with_all = [
            "image", "layers", "filters", "list", "shared_scale", "most", "columns", "which",
            "backend", "adapter", "threads", "invert"
        ]
    )]
    kernel: Option<ImageKernel>,
    /// As many maps or filters of a layer are drawn, up to 1024; of filters of many inputs 16
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    most: u32,
    /// Maps or filters in a row
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    columns: u32,
    /// The picture
    #[arg(long, value_name = "FILE.png", default_value = "features.png", value_parser = picked::png_file)]
    out: PathBuf,
    #[command(flatten)]
    picked: ImageArgs,
    #[command(flatten)]
    network: NetworkArgs,
}

/// Side of the image above its maps, in pixels.
const SIDE: u32 = 140;

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match (self.kernel, &self.run) {
            // Without a run, the first word is the image.
            (Some(kernel), image) => self.draw_kernel(kernel, image.as_deref())?,
            (None, Some(run)) => {
                // What the augmentation of a test would change is not shown.
                let inference = self.network.open(run, Some(Tta::None))?;
                match self.list {
                    true => super::print(&list(inference.network().summary()))?,
                    false => self.draw_layers(run, &inference)?,
                }
            }
            (None, None) => unreachable!("clap asks for one of them"),
        }
        Ok(ExitCode::SUCCESS)
    }

    fn draw_kernel(&self, kernel: ImageKernel, image: Option<&Path>) -> anyhow::Result<()> {
        picked::check_out(&self.out, image)?;
        self.picked.check_alone(image)?;
        let picked = self.picked.pick_grey(image)?;
        let [_, height, width] = picked.image.shape();
        let maps = kernel.apply(picked.image.pixels(), [height, width]);
        picked::draw(&[maps.section()], &self.out)?;
        super::print(&format!(
            "{kernel} on {}, {height}×{width}\ndrawn: {}\n",
            picked.from,
            self.out.display()
        ))?;
        Ok(())
    }

    fn draw_layers(&self, run: &Path, inference: &Inference) -> anyhow::Result<()> {
        picked::check_out(&self.out, self.image.as_deref())?;
        let network = inference.network();
        let layers: Vec<&str> = match self.layers.as_slice() {
            [] => inspect::layers_with_maps(network, &[])?
                .iter()
                .map(|row| row.name.as_str())
                .collect(),
            layers => layers.iter().map(String::as_str).collect(),
        };
        // A layer that is not there is found before an image is read.
        let mut filters = Vec::new();
        for layer in layers.iter().filter(|_| self.filters) {
            filters.push(inspect::filters(network, layer)?);
        }
        let mut sections = Vec::new();
        let mut maps = Vec::new();
        if self.image.is_some() || self.picked.is_given() {
            inspect::layers_with_maps(network, &layers)?;
            let picked = self.picked.pick(inference, self.image.as_deref())?;
            if let Some(note) = &picked.note {
                tell!("note: {note}");
            }
            let (image, input) = inference.input(&picked.image)?;
            let (prediction, found) = inspect::feature_maps(network, input, &layers)?;
            maps = found;
            sections.push(said_of(
                &picked.from,
                &image,
                &prediction,
                inference.classes(),
            ));
        }
        // Of each layer its filters, and then what they give.
        let scale = match self.shared_scale {
            true => Scale::Shared,
            false => Scale::Each,
        };
        let (most, columns) = (self.most as usize, self.columns as usize);
        for at in 0..filters.len().max(maps.len()) {
            sections.extend(
                filters
                    .get(at)
                    .map(|filters| filters.section(most, columns)),
            );
            sections.extend(maps.get(at).map(|maps| maps.section(scale, most, columns)));
        }
        picked::draw(&sections, &self.out)?;
        let told: String = sections
            .iter()
            .map(|s| format!("{}\n", s.heading[0]))
            .collect();
        super::print(&format!(
            "{}{told}drawn: {}\n",
            heading(run, inference, None),
            self.out.display()
        ))?;
        Ok(())
    }
}

/// An image, where it is from, and what the network says of it.
fn said_of(from: &str, image: &Image, prediction: &Prediction, classes: &[String]) -> Section {
    let best = prediction.best();
    let tile = Tile {
        pixels: image.pixels().to_vec(),
        shape: image.shape(),
        caption: Vec::new(),
    };
    Section {
        heading: vec![format!(
            "{from}; the network tells {}: {:.1} %",
            classes[best.label],
            100.0 * best.probability
        )],
        picture: grid_of_side(&[tile], 1, SIDE),
    }
}

/// A line for each layer that gives maps.
fn list(summary: &Summary) -> String {
    let with_maps = |row: &&LayerSummary| matches!(row.output, Shape::Map(_));
    let rows: Vec<&LayerSummary> = summary.layers.iter().filter(with_maps).collect();
    if rows.is_empty() {
        return format!("{} has no layer that gives maps\n", summary.title());
    }
    let mut cells = vec![["layer", "kind", "maps", "receptive field"].map(String::from)];
    cells.extend(rows.iter().map(|row| {
        let [rows, columns] = row.receptive_field;
        [
            row.name.clone(),
            row.kind.into(),
            row.output.to_string(),
            format!("{rows}×{columns}"),
        ]
    }));
    aligned(&cells, &[2, 3])
}
