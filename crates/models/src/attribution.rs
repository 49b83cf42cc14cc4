//! What a score of a network owes to the image and to the outputs of layers.

use burn::{
    module::Module,
    tensor::{Gradients, Tensor},
};

use crate::{Activation, ModelError, Network, layer::Trace};

/// A forward and a backward pass of [`Network::score_gradients`]. Nothing in it is on an
/// autodiff device.
#[derive(Debug)]
pub struct ScoreGradients {
    /// The logits `[N, classes]`.
    pub logits: Tensor<2>,
    /// The gradient of the score by the images, `[N, C, H, W]`.
    pub images: Tensor<4>,
    /// Of each layer that was asked for, in that order.
    pub layers: Vec<LayerGradient>,
}

/// What a layer gave, and the gradient of a score by it.
#[derive(Debug)]
pub struct LayerGradient {
    /// What it gave.
    pub output: Activation,
    /// The gradient, of the same shape; zeros where the score does not depend on it, as
    /// in second classifiers.
    pub gradient: Activation,
}

impl Network {
    /// The gradient of `score`, which makes a single value `[1]` of the logits
    /// `[N, classes]`, by the images `[N, C, H, W]` and by what the layers of these names
    /// give, inside of blocks too: `layer4.1.conv2`.
    ///
    /// The network works as in inference, whatever its device: no dropout, and the running
    /// statistics of batch norms, which stay as they are.
    ///
    /// # Errors
    /// [`ModelError::NoSuchLayer`] with the names of all layers.
    ///
    /// # Panics
    /// As [`forward`](Self::forward), and if the score does not depend on the logits.
    pub fn score_gradients(
        &self,
        images: Tensor<4>,
        layers: &[&str],
        score: impl FnOnce(Tensor<2>) -> Tensor<1>,
    ) -> Result<ScoreGradients, ModelError> {
        for layer in layers {
            self.summary().layer(layer)?;
        }
        // Frozen before there is autodiff again, so that nothing trains on it.
        let network = self.valid().freeze().train();
        let images = images.detach().autodiff().require_grad();
        let mut trace = Trace {
            wanted: layers,
            with_auxiliary: true,
            with_probes: true,
            ..Trace::default()
        };
        let logits = network.run(images.clone(), &mut trace);
        let gradients = score(logits.clone()).backward();
        let of_images = images.grad(&gradients);
        let layers = layers.iter().map(|name| {
            let mut outputs = trace.collected.iter().zip(&trace.probes);
            let ((_, output), probe) = outputs
                .find(|((layer, _), _)| layer == name)
                .expect("every layer is run");
            LayerGradient {
                gradient: probe.gradient(&gradients),
                output: output.clone().without_autodiff(),
            }
        });
        Ok(ScoreGradients {
            layers: layers.collect(),
            images: of_images.unwrap_or_else(|| images.zeros_like().without_autodiff()),
            logits: logits.without_autodiff(),
        })
    }
}

impl Activation {
    /// Its gradient; zeros if none reached it.
    fn gradient(&self, gradients: &Gradients) -> Self {
        fn of<const D: usize>(x: &Tensor<D>, gradients: &Gradients) -> Tensor<D> {
            let gradient = x.grad(gradients);
            gradient.unwrap_or_else(|| x.zeros_like().without_autodiff())
        }
        match self {
            Self::Map(x) => Self::Map(of(x, gradients)),
            Self::Flat(x) => Self::Flat(of(x, gradients)),
        }
    }

    fn without_autodiff(self) -> Self {
        match self {
            Self::Map(x) => Self::Map(x.without_autodiff()),
            Self::Flat(x) => Self::Flat(x.without_autodiff()),
        }
    }
}
