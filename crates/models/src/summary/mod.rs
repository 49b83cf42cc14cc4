mod find;
mod json;
mod table;

pub use self::table::grouped;
use crate::Shape;

/// What a network is made of, layer by layer. Displays as a table; serialises as
/// `{model, form, input, parameters, macs, activation_bytes, layers: [{name, kind,
/// output, parameters, macs, activation_bytes, receptive_field, block,
/// training_only}]}`, with shapes as lists of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The name of the network.
    pub network: String,
    /// The form of the architecture, if it has several.
    pub form: Option<&'static str>,
    /// `[channels, height, width]` of an image.
    pub image: [usize; 3],
    /// The layers in order; a block comes after the layers within it.
    pub layers: Vec<LayerSummary>,
}

/// A row of a [`Summary`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerSummary {
    /// The name of the layer.
    pub name: String,
    /// What the layer is, as PyTorch spells it.
    pub kind: &'static str,
    /// Whether it is a block of layers that have rows of their own. What these
    /// have and do is counted in their rows alone.
    pub block: bool,
    /// Whether it is part of a second classifier, which only training uses.
    pub training_only: bool,
    /// What it gives for one image.
    pub output: Shape,
    /// Number of its trainable parameters.
    pub parameters: usize,
    /// Multiply-adds of convolutions and fully connected layers for one image,
    /// without the biases, as fvcore counts these layers. (Its totals have batch norms
    /// and adaptive pooling in them, and ptflops adds biases.)
    pub multiply_adds: usize,
    /// Height and width in pixels of the part of the image that one value depends
    /// on, wherever the edges of the image are.
    pub receptive_field: [usize; 2],
}

/// Bytes of a value or parameter: `f32`.
const BYTES: usize = size_of::<f32>();

impl LayerSummary {
    /// Bytes of the layer's output for one image, as `f32`; 0 for a block.
    #[must_use]
    pub fn activation_bytes(&self) -> usize {
        match self.block {
            true => 0,
            false => self.output.len().saturating_mul(BYTES),
        }
    }
}

impl Summary {
    /// The name of the network, with its form if there are several.
    #[must_use]
    pub fn title(&self) -> String {
        match self.form {
            Some(form) => format!("{} ({form} form)", self.network),
            None => self.network.clone(),
        }
    }

    /// Number of all trainable parameters, those of second classifiers included.
    #[must_use]
    pub fn parameters(&self) -> usize {
        total(&self.layers, |layer| layer.parameters)
    }

    /// Bytes of all trainable parameters, as `f32`.
    #[must_use]
    pub fn parameter_bytes(&self) -> usize {
        self.parameters().saturating_mul(BYTES)
    }

    /// Multiply-adds of a forward pass of one image in training, that of second
    /// classifiers included.
    #[must_use]
    pub fn multiply_adds(&self) -> usize {
        total(&self.layers, |layer| layer.multiply_adds)
    }

    /// Bytes of the outputs of all layers that are no blocks, for one image, as
    /// `f32`: about what automatic differentiation keeps for the backward pass.
    /// A backend that works in place, or fuses layers, needs less.
    #[must_use]
    pub fn activation_bytes(&self) -> usize {
        total(&self.layers, LayerSummary::activation_bytes)
    }

    /// What the last layer gives; the image, if there is no layer.
    #[must_use]
    pub fn output(&self) -> Shape {
        self.layers
            .last()
            .map_or(Shape::Map(self.image), |layer| layer.output)
    }
}

/// A sum that stays the largest number where it would be more.
fn total<'a>(
    layers: impl IntoIterator<Item = &'a LayerSummary>,
    of: impl Fn(&LayerSummary) -> usize,
) -> usize {
    layers.into_iter().map(of).fold(0, usize::saturating_add)
}
