//! A specification in, a network out.
//!
//! An architecture is a function that returns a [`NetworkSpec`]: a named list of
//! layers. From the specification and the shape of an image come the shapes of
//! all layers, the parameters (drawn on the host from a seed, so that every
//! backend starts from the same weights), the forward pass, the [`Summary`],
//! the [`Graph`] and the names under which PyTorch stores the same weights. A
//! network can be written in TOML as well: [`NetworkFile`].
//!
//! A network is a Burn `Module`, for anybody's loop:
//!
//! ```
//! use burn::{nn::loss::CrossEntropyLossConfig, optim::{GradientsParams, SgdConfig}, tensor::Device};
//!
//! # fn main() -> Result<(), models::ModelError> {
//! let device = Device::flex().autodiff();
//! let mut network = models::resnet18(10).width(0.125).seed(42).build([3, 32, 32], &device)?;
//! let mut optimizer = SgdConfig::new().init();
//! let cross_entropy = CrossEntropyLossConfig::new().init(&device);
//! # let batches = [(burn::Tensor::<4>::zeros([2, 3, 32, 32], &device),
//! #     burn::Tensor::<1, burn::tensor::Int>::from_data([3, 7], &device))];
//! for (images, labels) in batches {
//!     let loss = cross_entropy.forward(network.forward(images), labels);
//!     let gradients = GradientsParams::from_grads(loss.backward(), &network);
//!     network = optimizer.step(0.1, network, gradients);
//! }
//! println!("{network}"); // its table
//! # Ok(())
//! # }
//! ```
//!
//! Feature maps come by name:
//!
//! ```
//! # fn main() -> Result<(), models::ModelError> {
//! # let device = burn::tensor::Device::flex();
//! let network = models::lenet5(10).build([1, 28, 28], &device)?;
//! let images = burn::Tensor::<4>::zeros([8, 1, 28, 28], &device);
//! let (logits, maps) = network.forward_collect(images, &["conv1"])?;
//! assert_eq!(logits.dims(), [8, 10]);
//! assert_eq!(maps[0].shape().to_string(), "6×28×28");
//! # Ok(())
//! # }
//! ```
//!
//! So do gradients by them, on any device, with the network as in inference:
//!
//! ```
//! # fn main() -> Result<(), models::ModelError> {
//! # let device = burn::tensor::Device::flex();
//! let network = models::lenet5(10).build([1, 28, 28], &device)?;
//! let image = burn::Tensor::<4>::zeros([1, 1, 28, 28], &device);
//! // Of the logit of class 3.
//! let found = network.score_gradients(image, &["conv2"], |logits| logits.narrow(1, 3, 1).sum())?;
//! assert_eq!(found.images.dims(), [1, 1, 28, 28]);
//! assert_eq!(found.layers[0].gradient.shape().to_string(), "16×10×10");
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod attribution;
mod error;
mod field;
mod graph;
mod init;
mod layer;
mod model;
mod network;
mod network_file;
mod registry;
mod shape;
mod spec;
mod statistics;
mod suggest;
mod summary;
pub mod toml_table;
mod transpose;
mod weights;
mod whitening;
mod zoo;

pub use attribution::{LayerGradient, ScoreGradients};
pub use error::{ModelError, WeightsError};
pub use graph::Graph;
pub use init::{Biases, FanMode, Init, InitOptions, Weights};
pub use layer::Activation;
pub use model::{Form, Model, ModelOptions};
pub use network::{Network, TrainingOutput};
pub use network_file::{NetworkFile, NetworkFileError};
pub use registry::{Architecture, architectures, find};
pub use shape::Shape;
pub use spec::{LayerSpec, Layers, NetworkSpec};
pub use suggest::suggest;
pub use summary::{LayerSummary, Summary, grouped};
pub use weights::{Mismatch, ParameterPath, StateDict, StateTensor};
pub use zoo::{
    airbench::airbench94,
    alexnet::alexnet,
    cnn::cnn2,
    googlenet::googlenet,
    lenet::{convnet, lenet_small, lenet5, lenet5_sigmoid},
    mlp::{mlp, perceptron},
    nin::nin,
    resnet::{resnet18, resnet34, resnet50, resnet101, resnet152},
    resnet_cifar::{resnet20, resnet32, resnet44, resnet56, resnet110},
    resnet_small::{resnet_mnist, trashnet},
    resnet9::resnet9,
    vgg::{vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn},
};
