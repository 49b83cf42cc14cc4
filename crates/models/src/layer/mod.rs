mod batch_norm;
mod buffer;
mod build;
mod conv;
mod fuse;
mod module;
mod op;

use burn::{
    nn::{Dropout, Linear, conv::Conv2d},
    tensor::Tensor,
};

use self::batch_norm::BatchNorm;
pub(crate) use self::build::Builder;
use crate::{LayerSpec, Shape};

/// A layer with its parameters.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "networks have few layers, and Burn's modules cannot be boxed"
)]
pub(crate) enum Layer {
    /// Also a whitening convolution.
    Conv2d(Conv2d),
    Linear(Linear),
    BatchNorm(BatchNorm),
    Dropout(Dropout),
    /// A layer without parameters.
    Op(LayerSpec),
    Residual {
        body: Stack,
        shortcut: Stack,
        after: Stack,
    },
    Concat(Vec<Stack>),
    Auxiliary {
        layers: Stack,
        weight: f64,
    },
}

/// Layers, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Stack(pub Vec<Named>);

/// A layer under its name.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    /// Within its block.
    pub name: String,
    /// Within the network.
    pub path: String,
    pub layer: Layer,
}

/// What a layer gives for a batch.
#[derive(Debug, Clone)]
pub enum Activation {
    /// `[N, C, H, W]`.
    Map(Tensor<4>),
    /// `[N, features]`.
    Flat(Tensor<2>),
}

impl Activation {
    /// The shape for one image.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match self {
            Self::Map(x) => {
                let [_, channels, height, width] = x.dims();
                Shape::Map([channels, height, width])
            }
            Self::Flat(x) => Shape::Flat(x.dims()[1]),
        }
    }

    /// Zeros of its shape that keep their gradient. It has to be on an autodiff device.
    fn probe(&self) -> Self {
        match self {
            Self::Map(x) => Self::Map(x.zeros_like().detach().require_grad()),
            Self::Flat(x) => Self::Flat(x.zeros_like().detach().require_grad()),
        }
    }

    /// The sum, through a ReLU if asked for.
    fn add(self, other: Self, relu: bool) -> Self {
        match (self, other) {
            (Self::Map(a), Self::Map(b)) => Self::Map(sum(a, b, relu)),
            (Self::Flat(a), Self::Flat(b)) => Self::Flat(sum(a, b, relu)),
            _ => unreachable!("shape inference refuses such a sum"),
        }
    }

    /// Joins outputs of branches, channel after channel.
    fn join(outputs: Vec<Self>) -> Self {
        let mut maps = Vec::new();
        let mut rows = Vec::new();
        for output in outputs {
            match output {
                Self::Map(x) => maps.push(x),
                Self::Flat(x) => rows.push(x),
            }
        }
        match maps.is_empty() {
            true => Self::Flat(Tensor::cat(rows, 1)),
            false => Self::Map(Tensor::cat(maps, 1)),
        }
    }
}

fn sum<const D: usize>(a: Tensor<D>, b: Tensor<D>, relu: bool) -> Tensor<D> {
    match relu {
        true => kernels::add_relu(a, b),
        false => kernels::add(a, b),
    }
}

/// What a forward pass leaves beside its output.
#[derive(Default)]
pub(crate) struct Trace<'a> {
    /// Names of layers whose outputs are wanted.
    pub wanted: &'a [&'a str],
    /// Those outputs, in the order of the forward pass.
    pub collected: Vec<(String, Activation)>,
    /// Whether zeros are added to them, whose gradient is theirs.
    pub with_probes: bool,
    /// Those zeros, in the same order.
    pub probes: Vec<Activation>,
    /// Whether second classifiers are computed.
    pub with_auxiliary: bool,
    /// Their shares in the loss, and their logits.
    pub auxiliary: Vec<(f64, Tensor<2>)>,
}

impl Stack {
    pub fn forward(&self, input: Activation, trace: &mut Trace<'_>) -> Activation {
        fuse::run(&self.0, input, trace)
    }
}

impl Stack {
    /// Does something with every batch norm, in the order of the layers.
    pub fn each_norm(&mut self, action: &mut impl FnMut(&mut BatchNorm)) {
        for named in &mut self.0 {
            match &mut named.layer {
                Layer::BatchNorm(norm) => action(norm),
                Layer::Residual {
                    body,
                    shortcut,
                    after,
                } => {
                    for stack in [body, shortcut, after] {
                        stack.each_norm(action);
                    }
                }
                Layer::Concat(branches) => {
                    for stack in branches {
                        stack.each_norm(action);
                    }
                }
                Layer::Auxiliary { layers, .. } => layers.each_norm(action),
                Layer::Conv2d(_) | Layer::Linear(_) | Layer::Dropout(_) | Layer::Op(_) => {}
            }
        }
    }
}

impl Layer {
    fn forward(&self, input: Activation, trace: &mut Trace<'_>) -> Activation {
        use Activation::{Flat, Map};
        match (self, input) {
            (Self::Conv2d(conv), Map(x)) => Map(conv::forward(conv, x)),
            (Self::Linear(linear), Flat(x)) => Flat(linear.forward(x)),
            (Self::BatchNorm(norm), x) => fuse::normalised(norm, x, None, false),
            (Self::Dropout(dropout), Map(x)) => Map(dropout.forward(x)),
            (Self::Dropout(dropout), Flat(x)) => Flat(dropout.forward(x)),
            (Self::Op(spec), x) => {
                op::apply(spec, x).expect("shape inference refuses what a layer does not take")
            }
            (
                Self::Residual {
                    body,
                    shortcut,
                    after,
                },
                x,
            ) => fuse::residual([body, shortcut, after], x, trace),
            (Self::Concat(branches), x) => {
                let outputs = branches.iter().map(|b| b.forward(x.clone(), trace));
                Activation::join(outputs.collect())
            }
            (Self::Auxiliary { layers, weight }, x) => {
                if trace.with_auxiliary {
                    match layers.forward(x.clone(), trace) {
                        Flat(logits) => trace.auxiliary.push((*weight, logits)),
                        Map(_) => unreachable!("a classifier that ends in an image is not built"),
                    }
                }
                x
            }
            (Self::Conv2d(_), Flat(_)) | (Self::Linear(_), Map(_)) => {
                unreachable!("shape inference refuses such a network")
            }
        }
    }
}
