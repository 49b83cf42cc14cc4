use burn::tensor::Tensor;
use models::{Activation, LayerSummary, Network, Shape, Summary};

use super::{InspectError, no_convolution, predicted, range::Range, read};
use crate::{
    Prediction, TrainError,
    pictures::{ColourMap, Section, Tile, grid},
};

/// What a layer gives for one image.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureMaps {
    /// The layer.
    pub layer: String,
    /// What it is, as PyTorch spells it.
    pub kind: &'static str,
    /// `[channels, height, width]`: a map for each channel.
    pub shape: [usize; 3],
    /// Height and width in pixels of the part of the image that one value depends on.
    pub receptive_field: [usize; 2],
    /// The maps, one after the other, row after row.
    pub values: Vec<f32>,
}

/// How the values of maps become colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From the lowest to the highest value of each map on its own.
    Each,
    /// From the lowest to the highest value of all maps of the layer.
    Shared,
}

/// The maps that layers give for an image `[1, C, H, W]`, normalised as the network was
/// trained; of no layers those of the first convolution. And what
/// the network says of the image.
///
/// `network` is one made for inference: on a device without autodiff.
///
/// # Errors
/// [`TrainError::Model`] for a layer that is not there, [`TrainError::Inspect`] for one
/// that gives no maps, or a network that has none, [`TrainError::Device`].
///
/// # Panics
/// If the image is not of the shape that the network was built for.
pub fn feature_maps(
    network: &Network,
    image: Tensor<4>,
    layers: &[&str],
) -> Result<(Prediction, Vec<FeatureMaps>), TrainError> {
    let rows = layers_with_maps(network, layers)?;
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let (logits, outputs) = network.forward_collect(image, &names)?;
    let mut maps = Vec::with_capacity(rows.len());
    for (row, output) in rows.into_iter().zip(outputs) {
        let (Activation::Map(output), Shape::Map(shape)) = (output, row.output) else {
            unreachable!("layers without maps are refused");
        };
        let what = || format!("the maps of layer `{}`", row.name);
        maps.push(FeatureMaps {
            layer: row.name.clone(),
            kind: row.kind,
            shape,
            receptive_field: row.receptive_field,
            values: read(output, network.name(), what)?,
        });
    }
    Ok((predicted(logits, network.name())?, maps))
}

/// The layers of these names; of no names the first convolution.
///
/// # Errors
/// [`TrainError::Model`] for a layer that is not there, [`TrainError::Inspect`] for one
/// that gives no maps, or a network that has none.
pub fn layers_with_maps<'a>(
    network: &'a Network,
    layers: &[&str],
) -> Result<Vec<&'a LayerSummary>, TrainError> {
    let summary = network.summary();
    if !layers.is_empty() {
        let rows = layers.iter().map(|layer| layer_with_maps(summary, layer));
        return rows.collect();
    }
    match summary.first_convolution() {
        Some(first) => Ok(vec![first]),
        None => Err(no_convolution(summary).into()),
    }
}

/// The layer of that name, if it gives maps.
pub(super) fn layer_with_maps<'a>(
    summary: &'a Summary,
    name: &str,
) -> Result<&'a LayerSummary, TrainError> {
    let row = summary.layer(name)?;
    let Shape::Flat(features) = row.output else {
        return Ok(row);
    };
    let maps = |row: &&LayerSummary| matches!(row.output, Shape::Map(_));
    let known = summary.layers.iter().filter(maps);
    Err(InspectError::NoMaps {
        network: summary.network.clone(),
        layer: row.name.clone(),
        kind: row.kind,
        features,
        known: known.map(|row| row.name.clone()).collect(),
    }
    .into())
}

impl FeatureMaps {
    /// Number of maps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape[0]
    }

    /// Whether there is no map.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of each map, row after row.
    pub fn maps(&self) -> impl Iterator<Item = &[f32]> {
        let [_, height, width] = self.shape;
        self.values.chunks_exact((height * width).max(1))
    }

    /// The first maps, at most `most`, in viridis, each with its number and its range.
    #[must_use]
    pub fn tiles(&self, scale: Scale, most: usize) -> Vec<Tile> {
        let [_, height, width] = self.shape;
        let all = Range::of(&self.values);
        let tile = |(number, map): (usize, &[f32])| {
            let own = Range::of(map);
            let range = match scale {
                Scale::Each => own,
                Scale::Shared => all,
            };
            let shares: Vec<f32> = map.iter().map(|&value| range.share(value)).collect();
            Tile {
                pixels: ColourMap::Viridis.planes(&shares),
                shape: [3, height, width],
                caption: vec![number.to_string(), own.to_string()],
            }
        };
        self.maps().enumerate().take(most).map(tile).collect()
    }

    /// The first maps, at most `most`, in rows of `columns`, and what is to be said of
    /// them: layer, shape, receptive field, scale, and how many are left out.
    ///
    /// # Panics
    /// If `most` or `columns` is 0.
    #[must_use]
    pub fn section(&self, scale: Scale, most: usize, columns: usize) -> Section {
        let [rows, across] = self.receptive_field;
        let all = Range::of(&self.values);
        let mut heading = vec![
            format!(
                "{} ({}): {}, receptive field {rows}×{across}",
                self.layer,
                self.kind,
                Shape::Map(self.shape)
            ),
            match scale {
                Scale::Each => "each map scaled on its own, from its lowest value (violet) to its \
                                highest (yellow)"
                    .into(),
                Scale::Shared => format!("one scale for all: {all}, violet to yellow"),
            },
        ];
        if most < self.len() {
            let left_out = self.len() - most;
            heading.push(format!("the first {most} maps; {left_out} are left out"));
        }
        Section {
            heading,
            picture: grid(&self.tiles(scale, most), columns),
        }
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "all of it is test code")]

    use burn::tensor::Device;

    use super::*;

    fn maps(layers: &[&str]) -> Result<Vec<FeatureMaps>, TrainError> {
        let device = Device::flex();
        let network = models::resnet18(10).width(0.125).seed(1);
        let network = network.build([3, 32, 32], &device).unwrap();
        let image = Tensor::random([1, 3, 32, 32], burn::tensor::Distribution::Default, &device);
        feature_maps(&network, image, layers).map(|(prediction, maps)| {
            assert_eq!(prediction.logits.len(), 10);
            maps
        })
    }

    #[test]
    fn come_with_shape_and_receptive_field() {
        let found = maps(&["layer2.0", "conv1"]).unwrap();
        let told = |maps: &FeatureMaps| (maps.layer.clone(), maps.shape, maps.receptive_field);
        assert_eq!(told(&found[0]), ("layer2.0".into(), [16, 16, 16], [17; 2]));
        assert_eq!(told(&found[1]), ("conv1".into(), [8, 32, 32], [3; 2]));
        assert_eq!(found[0].values.len(), 16 * 16 * 16);
        assert_eq!(found[0].maps().count(), 16);
        assert_eq!(maps(&[]).unwrap()[0].layer, "conv1");
    }

    #[test]
    fn a_layer_without_maps_is_answered_with_those_that_have_some() {
        let error = maps(&["fc"]).unwrap_err();
        assert!(error.is_usage());
        let error = error.to_string();
        assert!(
            error.starts_with(
                "resnet18, layer `fc` (Linear) gives a row of 10 features and no maps; \
                               layers with maps: conv1, "
            ),
            "{error}"
        );
        assert!(!error.contains("flatten"), "{error}");
        let error = maps(&["layer2.0.conv3"]).unwrap_err().to_string();
        assert!(error.contains("did you mean `layer2.0.conv"), "{error}");
    }

    #[test]
    fn are_scaled_each_or_together() {
        let maps = FeatureMaps {
            layer: "conv1".into(),
            kind: "Conv2d",
            shape: [3, 1, 2],
            receptive_field: [5, 5],
            values: vec![0.0, 1.0, 0.0, 2.0, 4.0, 4.0],
        };
        let [low, high] = [0.0, 1.0].map(|share| ColourMap::Viridis.colour(share));
        // Of an RGB tile of 1×2, the colours of both pixels.
        let colours = |tile: &Tile| [0, 1].map(|at| [0, 2, 4].map(|plane| tile.pixels[plane + at]));
        let each = maps.tiles(Scale::Each, 9);
        assert_eq!(each.len(), 3);
        assert_eq!(colours(&each[0]), [low, high]);
        assert_eq!(colours(&each[2]), [low, low], "all the same");
        assert_eq!(each[2].caption, ["2", "all 4.00"]);
        let shared = maps.tiles(Scale::Shared, 2);
        assert_eq!(shared.len(), 2);
        let quarter = ColourMap::Viridis.colour(0.25);
        assert_eq!(colours(&shared[0]), [low, quarter]);
        let section = maps.section(Scale::Shared, 2, 2);
        assert_eq!(
            section.heading[0],
            "conv1 (Conv2d): 3×1×2, receptive field 5×5"
        );
        assert_eq!(section.heading[2], "the first 2 maps; 1 are left out");
    }
}
