//! What the first layers look for, and what layers make of an image.

use data::ImageDataset;
use models::{LayerSummary, Shape};
use serde::Serialize;

use super::{
    images::{Images, Tile, magnified, uri},
    share::Share,
    source::{Part, sentence},
};
use crate::{
    Inference, TrainError,
    backend::send,
    inspect::{FeatureMaps, Scale, feature_maps, filters},
    pictures,
};

/// Filters of the first convolution, and maps of some.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Layers {
    filters: Vec<Sheet>,
    maps: Part<Maps>,
}

/// What some layers give for an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Maps {
    image: Option<Tile>,
    layers: Vec<Sheet>,
}

/// Small pictures of a layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Sheet {
    layer: String,
    about: String,
    pictures: Vec<Picture>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Picture {
    src: String,
    width: u32,
    height: u32,
    alt: String,
}

/// As many filters, and as many maps of a layer, are shown.
const MOST: usize = 32;
/// As many layers have their maps shown, evenly over the convolutions.
const MOST_LAYERS: usize = 3;
/// What they may take of a page, in characters.
const CHARACTERS: usize = 250_000;
/// Characters beside the bytes of a picture.
const BESIDES: usize = 110;
/// As many input channels are shown of filters of many.
const INPUTS: usize = 1;

impl Layers {
    /// Of the network of a run; the maps for the first image of `images` that was told
    /// right, which is one of `test`. Of the page they may take `share`.
    pub fn of(
        inference: &Inference,
        images: &mut Part<(Images<'_>, &ImageDataset)>,
        share: Share,
    ) -> Part<Self> {
        let characters = share.of(CHARACTERS) / (1 + MOST_LAYERS);
        let network = inference.network();
        let summary = network.summary();
        let own = |layer: &&LayerSummary| layer.is_convolution() && !layer.training_only;
        let convolutions: Vec<&LayerSummary> = summary.layers.iter().filter(own).collect();
        let Some(first) = convolutions.first() else {
            return Err(format!(
                "{} has no convolution, and so no filters and feature maps.",
                summary.title()
            ));
        };
        let filters = filters(network, &first.name).map_err(sentence)?;
        let [count, inputs, height, width] = filters.shape;
        let tiles = filters.tiles(MOST, INPUTS);
        let alt = |at| format!("filter {at} of {}", first.name);
        let pictures = drawn(&tiles, alt, characters);
        let shown = pictures.len();
        let of_many = inputs > 1 && !filters.of_colours;
        let about = format!(
            "{shown} of {count} filters of {inputs}×{height}×{width}{}. Each is scaled on its own; \
             a weight of 0 is middle grey.",
            match (of_many, filters.of_colours) {
                (true, _) => ", their first input",
                (_, true) => ", red, green and blue as a colour",
                _ => "",
            }
        );
        let sheet = Sheet {
            layer: first.name.clone(),
            about,
            pictures,
        };
        Ok(Self {
            filters: vec![sheet],
            maps: Maps::of(inference, &spread(&convolutions), images, characters),
        })
    }
}

impl Maps {
    fn of(
        inference: &Inference,
        layers: &[&str],
        images: &mut Part<(Images<'_>, &ImageDataset)>,
        characters: usize,
    ) -> Part<Self> {
        let (images, test) = images.as_mut().map_err(|problem| problem.clone())?;
        let mut predictions = images.predictions().iter();
        let index = predictions.position(|image| image.is_right()).unwrap_or(0);
        let found = maps(inference, test, index, layers).map_err(sentence)?;
        let sheet = |maps: &FeatureMaps| {
            let [rows, across] = maps.receptive_field;
            let alt = |at| format!("map {at} of {}", maps.layer);
            let pictures = drawn(&maps.tiles(Scale::Each, MOST), alt, characters);
            Sheet {
                layer: maps.layer.clone(),
                about: format!(
                    "{} of {} maps of {}; a value depends on {rows}×{across} pixels of the image.",
                    pictures.len(),
                    maps.len(),
                    Shape::Map(maps.shape),
                ),
                pictures,
            }
        };
        Ok(Self {
            image: images.tile(index),
            layers: found.iter().map(sheet).collect(),
        })
    }
}

/// The maps of image `index` of `test`.
fn maps(
    inference: &Inference,
    test: &ImageDataset,
    index: usize,
    layers: &[&str],
) -> Result<Vec<FeatureMaps>, TrainError> {
    let loader = inference.loader(test.clone(), vec![index])?;
    let mut found = Vec::new();
    for batch in loader.epoch(0) {
        let batch = send(batch?, &inference.selected().device);
        found = feature_maps(inference.network(), batch.images, layers)?.1;
    }
    Ok(found)
}

/// The names of some layers: the first, the last, and what is evenly between.
fn spread<'a>(layers: &[&'a LayerSummary]) -> Vec<&'a str> {
    let shown = layers.len().min(MOST_LAYERS);
    let gaps = shown.saturating_sub(1).max(1);
    (0..shown)
        .map(|at| layers[at * (layers.len() - 1) / gaps].name.as_str())
        .collect()
}

/// The first of the pictures, as many as there is place for in `characters`.
fn drawn(
    tiles: &[pictures::Tile],
    alt: impl Fn(usize) -> String,
    characters: usize,
) -> Vec<Picture> {
    let mut left = characters;
    let picture = |(at, tile): (usize, &pictures::Tile)| {
        let (src, size) = uri(&tile.pixels, tile.shape);
        let [width, height] = magnified(size);
        left = left.checked_sub(src.len() + BESIDES)?;
        Some(Picture {
            src,
            width,
            height,
            alt: alt(at),
        })
    };
    tiles.iter().enumerate().map_while(picture).collect()
}
