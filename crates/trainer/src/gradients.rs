//! Gradients of a loss: clipped and averaged on the device, nothing is read back.

use std::collections::{HashMap, HashSet};

use burn::{
    module::{Module, ModuleVisitor, Param, ParamId},
    tensor::{DType, Gradients as Graph, Tensor},
};

use kernels::optim;

use crate::flat::{approach, sum_of_squares};

/// The gradients of a loss by the parameters of a module.
#[derive(Debug, Clone, Default)]
pub struct Gradients {
    /// Flat and in `f32`, in the order of the module: sums over them repeat bit for bit.
    tensors: Vec<(ParamId, Tensor<1>)>,
}

/// Added to the norm by which gradients are divided, as in `clip_grad_norm_`.
const NORM_EPSILON: f64 = 1e-6;

impl Gradients {
    /// Differentiates `loss`, a single value, by the parameters of `module` that
    /// require a gradient and take part in it.
    #[must_use]
    pub fn of<M: Module>(loss: &Tensor<1>, module: &M) -> Self {
        let mut reader = Reader {
            graph: loss.backward(),
            gradients: Self::default(),
        };
        module.visit(&mut reader);
        reader.gradients
    }

    /// For how many parameters there is a gradient.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// Whether there is no gradient.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    /// Multiplies all of them by `factor`.
    pub fn scale(&mut self, factor: f64) {
        self.change(
            |gradient| optim::scale(gradient, factor),
            |gradient| gradient * factor,
        );
    }

    /// Moves every value into ±`bound`, as `torch.nn.utils.clip_grad_value_`.
    pub fn clip_value(&mut self, bound: f64) {
        self.change(|_| false, |gradient| gradient.clamp(-bound, bound));
    }

    /// The L2 norm over all of them together, `[1]`, on the device. `None` if there
    /// is no gradient.
    #[must_use]
    pub fn norm(&self) -> Option<Tensor<1>> {
        let squares = self.tensors.iter().map(|(_, g)| sum_of_squares(g.clone()));
        let squares: Vec<Tensor<1>> = squares.collect();
        (!squares.is_empty()).then(|| Tensor::cat(squares, 0).sum().sqrt())
    }

    /// Shortens all of them together to an L2 norm of at most about `most`, as
    /// `torch.nn.utils.clip_grad_norm_`; the [`norm`](Self::norm) before.
    pub fn clip_norm(&mut self, most: f64) -> Option<Tensor<1>> {
        let norm = self.norm()?;
        let factor = ((norm.clone() + NORM_EPSILON).recip() * most).clamp_max(1.0);
        self.change(
            |gradient| optim::scale_by(gradient, &factor),
            |gradient| gradient * factor.clone(),
        );
        Some(norm)
    }

    /// Leaves out those of other parameters.
    pub(crate) fn retain(&mut self, parameters: &HashSet<ParamId>) {
        self.tensors.retain(|(id, _)| parameters.contains(id));
    }

    /// By parameter.
    pub(crate) fn into_map(self) -> HashMap<ParamId, Tensor<1>> {
        self.tensors.into_iter().collect()
    }

    /// Changes all of them by a kernel that says whether it did, otherwise by `composed`.
    fn change(
        &mut self,
        kernel: impl Fn(&mut Tensor<1>) -> bool,
        composed: impl Fn(Tensor<1>) -> Tensor<1>,
    ) {
        let old = std::mem::take(&mut self.tensors);
        let new = old
            .into_iter()
            .map(|(id, mut gradient)| match kernel(&mut gradient) {
                true => (id, gradient),
                false => (id, composed(gradient)),
            });
        self.tensors = new.collect();
    }

    /// Moves all of them by `share` of the way towards `other`. What one of both
    /// lacks is 0 there.
    fn approach(&mut self, other: Self, share: f64) {
        let mut added = other.tensors;
        for (id, mean) in &mut self.tensors {
            match added.iter().position(|(other, _)| other == id) {
                Some(at) => approach(mean, added.remove(at).1, share),
                None => *mean = mean.clone() * (1.0 - share),
            }
        }
        let added = added.into_iter().map(|(id, new)| (id, new * share));
        self.tensors.extend(added);
    }
}

struct Reader {
    graph: Graph,
    gradients: Gradients,
}

impl ModuleVisitor for Reader {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            return;
        }
        if let Some(gradient) = param.val().grad_remove(&mut self.graph) {
            let length = gradient.shape().num_elements();
            let flat = gradient.without_autodiff().reshape([length]);
            let flat = flat.cast(DType::F32);
            self.gradients.tensors.push((param.id, flat));
        }
    }
}

/// The mean of the gradients of several batches, each with the weight that its loss
/// was divided by, as [`Loss::weight`](crate::Loss::weight) tells: that of one batch of
/// all their images, if no layer mixes images (as batch norms do).
///
/// The mean of a single batch is its gradients, bit for bit.
#[derive(Debug, Default)]
pub struct GradientMean {
    mean: Gradients,
    weight: f64,
}

impl GradientMean {
    /// Adds the gradients of a loss that was divided by `weight`, above 0: of a plain
    /// mean, the number of images.
    pub fn add(&mut self, gradients: Gradients, weight: f64) {
        let is_first = self.weight == 0.0;
        self.weight += weight;
        if is_first {
            self.mean = gradients;
        } else {
            self.mean.approach(gradients, weight / self.weight);
        }
    }

    /// The sum of the weights.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// The mean so far. What is added next begins another one.
    #[must_use]
    pub fn finish(&mut self) -> Gradients {
        std::mem::take(self).mean
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use burn::tensor::{Device, TensorData};
    use models::Network;

    use super::*;

    const IMAGES: usize = 10;

    fn network(device: &Device) -> Network {
        let model = models::lenet5(10);
        model.build([1, 28, 28], device).expect("a LeNet")
    }

    /// Of the mean cross-entropy over images `from` to `to`.
    fn gradients(network: &Network, from: usize, to: usize, device: &Device) -> Gradients {
        let pixels = (from * 784..to * 784).map(|i| (i * 7919 % 2003) as f32 / 1001.0 - 1.0);
        let data = TensorData::new(pixels.collect(), [to - from, 1, 28, 28]);
        let labels: Vec<i32> = (from as i32..to as i32).map(|i| i % 10).collect();
        let labels = Tensor::from_data(TensorData::new(labels, [to - from]), device);
        let loss = burn::nn::loss::CrossEntropyLossConfig::new()
            .init(device)
            .forward(network.forward(Tensor::from_data(data, device)), labels);
        Gradients::of(&loss, network)
    }

    fn values(gradients: &Gradients) -> Vec<f32> {
        let tensors = gradients.tensors.iter();
        tensors
            .flat_map(|(_, g)| g.clone().try_into_vec_as::<f32>().expect("floats"))
            .collect()
    }

    #[test]
    fn the_mean_over_small_batches_is_that_of_a_large_one() {
        let device = Device::flex().autodiff();
        let network = network(&device);
        let whole = values(&gradients(&network, 0, IMAGES, &device));
        // The last is short.
        let mut mean = GradientMean::default();
        for (from, to) in [(0, 4), (4, 8), (8, IMAGES)] {
            mean.add(gradients(&network, from, to, &device), (to - from) as f64);
        }
        assert_eq!(mean.weight(), IMAGES as f64);
        let found = values(&mean.finish());
        assert_eq!(found.len(), 61_706);
        let most = whole.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        for (found, whole) in found.iter().zip(&whole) {
            assert!((found - whole).abs() <= 1e-6 * most, "{found} {whole}");
        }
        // It begins anew, and the mean of one is that one.
        assert_eq!(mean.weight(), 0.0);
        mean.add(gradients(&network, 0, IMAGES, &device), IMAGES as f64);
        assert_eq!(values(&mean.finish()), whole);
    }

    #[test]
    fn the_norm_is_that_of_all_values() {
        let device = Device::flex().autodiff();
        let network = network(&device);
        let mut gradients = gradients(&network, 0, IMAGES, &device);
        let norm = |values: &[f32]| {
            let squares = values.iter().map(|v| f64::from(*v).powi(2));
            squares.sum::<f64>().sqrt()
        };
        let expected = norm(&values(&gradients));
        let before: f32 = gradients.clip_norm(expected / 4.0).unwrap().into_scalar();
        let difference = (f64::from(before) / expected - 1.0).abs();
        assert!(difference < 1e-6, "{difference:e}");
        let clipped = norm(&values(&gradients));
        assert!((clipped * 4.0 / expected - 1.0).abs() < 1e-4);
        gradients.scale(2.0);
        assert!((norm(&values(&gradients)) / clipped - 2.0).abs() < 1e-6);
        gradients.clip_value(1e-4);
        assert!(values(&gradients).iter().all(|v| v.abs() <= 1e-4));
        assert!(Gradients::default().norm().is_none());
    }
}
