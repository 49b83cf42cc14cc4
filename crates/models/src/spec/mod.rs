mod layer;

use burn::tensor::Device;

pub use self::layer::{LayerSpec, Layers};
use crate::{Graph, Init, ModelError, Network, Shape, Summary, network_file::Origin, shape};

/// A network as a named list of layers.
///
/// The names are those under which PyTorch's state dict holds the parameters:
/// layer `conv1` has `conv1.weight` and `conv1.bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkSpec {
    pub(crate) name: String,
    pub(crate) form: Option<&'static str>,
    pub(crate) layers: Layers,
    pub(crate) init: Init,
    pub(crate) seed: u64,
    pub(crate) origin: Origin,
}

impl NetworkSpec {
    /// A network without layers, initialised as PyTorch does by default, with seed 0.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            form: None,
            layers: Vec::new(),
            init: Init::default(),
            seed: 0,
            origin: Origin::default(),
        }
    }

    /// Appends a layer.
    #[must_use]
    pub fn layer(mut self, name: &str, layer: LayerSpec) -> Self {
        self.layers.push((name.into(), layer));
        self
    }

    /// Appends layers.
    #[must_use]
    pub fn layers(mut self, layers: Layers) -> Self {
        self.layers.extend(layers);
        self
    }

    /// Initialises the parameters in this way.
    #[must_use]
    pub fn init(mut self, init: Init) -> Self {
        self.init = init;
        self
    }

    /// Draws the parameters from this seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Gives every dropout layer the probability `p`, 0 ≤ `p` < 1.
    #[must_use]
    pub fn dropout(mut self, p: f64) -> Self {
        fn set(layers: &mut Layers, new: f64) {
            for (_, layer) in layers {
                if let LayerSpec::Dropout { p } = layer {
                    *p = new;
                }
                layer.inner_mut().into_iter().for_each(|l| set(l, new));
            }
        }
        set(&mut self.layers, p);
        self
    }

    /// Whether any layer, also within a block, is a dropout layer.
    #[must_use]
    pub fn has_dropout(&self) -> bool {
        fn any(layers: &Layers) -> bool {
            layers.iter().any(|(_, layer)| {
                matches!(layer, LayerSpec::Dropout { .. }) || layer.inner().into_iter().any(any)
            })
        }
        any(&self.layers)
    }

    /// The name of the network.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The form of the architecture that this is, if it has several.
    #[must_use]
    pub fn form(&self) -> Option<&'static str> {
        self.form
    }

    /// The layers, with their names.
    #[must_use]
    pub fn as_layers(&self) -> &Layers {
        &self.layers
    }

    /// Shapes, parameters and multiply-adds of all layers, for an image of
    /// shape `[channels, height, width]`.
    ///
    /// # Errors
    /// [`ModelError::Layer`] naming the layer that does not fit.
    pub fn summary(&self, image: [usize; 3]) -> Result<Summary, ModelError> {
        shape::infer(self, image)
    }

    /// The layers as a graph to be drawn, for an image of shape
    /// `[channels, height, width]`.
    ///
    /// # Errors
    /// As [`summary`](Self::summary).
    pub fn graph(&self, image: [usize; 3]) -> Result<Graph, ModelError> {
        Ok(Graph::new(self, &self.summary(image)?))
    }

    /// As [`summary`](Self::summary), of a classifier of so many classes.
    ///
    /// # Errors
    /// As [`summary`](Self::summary), [`ModelError::Output`] or
    /// [`ModelError::Classes`].
    pub fn classifier(&self, image: [usize; 3], classes: usize) -> Result<Summary, ModelError> {
        let summary = self.summary(image)?;
        let network = || self.name.clone();
        let error = match summary.output() {
            Shape::Flat(logits) if logits == classes => return Ok(summary),
            Shape::Flat(logits) => ModelError::Classes {
                network: network(),
                logits,
                classes,
            },
            output @ Shape::Map(_) => ModelError::Output {
                network: network(),
                output,
            },
        };
        Err(self.locate(error))
    }

    /// An error with the line of the file where its layer was written, if it was
    /// written in a file.
    pub(crate) fn locate(&self, error: ModelError) -> ModelError {
        let last = self.layers.last().map(|(name, _)| name.as_str());
        self.origin.locate(error, last)
    }

    /// The network for images of shape `[channels, height, width]`, with its
    /// parameters on `device`. On an autodiff device they can be trained.
    ///
    /// # Errors
    /// [`ModelError::Layer`] naming the layer that does not fit, or
    /// [`ModelError::Output`] if the last layer does not give logits.
    pub fn build(&self, image: [usize; 3], device: &Device) -> Result<Network, ModelError> {
        Network::new(self, image, device)
    }
}
