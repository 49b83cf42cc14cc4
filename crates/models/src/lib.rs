//! A specification in, a network out.
//!
//! An architecture is a function that returns a [`NetworkSpec`]: a named list
//! of layers. From the specification and the shape of an image come the shapes
//! of all layers, the parameters (drawn on the host from a seed, so that every
//! backend starts from the same weights), the forward pass, the [`Summary`] and
//! the names under which PyTorch stores the same weights.
//!
//! ```
//! # fn main() -> Result<(), models::ModelError> {
//! let spec = models::lenet5(10);
//! println!("{}", spec.summary([1, 28, 28])?);
//!
//! # let device = burn::tensor::Device::flex();
//! let network = spec.seed(42).build([1, 28, 28], &device)?;
//! let images = burn::Tensor::<4>::zeros([8, 1, 28, 28], &device);
//! assert_eq!(network.forward(images).dims(), [8, 10]);
//! # Ok(())
//! # }
//! ```

mod error;
mod init;
mod layer;
mod network;
mod registry;
mod shape;
mod spec;
mod summary;
mod weights;
mod zoo;

pub use error::{ModelError, WeightsError};
pub use init::Init;
pub use network::Network;
pub use registry::{Architecture, architectures, find};
pub use shape::Shape;
pub use spec::{LayerSpec, NetworkSpec};
pub use summary::{LayerSummary, Summary};
pub use zoo::{
    lenet::{convnet, lenet_small, lenet5, lenet5_sigmoid},
    mlp::{mlp, perceptron},
};
