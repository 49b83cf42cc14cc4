use burn::{
    module::{Module, Param},
    nn::{
        Dropout, DropoutConfig, Linear, PaddingConfig2d, Relu, Sigmoid,
        conv::Conv2d,
        pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig},
    },
    tensor::{Device, Tensor, TensorData},
};

use crate::{Init, LayerSpec, Shape};

/// A layer with its parameters.
#[derive(Module, Debug)]
pub(crate) enum Layer {
    Conv2d(Conv2d),
    Linear(Linear),
    Relu(Relu),
    Sigmoid(Sigmoid),
    MaxPool2d(MaxPool2d),
    AvgPool2d(AvgPool2d),
    Dropout(Dropout),
    Flatten(Flatten),
}

/// `[N, C, H, W]` to `[N, C·H·W]`. A module of its own, since Burn derives
/// `Module` only for enum variants with a field.
#[derive(Module, Debug)]
pub(crate) struct Flatten;

/// What goes from layer to layer for a batch.
pub(crate) enum Activation {
    /// `[N, C, H, W]`.
    Map(Tensor<4>),
    /// `[N, features]`.
    Flat(Tensor<2>),
}

/// Where a layer's parameters come from.
pub(crate) struct Source {
    pub init: Init,
    pub seed: u64,
    /// Position of the layer in the network.
    pub layer: usize,
}

impl Layer {
    /// Builds a layer that shape inference has found to fit `input`.
    pub fn new(spec: &LayerSpec, input: Shape, source: &Source, device: &Device) -> Self {
        let draw = |outputs, inputs, window| {
            source
                .init
                .draw(source.seed, source.layer, outputs, inputs, window)
        };
        match *spec {
            LayerSpec::Conv2d {
                channels,
                kernel,
                stride,
                padding,
            } => {
                let Shape::Map([inputs, _, _]) = input else {
                    unreachable!("shape inference gives a convolution an image")
                };
                let initial = draw(channels, inputs, kernel * kernel);
                Self::Conv2d(Conv2d {
                    weight: conv_weight(initial.weight, [channels, inputs, kernel, kernel], device),
                    bias: Some(bias(initial.bias, device)),
                    stride: [stride; 2],
                    kernel_size: [kernel; 2],
                    dilation: [1; 2],
                    groups: 1,
                    padding: PaddingConfig2d::Explicit(padding, padding, padding, padding),
                })
            }
            LayerSpec::Linear { features } => {
                let inputs = input.len();
                let initial = draw(features, inputs, 1);
                Self::Linear(Linear {
                    weight: linear_weight(&initial.weight, [features, inputs], device),
                    bias: Some(bias(initial.bias, device)),
                })
            }
            LayerSpec::Relu => Self::Relu(Relu::new()),
            LayerSpec::Sigmoid => Self::Sigmoid(Sigmoid::new()),
            LayerSpec::MaxPool2d { kernel, stride } => Self::MaxPool2d(
                MaxPool2dConfig::new([kernel; 2])
                    .with_strides([stride; 2])
                    .init(),
            ),
            LayerSpec::AvgPool2d { kernel, stride } => Self::AvgPool2d(
                AvgPool2dConfig::new([kernel; 2])
                    .with_strides([stride; 2])
                    .init(),
            ),
            LayerSpec::Dropout { p } => Self::Dropout(DropoutConfig::new(p).init()),
            LayerSpec::Flatten => Self::Flatten(Flatten),
        }
    }

    pub fn forward(&self, input: Activation) -> Activation {
        use Activation::{Flat, Map};
        match (self, input) {
            (Self::Conv2d(conv), Map(x)) => Map(conv.forward(x)),
            (Self::Linear(linear), Flat(x)) => Flat(linear.forward(x)),
            (Self::Relu(relu), Map(x)) => Map(relu.forward(x)),
            (Self::Relu(relu), Flat(x)) => Flat(relu.forward(x)),
            (Self::Sigmoid(sigmoid), Map(x)) => Map(sigmoid.forward(x)),
            (Self::Sigmoid(sigmoid), Flat(x)) => Flat(sigmoid.forward(x)),
            (Self::MaxPool2d(pool), Map(x)) => Map(pool.forward(x)),
            (Self::AvgPool2d(pool), Map(x)) => Map(pool.forward(x)),
            (Self::Dropout(dropout), Map(x)) => Map(dropout.forward(x)),
            (Self::Dropout(dropout), Flat(x)) => Flat(dropout.forward(x)),
            (Self::Flatten(_), Map(x)) => Flat(x.flatten(1, 3)),
            (Self::Flatten(_), Flat(x)) => Flat(x),
            (Self::Conv2d(_) | Self::MaxPool2d(_) | Self::AvgPool2d(_), Flat(_))
            | (Self::Linear(_), Map(_)) => unreachable!("shape inference refuses such a network"),
        }
    }
}

/// A convolution's weight from values in PyTorch's order `[out, in, height, width]`.
pub(crate) fn conv_weight(
    values: Vec<f32>,
    shape: [usize; 4],
    device: &Device,
) -> Param<Tensor<4>> {
    Param::from_data(TensorData::new(values, shape), device)
}

/// A fully connected layer's weight from values in PyTorch's order
/// `[out, in]`; Burn's is `[in, out]`.
pub(crate) fn linear_weight(
    values: &[f32],
    [outputs, inputs]: [usize; 2],
    device: &Device,
) -> Param<Tensor<2>> {
    let values = transposed(values, outputs, inputs);
    Param::from_data(TensorData::new(values, [inputs, outputs]), device)
}

pub(crate) fn bias(values: Vec<f32>, device: &Device) -> Param<Tensor<1>> {
    let count = values.len();
    Param::from_data(TensorData::new(values, [count]), device)
}

/// The transpose of a `rows × columns` matrix.
pub(crate) fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|column| (0..rows).map(move |row| values[row * columns + column]))
        .collect()
}
