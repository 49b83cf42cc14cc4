//! `kiln features`: what the layers of a run make of an image, or hand-made filters.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use models::{LayerSummary, Shape, Summary};
use trainer::{
    Inference,
    config::Tta,
    inspect::{self, ImageKernel, Scale},
    pictures::{Section, Tile, grid_of_side},
};

use super::{
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
    #[arg(value_name = "RUN", required_unless_present_all = ["kernel", "test_image"])]
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
    /// As many maps or filters of a layer are drawn, up to 1024
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
        picked::check_out(&self.out, None, image)?;
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
        picked::check_out(&self.out, Some(run), self.image.as_deref())?;
        let network = inference.network();
        let mut text = heading(run, inference, None);
        let (most, columns) = (self.most as usize, self.columns as usize);
        let layers: Vec<&str> = self.layers.iter().map(String::as_str).collect();
        let mut sections = Vec::new();
        if self.filters {
            for filters in inspect::filters(network, &layers)? {
                let section = filters.section(most, columns);
                text += &format!("{}\n", section.heading[0]);
                sections.push(section);
            }
        }
        if self.image.is_some() || self.picked.is_given() {
            // A layer that is not there is found before an image is read.
            inspect::layers_with_maps(network, &layers)?;
            let picked = self.picked.pick(inference, self.image.as_deref())?;
            if let Some(note) = &picked.note {
                eprintln!("note: {note}");
            }
            let (image, input) = inference.input(&picked.image)?;
            let (prediction, maps) = inspect::feature_maps(network, input, &layers)?;
            let best = prediction.best();
            let said = format!(
                "{}: {} with {:.1} %",
                picked.from,
                inference.classes()[best.label],
                100.0 * best.probability
            );
            text += &format!("{said}\n");
            let tile = Tile {
                pixels: image.pixels().to_vec(),
                shape: image.shape(),
                caption: Vec::new(),
            };
            let image = Section {
                heading: vec![said],
                picture: grid_of_side(&[tile], 1, SIDE),
            };
            sections.insert(0, image);
            let scale = match self.shared_scale {
                true => Scale::Shared,
                false => Scale::Each,
            };
            for maps in maps {
                let section = maps.section(scale, most, columns);
                text += &format!("{}\n", section.heading[0]);
                sections.push(section);
            }
        }
        picked::draw(&sections, &self.out)?;
        super::print(&format!("{text}drawn: {}\n", self.out.display()))?;
        Ok(())
    }
}

/// A line for each layer that gives maps.
fn list(summary: &Summary) -> String {
    let with_maps = |row: &&LayerSummary| matches!(row.output, Shape::Map(_));
    let rows: Vec<&LayerSummary> = summary.layers.iter().filter(with_maps).collect();
    if rows.is_empty() {
        return format!("{} has no layer that gives maps\n", summary.title());
    }
    let width = |heading: &str, of: &dyn Fn(&LayerSummary) -> usize| {
        let widths = rows.iter().map(|row| of(row));
        widths.max().unwrap_or(0).max(heading.len())
    };
    let name = width("layer", &|row| row.name.chars().count());
    let kind = width("kind", &|row| row.kind.len());
    let maps = width("maps", &|row| row.output.to_string().chars().count());
    let mut text = format!(
        "{:<name$}  {:<kind$}  {:>maps$}  receptive field\n",
        "layer", "kind", "maps"
    );
    for row in rows {
        let [rows, columns] = row.receptive_field;
        let field = format!("{rows}×{columns}");
        text += &format!(
            "{:<name$}  {:<kind$}  {:>maps$}  {field:>15}\n",
            row.name, row.kind, row.output
        );
    }
    text
}
