use burn::tensor::Device;

use crate::{Init, ModelError, Network, Summary, shape};

/// A network as a named list of layers.
///
/// The names are those under which PyTorch's state dict holds the parameters:
/// layer `conv1` has `conv1.weight` and `conv1.bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkSpec {
    pub(crate) name: String,
    pub(crate) layers: Vec<(String, LayerSpec)>,
    pub(crate) init: Init,
    pub(crate) seed: u64,
}

/// One layer of a [`NetworkSpec`]. What it takes is found by shape inference.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LayerSpec {
    /// 2-D convolution with bias, PyTorch's `Conv2d`.
    Conv2d {
        /// Output channels, at least 1.
        channels: usize,
        /// Side of the square kernel, at least 1.
        kernel: usize,
        /// Stride in both directions, at least 1.
        stride: usize,
        /// Zeros added on each side.
        padding: usize,
    },
    /// Fully connected layer with bias, PyTorch's `Linear`. Takes a flat input.
    Linear {
        /// Output features, at least 1.
        features: usize,
    },
    /// max(0, x).
    Relu,
    /// 1 / (1 + exp(−x)).
    Sigmoid,
    /// Largest value of each square window, PyTorch's `MaxPool2d` without padding.
    MaxPool2d {
        /// Side of the window, at least 1.
        kernel: usize,
        /// Stride in both directions, at least 1.
        stride: usize,
    },
    /// Mean of each square window, PyTorch's `AvgPool2d` without padding.
    AvgPool2d {
        /// Side of the window, at least 1.
        kernel: usize,
        /// Stride in both directions, at least 1.
        stride: usize,
    },
    /// Zeroes each value with probability `p` in training and scales the rest
    /// by 1 / (1 − p); does nothing in evaluation.
    Dropout {
        /// 0 ≤ p < 1.
        p: f64,
    },
    /// `[N, C, H, W]` to `[N, C·H·W]`.
    Flatten,
}

impl LayerSpec {
    /// The name of the layer's kind, as PyTorch spells it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Conv2d { .. } => "Conv2d",
            Self::Linear { .. } => "Linear",
            Self::Relu => "ReLU",
            Self::Sigmoid => "Sigmoid",
            Self::MaxPool2d { .. } => "MaxPool2d",
            Self::AvgPool2d { .. } => "AvgPool2d",
            Self::Dropout { .. } => "Dropout",
            Self::Flatten => "Flatten",
        }
    }
}

impl NetworkSpec {
    /// A network without layers, initialised as PyTorch does by default, with seed 0.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            layers: Vec::new(),
            init: Init::default(),
            seed: 0,
        }
    }

    /// Appends a layer.
    #[must_use]
    pub fn layer(mut self, name: &str, layer: LayerSpec) -> Self {
        self.layers.push((name.into(), layer));
        self
    }

    /// Appends a [convolution](LayerSpec::Conv2d) with stride 1.
    #[must_use]
    pub fn conv2d(self, name: &str, channels: usize, kernel: usize, padding: usize) -> Self {
        self.layer(
            name,
            LayerSpec::Conv2d {
                channels,
                kernel,
                stride: 1,
                padding,
            },
        )
    }

    /// Appends a [fully connected layer](LayerSpec::Linear).
    #[must_use]
    pub fn linear(self, name: &str, features: usize) -> Self {
        self.layer(name, LayerSpec::Linear { features })
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

    /// The name of the network.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The layers, with their names.
    #[must_use]
    pub fn layers(&self) -> &[(String, LayerSpec)] {
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
