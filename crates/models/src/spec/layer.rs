use serde::Deserialize;

/// Layers in order, each under its name.
///
/// A name may have dots: PyTorch's own for modules within modules, `features.0`.
pub type Layers = Vec<(String, LayerSpec)>;

/// One layer of a [`NetworkSpec`](crate::NetworkSpec). What it takes is found by
/// shape inference; its `kind` in TOML is the variant in kebab case.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum LayerSpec {
    /// 2-D convolution with a square kernel, PyTorch's `Conv2d`.
    Conv2d {
        /// Output channels, at least 1.
        channels: usize,
        /// Side of the kernel, at least 1.
        kernel: usize,
        /// Stride in both directions, at least 1.
        #[serde(default = "one")]
        stride: usize,
        /// Zeros added on each side.
        #[serde(default)]
        padding: usize,
        /// Groups of channels that do not see each other; divides the channels
        /// that come in and go out.
        #[serde(default = "one")]
        groups: usize,
        /// Whether each output channel has a bias.
        #[serde(default = "yes")]
        bias: bool,
    },
    /// Convolution that makes the values of a patch uncorrelated, with a trained
    /// bias and weights that are computed from images by
    /// [`Network::whiten`](crate::Network::whiten) and then stay. Gives
    /// `2 · channels · kernel²` channels. From Keller Jordan, "94% on CIFAR-10 in
    /// 3.29 seconds on a single GPU", 2024.
    WhiteningConv2d {
        /// Side of the patch, at least 1.
        kernel: usize,
    },
    /// Fully connected layer, PyTorch's `Linear`. Takes a flat input.
    Linear {
        /// Output features, at least 1.
        features: usize,
        /// Whether each output feature has a bias.
        #[serde(default = "yes")]
        bias: bool,
    },
    /// Batch normalisation (Ioffe and Szegedy, 2015) as in PyTorch's
    /// `BatchNorm2d` and, after a flat layer, `BatchNorm1d`: the running
    /// variance is the unbiased one.
    BatchNorm {
        /// Added to the variance, above 0.
        #[serde(default = "batch_norm_epsilon")]
        epsilon: f64,
        /// Share of a new batch in the running statistics, 0 to 1.
        #[serde(default = "batch_norm_momentum")]
        momentum: f64,
        /// Whether there is a trained scale; without, it is 1.
        #[serde(default = "yes")]
        scale: bool,
    },
    /// Divides each value by what its neighbours in `size` channels amount to
    /// (Krizhevsky, Sutskever and Hinton, 2012), PyTorch's `LocalResponseNorm`.
    LocalResponseNorm {
        /// Channels that count as neighbours, at least 1.
        size: usize,
        /// Factor of the mean square.
        #[serde(default = "response_alpha")]
        alpha: f64,
        /// Exponent, between -1,000,000 and 1,000,000.
        #[serde(default = "response_beta")]
        beta: f64,
        /// Added to the mean square, above 0.
        #[serde(default = "one_f64")]
        k: f64,
    },
    /// max(0, x).
    Relu {},
    /// x above 0, `negative_slope` · x below.
    LeakyRelu {
        /// Slope below 0.
        #[serde(default = "leaky_slope")]
        negative_slope: f64,
    },
    /// x above 0, `alpha` · (exp(x) − 1) below (Clevert and others, 2016).
    Elu {
        /// The limit far below 0 is −`alpha`.
        #[serde(default = "one_f64")]
        alpha: f64,
    },
    /// 1 / (1 + exp(−x)).
    Sigmoid {},
    /// Hyperbolic tangent.
    Tanh {},
    /// x · Φ(x), with the exact Φ (Hendrycks and Gimpel, 2016).
    Gelu {},
    /// x · sigmoid(x), also known as swish.
    Silu {},
    /// x · min(max(x + 3, 0), 6) / 6 (Howard and others, 2019).
    Hardswish {},
    /// Largest value of each square window, PyTorch's `MaxPool2d`.
    MaxPool2d {
        /// Side of the window, at least 1.
        kernel: usize,
        /// Stride in both directions, at least 1; left out, the kernel.
        #[serde(default)]
        stride: Option<usize>,
        /// Rim that no maximum is taken from, at most half the kernel.
        #[serde(default)]
        padding: usize,
        /// Whether windows may reach over the right and lower edge.
        #[serde(default)]
        ceil_mode: bool,
    },
    /// Mean of each square window, PyTorch's `AvgPool2d`: zeros of the padding
    /// count, what a window reaches over the edge in `ceil_mode` does not.
    AvgPool2d {
        /// Side of the window, at least 1.
        kernel: usize,
        /// Stride in both directions, at least 1; left out, the kernel.
        #[serde(default)]
        stride: Option<usize>,
        /// Zeros added on each side, at most half the kernel.
        #[serde(default)]
        padding: usize,
        /// Whether windows may reach over the right and lower edge.
        #[serde(default)]
        ceil_mode: bool,
    },
    /// Mean of each of `size × size` windows that cover the image, PyTorch's
    /// `AdaptiveAvgPool2d`.
    AdaptiveAvgPool2d {
        /// Side of the output, at least 1.
        size: usize,
    },
    /// Largest value of each channel, PyTorch's `AdaptiveMaxPool2d(1)`.
    GlobalMaxPool2d {},
    /// Zeroes each value with probability `p` in training and scales the rest
    /// by 1 / (1 − p); does nothing in evaluation.
    Dropout {
        /// 0 ≤ p < 1.
        p: f64,
    },
    /// Multiplies by a constant.
    Scale {
        /// The constant.
        factor: f64,
    },
    /// `[N, C, H, W]` to `[N, C·H·W]`.
    Flatten {},
    /// Every `stride`-th row and column, with channels of zeros before and after
    /// up to `channels`: the shortcut without parameters (option A) of He and
    /// others, 2016.
    PadChannels {
        /// Output channels, at least those that come in.
        channels: usize,
        /// Stride in both directions, at least 1.
        #[serde(default = "one")]
        stride: usize,
    },
    /// `after(body(x) + shortcut(x))` (He and others, 2016). The names of the
    /// layers within come after the block's: `layer1.0` and `conv1` are
    /// `layer1.0.conv1`.
    Residual {
        /// The layers that learn the difference.
        #[serde(skip)]
        body: Layers,
        /// What the input goes through beside them; nothing by an empty list.
        #[serde(skip)]
        shortcut: Layers,
        /// What the sum goes through.
        #[serde(skip)]
        after: Layers,
    },
    /// All branches see the same input; their outputs are joined channel after
    /// channel: the inception block (Szegedy and others, 2015).
    Concat {
        /// The branches; an empty one is the input itself.
        #[serde(skip)]
        branches: Vec<Layers>,
    },
    /// A second classifier on what comes by, for training alone (Szegedy and
    /// others, 2015). The layer itself gives on what it is given.
    Auxiliary {
        /// The layers of the classifier.
        #[serde(skip)]
        layers: Layers,
        /// Its share in the loss.
        #[serde(default = "auxiliary_weight")]
        weight: f64,
    },
}

fn one() -> usize {
    1
}

fn one_f64() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

fn batch_norm_epsilon() -> f64 {
    1e-5
}

fn batch_norm_momentum() -> f64 {
    0.1
}

fn response_alpha() -> f64 {
    1e-4
}

fn response_beta() -> f64 {
    0.75
}

fn leaky_slope() -> f64 {
    0.01
}

fn auxiliary_weight() -> f64 {
    0.3
}

impl LayerSpec {
    /// A convolution with stride 1, no padding, one group and a bias.
    #[must_use]
    pub fn conv2d(channels: usize, kernel: usize) -> Self {
        Self::Conv2d {
            channels,
            kernel,
            stride: 1,
            padding: 0,
            groups: 1,
            bias: true,
        }
    }

    /// The same convolution or pooling with another stride; other layers as they are.
    #[must_use]
    pub fn stride(mut self, new: usize) -> Self {
        match &mut self {
            Self::Conv2d { stride, .. } => *stride = new,
            Self::MaxPool2d { stride, .. } | Self::AvgPool2d { stride, .. } => *stride = Some(new),
            _ => {}
        }
        self
    }

    /// The same convolution or pooling with another padding; other layers as they are.
    #[must_use]
    pub fn padding(mut self, new: usize) -> Self {
        if let Self::Conv2d { padding, .. }
        | Self::MaxPool2d { padding, .. }
        | Self::AvgPool2d { padding, .. } = &mut self
        {
            *padding = new;
        }
        self
    }

    /// The same convolution or fully connected layer without bias; other layers as they are.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        if let Self::Conv2d { bias, .. } | Self::Linear { bias, .. } = &mut self {
            *bias = false;
        }
        self
    }

    /// A pooling whose windows may reach over the edge; other layers as they are.
    #[must_use]
    pub fn ceil_mode(mut self) -> Self {
        if let Self::MaxPool2d { ceil_mode, .. } | Self::AvgPool2d { ceil_mode, .. } = &mut self {
            *ceil_mode = true;
        }
        self
    }

    /// A fully connected layer with bias.
    #[must_use]
    pub fn linear(features: usize) -> Self {
        Self::Linear {
            features,
            bias: true,
        }
    }

    /// Batch normalisation with PyTorch's constants.
    #[must_use]
    pub fn batch_norm() -> Self {
        Self::BatchNorm {
            epsilon: batch_norm_epsilon(),
            momentum: batch_norm_momentum(),
            scale: true,
        }
    }

    /// max(0, x).
    #[must_use]
    pub fn relu() -> Self {
        Self::Relu {}
    }

    /// Max pooling without padding.
    #[must_use]
    pub fn max_pool2d(kernel: usize, stride: usize) -> Self {
        Self::MaxPool2d {
            kernel,
            stride: Some(stride),
            padding: 0,
            ceil_mode: false,
        }
    }

    /// Average pooling without padding.
    #[must_use]
    pub fn avg_pool2d(kernel: usize, stride: usize) -> Self {
        Self::AvgPool2d {
            kernel,
            stride: Some(stride),
            padding: 0,
            ceil_mode: false,
        }
    }

    /// The mean of each channel.
    #[must_use]
    pub fn global_avg_pool2d() -> Self {
        Self::AdaptiveAvgPool2d { size: 1 }
    }

    /// Dropout with probability `p`.
    #[must_use]
    pub fn dropout(p: f64) -> Self {
        Self::Dropout { p }
    }

    /// `[N, C, H, W]` to `[N, C·H·W]`.
    #[must_use]
    pub fn flatten() -> Self {
        Self::Flatten {}
    }

    /// The name of the layer's kind, as PyTorch spells it where it has it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Conv2d { .. } => "Conv2d",
            Self::WhiteningConv2d { .. } => "WhiteningConv2d",
            Self::Linear { .. } => "Linear",
            Self::BatchNorm { .. } => "BatchNorm",
            Self::LocalResponseNorm { .. } => "LocalResponseNorm",
            Self::Relu {} => "ReLU",
            Self::LeakyRelu { .. } => "LeakyReLU",
            Self::Elu { .. } => "ELU",
            Self::Sigmoid {} => "Sigmoid",
            Self::Tanh {} => "Tanh",
            Self::Gelu {} => "GELU",
            Self::Silu {} => "SiLU",
            Self::Hardswish {} => "Hardswish",
            Self::MaxPool2d { .. } => "MaxPool2d",
            Self::AvgPool2d { .. } => "AvgPool2d",
            Self::AdaptiveAvgPool2d { .. } => "AdaptiveAvgPool2d",
            Self::GlobalMaxPool2d {} => "GlobalMaxPool2d",
            Self::Dropout { .. } => "Dropout",
            Self::Scale { .. } => "Scale",
            Self::Flatten {} => "Flatten",
            Self::PadChannels { .. } => "PadChannels",
            Self::Residual { .. } => "Residual",
            Self::Concat { .. } => "Concat",
            Self::Auxiliary { .. } => "Auxiliary",
        }
    }

    /// Whether there are layers within.
    pub(crate) fn is_block(&self) -> bool {
        !self.inner().is_empty()
    }

    /// The lists of layers within a block; none in a layer that is no block.
    pub(crate) fn inner(&self) -> Vec<&Layers> {
        match self {
            Self::Residual {
                body,
                shortcut,
                after,
            } => vec![body, shortcut, after],
            Self::Concat { branches } => branches.iter().collect(),
            Self::Auxiliary { layers, .. } => vec![layers],
            _ => Vec::new(),
        }
    }

    /// As [`inner`](Self::inner), to change.
    pub(crate) fn inner_mut(&mut self) -> Vec<&mut Layers> {
        match self {
            Self::Residual {
                body,
                shortcut,
                after,
            } => vec![body, shortcut, after],
            Self::Concat { branches } => branches.iter_mut().collect(),
            Self::Auxiliary { layers, .. } => vec![layers],
            _ => Vec::new(),
        }
    }
}
