//! Batch normalisation as PyTorch computes it.

use burn::{
    module::{Flag, Module, Param},
    tensor::{Device, Tensor},
};

use super::buffer::Buffer;

/// Batch normalisation (Ioffe and Szegedy, 2015) over all but the second dimension.
///
/// Burn's own keeps the biased variance of the batches; this one keeps the
/// unbiased variance, as PyTorch does.
#[derive(Module, Debug)]
pub(crate) struct BatchNorm {
    /// `[channels]`; without it, the scale is 1.
    weight: Option<Param<Tensor<1>>>,
    /// `[channels]`.
    bias: Param<Tensor<1>>,
    running_mean: Buffer,
    running_var: Buffer,
    /// Cleared by `freeze`.
    training: Param<Flag>,
    momentum: f64,
    epsilon: f64,
}

impl BatchNorm {
    /// With biases 0, scales 1 if it has them, and the running
    /// statistics of a standard normal distribution.
    pub fn new(channels: usize, scale: bool, epsilon: f64, momentum: f64, device: &Device) -> Self {
        let full = |value: f32| Tensor::full([channels], value, device);
        let trained = |value: f32| Param::from_tensor(full(value));
        // What no gradient reaches stays off the graph.
        let buffer = |value: f32| Buffer::new(full(value).set_require_grad(false));
        Self {
            weight: scale.then(|| trained(1.0)),
            bias: trained(0.0),
            running_mean: buffer(0.0),
            running_var: buffer(1.0),
            training: Param::from_bool(true),
            momentum,
            epsilon,
        }
    }

    /// Makes the scale start at 0.
    pub fn zero_scale(&mut self) {
        if let Some(weight) = self.weight.take() {
            self.weight = Some(weight.map(|old| {
                let zeros = old.zeros_like();
                zeros.set_require_grad(old.is_require_grad())
            }));
        }
    }

    /// With the running statistics of a standard normal distribution again.
    pub fn reset_statistics(&mut self) {
        self.running_mean.update(|old| old.zeros_like());
        self.running_var.update(|old| old.ones_like());
    }

    /// Replaces the share of a batch in the running statistics; the one before.
    pub fn replace_momentum(&mut self, new: f64) -> f64 {
        std::mem::replace(&mut self.momentum, new)
    }

    /// `[N, channels, ...]` to the same. By the statistics of the batch on an
    /// autodiff device, unless frozen; by the running ones elsewhere. Plus `residual`,
    /// of the same shape, and through a ReLU, where they follow.
    pub fn forward<const D: usize>(
        &self,
        input: Tensor<D>,
        residual: Option<Tensor<D>>,
        relu: bool,
    ) -> Tensor<D> {
        let bias = self.bias.val();
        let weight = match &self.weight {
            Some(weight) => weight.val(),
            None => Tensor::ones(bias.dims(), &input.device()),
        };
        if !(self.training.is_enabled() && input.device().is_autodiff()) {
            let (mean, variance) = (self.running_mean.value(), self.running_var.value());
            let epsilon = self.epsilon;
            return kernels::batch_norm(
                input, weight, bias, mean, variance, epsilon, residual, relu,
            );
        }
        let count = input.shape().num_elements() / bias.dims()[0];
        let result = kernels::batch_norm_train(input, weight, bias, self.epsilon, residual, relu);
        let mix = |buffer: &Buffer, new: Tensor<1>| {
            buffer.update(|old| {
                (old * (1.0 - self.momentum) + new.detach() * self.momentum).detach()
            });
        };
        mix(&self.running_mean, result.mean);
        // A single value has no unbiased variance. PyTorch refuses such a batch;
        // the last batch of an epoch may be one.
        if count > 1 {
            let unbiased = count as f64 / (count - 1) as f64;
            mix(&self.running_var, result.variance * unbiased);
        }
        result.output
    }
}
