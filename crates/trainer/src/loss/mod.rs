//! What training makes small: a number for a batch of logits.

use burn::{
    nn::loss::CrossEntropyLossConfig,
    tensor::{DType, Device, Int, Tensor, activation::log_softmax},
};

use crate::config::{ConfigError, LossConfig, LossName};

/// A loss. One of a user's own is one too.
pub trait Loss: Send {
    /// The mean over the images of a batch, `[1]`: on the device, and differentiable
    /// by the logits. Nothing is to be read back here, which would make a GPU wait.
    ///
    /// `logits` are `[N, classes]`, in `f32` whatever the network computes in, `labels`
    /// are `[N]`; `soft_targets` are in `f32` the probabilities of the classes, `[N, classes]`, where images are mixed, and the
    /// labels then those of the larger parts.
    fn forward(
        &self,
        logits: Tensor<2>,
        labels: Tensor<1, Int>,
        soft_targets: Option<Tensor<2>>,
    ) -> Tensor<1>;

    /// What [`forward`](Self::forward) divides the sum over the images of a batch by,
    /// above 0: the share of the batch in an update of several. `labels` are those of
    /// its images, of which there is at least one; `mixed` says whether it has soft
    /// targets. By default the number of images.
    fn weight(&self, labels: &[u16], mixed: bool) -> f64 {
        let _ = mixed;
        labels.len() as f64
    }
}

impl LossConfig {
    /// The loss. `counts` are the training images of each class, `device` is where the
    /// logits are.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if the class weights do not fit the classes.
    pub fn init(&self, counts: &[usize], device: &Device) -> Result<Box<dyn Loss>, ConfigError> {
        let by_class = self.weights(counts)?;
        // Constants: they need no gradient.
        let weights = by_class.as_deref().map(|weights| {
            Tensor::<1>::from_data(weights, (device, DType::F32))
                .without_autodiff()
                .reshape([1, counts.len()])
        });
        Ok(match self.name {
            LossName::CrossEntropy => Box::new(CrossEntropy {
                smoothing: self.label_smoothing(),
                weights,
                by_class,
            }),
            LossName::Focal => Box::new(Focal {
                gamma: self.gamma(),
                weights,
            }),
            LossName::Mse => Box::new(MeanSquaredError),
        })
    }
}

/// The probability of each class, `[N, classes]`, for logits of that shape: one-hot
/// without soft targets. Burn's own `one_hot` reads the labels back.
fn targets(
    logits: &Tensor<2>,
    labels: Tensor<1, Int>,
    soft_targets: Option<Tensor<2>>,
) -> Tensor<2> {
    soft_targets.unwrap_or_else(|| {
        let [_, classes] = logits.dims();
        let labels: Tensor<2, Int> = labels.without_autodiff().unsqueeze_dim(1);
        let numbers = Tensor::<1, Int>::arange(0..classes as i64, &labels.device());
        let one_hot = labels.equal(numbers.reshape([1, classes]));
        one_hot.float().cast(DType::F32)
    })
}

/// PyTorch's `cross_entropy`.
struct CrossEntropy {
    smoothing: f64,
    weights: Option<Tensor<2>>,
    /// The same on the host.
    by_class: Option<Vec<f64>>,
}

impl Loss for CrossEntropy {
    fn forward(
        &self,
        logits: Tensor<2>,
        labels: Tensor<1, Int>,
        soft_targets: Option<Tensor<2>>,
    ) -> Tensor<1> {
        let hard = soft_targets.is_none();
        if hard && self.smoothing == 0.0 && self.weights.is_none() {
            let plain = CrossEntropyLossConfig::new().init(&logits.device());
            return plain.forward(logits, labels);
        }
        let [images, classes] = logits.dims();
        let mut targets = targets(&logits, labels, soft_targets);
        // PyTorch divides by the weights of the labels, which soft targets do not have.
        let divisor = match &self.weights {
            Some(weights) if hard => Some((targets.clone() * weights.clone()).sum()),
            _ => None,
        };
        if self.smoothing > 0.0 {
            targets = targets * (1.0 - self.smoothing) + self.smoothing / classes as f64;
        }
        if let Some(weights) = &self.weights {
            targets = targets * weights.clone();
        }
        let sum = (targets * log_softmax(logits, 1)).sum();
        match divisor {
            Some(divisor) => -sum / divisor,
            None => -sum / images as f64,
        }
    }

    fn weight(&self, labels: &[u16], mixed: bool) -> f64 {
        match &self.by_class {
            Some(by_class) if !mixed => {
                // No class, no target.
                let of = |&label: &u16| by_class.get(usize::from(label));
                labels.iter().filter_map(of).sum()
            }
            _ => labels.len() as f64,
        }
    }
}

/// The focal loss of Lin et al. (2017) over a softmax.
struct Focal {
    gamma: f64,
    weights: Option<Tensor<2>>,
}

/// Below what `1 − p` can be in `f32`, where it is not 0: there the slope of a power
/// below 1 has no end.
const SMALLEST_DOUBT: f64 = 1e-8;

impl Loss for Focal {
    fn forward(
        &self,
        logits: Tensor<2>,
        labels: Tensor<1, Int>,
        soft_targets: Option<Tensor<2>>,
    ) -> Tensor<1> {
        let [images, _] = logits.dims();
        let mut targets = targets(&logits, labels, soft_targets);
        if let Some(weights) = &self.weights {
            targets = targets * weights.clone();
        }
        let log_p = log_softmax(logits, 1);
        let mut terms = targets * log_p.clone();
        if self.gamma > 0.0 {
            let doubt = (-log_p.exp() + 1.0).clamp_min(SMALLEST_DOUBT);
            terms = terms * doubt.powf_scalar(self.gamma);
        }
        -terms.sum() / images as f64
    }
}

/// PyTorch's `MSELoss` on one-hot targets.
struct MeanSquaredError;

impl Loss for MeanSquaredError {
    fn forward(
        &self,
        logits: Tensor<2>,
        labels: Tensor<1, Int>,
        soft_targets: Option<Tensor<2>>,
    ) -> Tensor<1> {
        let targets = targets(&logits, labels, soft_targets);
        let difference = logits - targets;
        (difference.clone() * difference).mean()
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests;
