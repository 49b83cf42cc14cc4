use models::Network;

use super::{InspectError, no_convolution, range::Range};
use crate::{
    TrainError,
    pictures::{ColourMap, Section, Tile, grid, grid_of_side},
};

/// The filters of a convolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Filters {
    /// The layer.
    pub layer: String,
    /// `[filters, input channels of each, height, width]`.
    pub shape: [usize; 4],
    /// Whether the inputs are red, green and blue.
    pub of_colours: bool,
    /// The weights, in that order.
    pub values: Vec<f32>,
}

/// As many filters, and as many input channels of each, are drawn beside each other.
const MOST_BESIDE: usize = 16;
/// Side of such a filter, in pixels.
const SIDE_BESIDE: u32 = 36;

/// The filters of the convolution `layer`.
///
/// # Errors
/// [`TrainError::Model`] for a layer that is not there, [`TrainError::Inspect`] for one
/// without filters, [`TrainError::Device`].
pub fn filters(network: &Network, layer: &str) -> Result<Filters, TrainError> {
    let summary = network.summary();
    let row = summary.layer(layer)?;
    let Some(first) = summary.first_convolution() else {
        return Err(no_convolution(summary).into());
    };
    if !row.is_convolution() {
        let convolutions = summary.layers.iter().filter(|row| row.is_convolution());
        return Err(InspectError::NoFilters {
            network: summary.network.clone(),
            layer: row.name.clone(),
            kind: row.kind,
            known: convolutions.map(|row| row.name.clone()).collect(),
        }
        .into());
    }
    let state = network.state_dict();
    let state = state.map_err(|e| TrainError::Device(e.to_string()))?;
    let weight = state.get(&format!("{layer}.weight"));
    let weight = weight.expect("a convolution has a weight");
    let &[outputs, inputs, height, width] = weight.shape.as_slice() else {
        unreachable!("the weight of a convolution has four dimensions");
    };
    if !weight.values.iter().all(|value| value.is_finite()) {
        return Err(InspectError::NotFinite {
            network: summary.network.clone(),
            what: format!("the filters of layer `{layer}`"),
        }
        .into());
    }
    Ok(Filters {
        layer: row.name.clone(),
        shape: [outputs, inputs, height, width],
        of_colours: row.name == first.name && inputs == 3,
        values: weight.values.clone(),
    })
}

impl Filters {
    /// Number of filters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape[0]
    }

    /// Whether there is no filter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The weights of each filter, input after input, row after row.
    pub fn each(&self) -> impl Iterator<Item = &[f32]> {
        self.values
            .chunks_exact(self.shape[1..].iter().product::<usize>().max(1))
    }

    /// The first filters, at most `most`: of colours in RGB, of one input in grey, of more
    /// a tile for each of the first `inputs`. Weights of 0 are middle grey; each filter is
    /// scaled on its own, by its weight farthest from 0.
    #[must_use]
    pub fn tiles(&self, most: usize, inputs: usize) -> Vec<Tile> {
        let [_, all_inputs, height, width] = self.shape;
        let mut tiles = Vec::new();
        for (number, filter) in self.each().enumerate().take(most) {
            let own = Range::of(filter);
            let bytes: Vec<u8> = filter
                .iter()
                .map(|&weight| ColourMap::Grey.colour(own.signed_share(weight))[0])
                .collect();
            let whole = || vec![number.to_string(), own.to_string()];
            if self.of_colours || all_inputs == 1 {
                tiles.push(Tile {
                    pixels: bytes,
                    shape: [all_inputs, height, width],
                    caption: whole(),
                });
                continue;
            }
            let planes = bytes.chunks_exact(height * width).enumerate().take(inputs);
            tiles.extend(planes.map(|(input, plane)| Tile {
                pixels: plane.to_vec(),
                shape: [1, height, width],
                caption: vec![format!("{number},{input}")],
            }));
        }
        tiles
    }

    /// The first filters, at most `most`, and what is to be said of them. Those of one
    /// input, or of colours, are drawn in rows of `columns`; of others 16 at most, each a
    /// row of its first 16 inputs.
    ///
    /// # Panics
    /// If `most` or `columns` is 0.
    #[must_use]
    pub fn section(&self, most: usize, columns: usize) -> Section {
        let [outputs, inputs, height, width] = self.shape;
        let mut heading = vec![format!(
            "{}: {outputs} filters of {inputs}×{height}×{width}",
            self.layer
        )];
        let scale = "each filter scaled on its own, 0 is middle grey";
        let beside = !self.of_colours && inputs > 1;
        let (most, shown_inputs) = match beside {
            true => (most.min(MOST_BESIDE), inputs.min(MOST_BESIDE)),
            false => (most, inputs),
        };
        heading.push(match (self.of_colours, beside) {
            (true, _) => format!("the weights of red, green and blue as a colour; {scale}"),
            (_, true) => format!("a row for each filter, a column for each input; {scale}"),
            _ => scale.into(),
        });
        if most < outputs {
            let left_out = outputs - most;
            heading.push(format!("the first {most} filters; {left_out} are left out"));
        }
        if shown_inputs < inputs {
            let left_out = inputs - shown_inputs;
            heading.push(format!(
                "the first {shown_inputs} inputs; {left_out} are left out"
            ));
        }
        let tiles = self.tiles(most, shown_inputs);
        Section {
            heading,
            picture: match beside {
                true => grid_of_side(&tiles, shown_inputs, SIDE_BESIDE),
                false => grid(&tiles, columns),
            },
        }
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "all of it is test code")]

    use burn::tensor::Device;

    use super::*;

    fn network(model: models::Model, image: [usize; 3]) -> Network {
        model.build(image, &Device::flex()).unwrap()
    }

    #[test]
    fn are_the_weights_of_the_state_dict() {
        let network = network(models::lenet5(10), [1, 28, 28]);
        let found = filters(&network, "conv2").unwrap();
        assert_eq!((found.shape, found.of_colours), ([16, 6, 5, 5], false));
        let state = network.state_dict().unwrap();
        assert_eq!(found.values, state.get("conv2.weight").unwrap().values);
        assert_eq!(found.tiles(3, 2).len(), 6);
        assert_eq!(found.tiles(3, 2)[5].caption, ["2,1"]);
        let heading = found.section(3, 8).heading.join("\n");
        assert!(
            heading.contains("the first 3 filters; 13 are left out"),
            "{heading}"
        );
        assert!(!heading.contains("inputs; "), "{heading}");
    }

    #[test]
    fn only_the_first_convolution_sees_colours() {
        let network = network(models::resnet18(10).width(0.125), [3, 32, 32]);
        let first = filters(&network, "conv1").unwrap();
        assert!(first.of_colours);
        assert_eq!(first.tiles(64, 64)[0].shape, [3, 3, 3]);
        let deep = filters(&network, "layer4.1.conv2").unwrap();
        assert!(!deep.of_colours);
        let heading = deep.section(64, 8).heading.join("\n");
        assert!(
            heading.contains("the first 16 inputs; 48 are left out"),
            "{heading}"
        );
    }

    #[test]
    fn zero_is_middle_grey() {
        let filters = Filters {
            layer: "conv".into(),
            shape: [2, 1, 1, 3],
            of_colours: false,
            values: vec![-1.0, 0.0, 2.0, 0.0, 0.0, 0.0],
        };
        let tiles = filters.tiles(9, 9);
        assert_eq!(tiles[0].pixels, [64, 128, 255]);
        assert_eq!(tiles[1].pixels, [128; 3]);
        assert_eq!(tiles[0].caption, ["0", "-1.00..2.00"]);
    }

    #[test]
    fn a_layer_without_filters_is_answered_with_those_that_have_some() {
        let lenet = network(models::lenet5(10), [1, 28, 28]);
        let error = filters(&lenet, "relu1").unwrap_err().to_string();
        assert_eq!(
            error,
            "lenet5, layer `relu1` (ReLU) is no convolution and has no filters; layers with \
             filters: conv1, conv2"
        );
        let mlp = network(models::mlp(10), [1, 28, 28]);
        let name = mlp.summary().layers[0].name.clone();
        let error = filters(&mlp, &name).unwrap_err().to_string();
        assert!(
            error.starts_with("mlp has no convolution, and so no feature maps and filters"),
            "{error}"
        );
    }
}
