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
}

impl LossConfig {
    /// The loss. `counts` are the training images of each class, `device` is where the
    /// logits are.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if the class weights do not fit the classes.
    pub fn init(&self, counts: &[usize], device: &Device) -> Result<Box<dyn Loss>, ConfigError> {
        // Constants: they need no gradient.
        let weights = self.weights(counts)?.map(|weights| {
            Tensor::<1>::from_data(weights.as_slice(), (device, DType::F32))
                .without_autodiff()
                .reshape([1, counts.len()])
        });
        let classes = Classes::new(counts.len(), device);
        Ok(match self.name {
            LossName::CrossEntropy => Box::new(CrossEntropy {
                smoothing: self.label_smoothing.unwrap_or(0.0),
                weights,
                classes,
            }),
            LossName::Focal => Box::new(Focal {
                gamma: self.gamma.unwrap_or(2.0),
                weights,
                classes,
            }),
            LossName::Mse => Box::new(MeanSquaredError { classes }),
        })
    }
}

/// The numbers of the classes on the device, for one-hot targets. Burn's own `one_hot`
/// reads the labels back.
struct Classes {
    /// `[1, classes]`.
    numbers: Tensor<2, Int>,
}

impl Classes {
    fn new(count: usize, device: &Device) -> Self {
        let numbers = Tensor::<1, Int>::arange(0..count as i64, device).without_autodiff();
        Self {
            numbers: numbers.reshape([1, count]),
        }
    }

    /// The probability of each class, `[N, classes]`.
    fn targets(&self, labels: Tensor<1, Int>, soft_targets: Option<Tensor<2>>) -> Tensor<2> {
        soft_targets.unwrap_or_else(|| {
            let labels: Tensor<2, Int> = labels.without_autodiff().unsqueeze_dim(1);
            labels.equal(self.numbers.clone()).float().cast(DType::F32)
        })
    }
}

/// PyTorch's `cross_entropy`.
struct CrossEntropy {
    smoothing: f64,
    weights: Option<Tensor<2>>,
    classes: Classes,
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
        let mut targets = self.classes.targets(labels, soft_targets);
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
}

/// The focal loss of Lin et al. (2017) over a softmax.
struct Focal {
    gamma: f64,
    weights: Option<Tensor<2>>,
    classes: Classes,
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
        let mut targets = self.classes.targets(labels, soft_targets);
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
struct MeanSquaredError {
    classes: Classes,
}

impl Loss for MeanSquaredError {
    fn forward(
        &self,
        logits: Tensor<2>,
        labels: Tensor<1, Int>,
        soft_targets: Option<Tensor<2>>,
    ) -> Tensor<1> {
        let difference = logits - self.classes.targets(labels, soft_targets);
        (difference.clone() * difference).mean()
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests;
