use serde::{Serialize, Serializer};

use super::{LayerSummary, Summary};
use crate::Shape;

/// A [`Summary`] under the names that others use: fvcore's and ptflops' `macs`.
#[derive(Serialize)]
struct Network<'a> {
    model: &'a str,
    form: Option<&'static str>,
    input: [usize; 3],
    parameters: usize,
    macs: usize,
    activation_bytes: usize,
    layers: &'a [LayerSummary],
}

#[derive(Serialize)]
struct Layer<'a> {
    name: &'a str,
    kind: &'static str,
    output: Shape,
    parameters: usize,
    macs: usize,
    activation_bytes: usize,
    receptive_field: [usize; 2],
    block: bool,
    training_only: bool,
}

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Network {
            model: &self.network,
            form: self.form,
            input: self.image,
            parameters: self.parameters(),
            macs: self.multiply_adds(),
            activation_bytes: self.activation_bytes(),
            layers: &self.layers,
        }
        .serialize(serializer)
    }
}

impl Serialize for LayerSummary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Layer {
            name: &self.name,
            kind: self.kind,
            output: self.output,
            parameters: self.parameters,
            macs: self.multiply_adds,
            activation_bytes: self.activation_bytes(),
            receptive_field: self.receptive_field,
            block: self.block,
            training_only: self.training_only,
        }
        .serialize(serializer)
    }
}

impl Serialize for Shape {
    /// A list of the sizes.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Map(sizes) => sizes.serialize(serializer),
            Self::Flat(features) => [*features].serialize(serializer),
        }
    }
}
