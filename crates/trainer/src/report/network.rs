//! The network of a run: its table and its graph.

use data::Pipeline;
use data_encoding::BASE64;
use models::{NetworkSpec, Shape};
use serde::Serialize;
use std::sync::Arc;

use super::{
    format::grouped,
    share::Share,
    source::{Part, Source, sentence},
};
use crate::NetworkSource;

/// The layers of a network, with its graph.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct NetworkTable {
    title: String,
    input: String,
    parameters: String,
    multiply_adds: String,
    layers: Vec<Layer>,
    /// How many layers are not shown: the last ones.
    left_out: usize,
    graph: Graph,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Layer {
    name: String,
    kind: &'static str,
    output: String,
    parameters: String,
    multiply_adds: String,
    receptive_field: String,
    block: bool,
    depth: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Graph {
    /// A data URI; `None` if it is too large for the page.
    src: Option<String>,
    width: Option<String>,
    alt: String,
}

/// As many rows are shown, of all runs together.
const MOST_ROWS: usize = 700;
/// Larger graphs are for `kiln graph`, in bytes.
const MOST_GRAPH: usize = 120_000;
/// What there is place for, of all runs together.
const ALL_GRAPHS: usize = 200_000;

/// The network of a run, and the shape of its images.
pub(super) fn spec(source: &Source) -> Part<(NetworkSpec, [usize; 3])> {
    let config = source.config.as_ref().map_err(String::clone)?;
    let info = source.info.as_ref().map_err(String::clone)?;
    let pipeline = Pipeline::new(config.augment.clone(), Arc::new(info.clone()))
        .map_err(|e| sentence(e.into()))?;
    let network = NetworkSource::find(&config.model).map_err(sentence)?;
    let spec = network.configured(config, pipeline.shape(), info.classes.len());
    Ok((spec.map_err(sentence)?, pipeline.shape()))
}

impl NetworkTable {
    /// Of the page it may take `share`.
    pub fn of(spec: &NetworkSpec, image: [usize; 3], share: Share) -> Part<Self> {
        let summary = spec.summary(image).map_err(|e| sentence(e.into()))?;
        let svg = spec.graph(image).map_err(|e| sentence(e.into()))?.to_svg();
        let place = share.of(ALL_GRAPHS).min(MOST_GRAPH);
        let dash = |number: usize| match number {
            0 => "–".into(),
            number => grouped(number),
        };
        let shown = summary.layers.iter().take(share.of(MOST_ROWS));
        let layers = shown.map(|layer| Layer {
            name: layer.name.clone(),
            kind: layer.kind,
            output: layer.output.to_string(),
            parameters: dash(layer.parameters),
            multiply_adds: dash(layer.multiply_adds),
            receptive_field: match layer.output {
                Shape::Map(_) => {
                    let [rows, across] = layer.receptive_field;
                    format!("{rows}×{across}")
                }
                Shape::Flat(_) => "–".into(),
            },
            block: layer.block,
            depth: layer.name.matches('.').count(),
        });
        Ok(Self {
            title: summary.title(),
            input: Shape::Map(image).to_string(),
            parameters: grouped(summary.parameters()),
            multiply_adds: grouped(summary.multiply_adds()),
            graph: Graph {
                alt: format!(
                    "The graph of {}: from the image {} through {} layers to {} logits. The table \
                     has the same layers.",
                    summary.network,
                    Shape::Map(image),
                    summary.layers.len(),
                    summary.output(),
                ),
                width: width(&svg),
                src: (svg.len() <= place).then(|| {
                    format!(
                        "data:image/svg+xml;base64,{}",
                        BASE64.encode(svg.as_bytes())
                    )
                }),
            },
            left_out: summary.layers.len().saturating_sub(share.of(MOST_ROWS)),
            layers: layers.collect(),
        })
    }
}

/// The width that an SVG says of itself.
fn width(svg: &str) -> Option<String> {
    let (_, rest) = svg.split_once(" width=\"")?;
    let (width, _) = rest.split_once('"')?;
    Some(width.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_network_has_a_table() {
        for known in models::architectures() {
            let spec = known.model(10).spec(known.usual_image).unwrap();
            let table = NetworkTable::of(&spec, known.usual_image, Share::among(1)).unwrap();
            let width: f64 = table.graph.width.unwrap().parse().unwrap();
            assert!(width > 50.0 && !table.layers.is_empty(), "{}", known.name);
            assert_eq!(table.left_out, 0, "{}", known.name);
        }
    }
}
