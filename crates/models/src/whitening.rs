//! Weights that make the values of patches uncorrelated (Jordan, "94% on CIFAR-10
//! in 3.29 seconds on a single GPU", 2024).

use burn::{
    module::Param,
    tensor::{Tensor, TensorData, s},
};

use crate::{LayerSpec, Network, NetworkSpec, WeightsError, layer::Layer};

/// Added to the variances, so that what hardly varies is not blown up.
const EPSILON: f64 = 5e-4;

impl NetworkSpec {
    /// Whether the network wants [`Network::whiten`] before it is trained.
    #[must_use]
    pub fn wants_whitening(&self) -> bool {
        matches!(
            self.layers.first(),
            Some((_, LayerSpec::WhiteningConv2d { .. }))
        )
    }
}

impl Network {
    /// The network with the weights of its whitening convolution computed from
    /// batches of images `[N, C, H, W]`, as they are given to
    /// [`forward`](Self::forward): some thousand of the training images. A network
    /// without such a layer, or without any images, as it is.
    ///
    /// # Errors
    /// [`WeightsError::Images`] if they are not of the shape that the network was
    /// built for, [`WeightsError::Device`] if the device does not give the values back.
    pub fn whiten(
        mut self,
        batches: impl IntoIterator<Item = Tensor<4>>,
    ) -> Result<Self, WeightsError> {
        let is_whitening = self.is_whitening();
        let (network, image) = (self.name().to_string(), self.image());
        if let Some(named) = self.stack.0.first_mut()
            && let Layer::Conv2d(conv) = &mut named.layer
            && is_whitening
        {
            let [_, channels, kernel, _] = conv.weight.dims();
            let mut moments = Moments::new(channels * kernel * kernel);
            for images in batches {
                let [_, found @ ..] = images.dims();
                if found != image {
                    return Err(WeightsError::Images {
                        network,
                        expected: image,
                        found,
                    });
                }
                moments.add(&images, kernel)?;
            }
            let Some(covariance) = moments.mean() else {
                return Ok(self);
            };
            let weight = weight(&covariance, moments.size);
            let data = TensorData::new(weight, conv.weight.dims());
            let weight = Tensor::from_data(data, &conv.weight.device());
            conv.weight = Param::initialized(conv.weight.id, weight.set_require_grad(false));
        }
        Ok(self)
    }

    fn is_whitening(&self) -> bool {
        let first = self.summary().layers.first();
        first.is_some_and(|row| row.kind == LayerSpec::WhiteningConv2d { kernel: 1 }.kind())
    }
}

/// Σ p·pᵀ over patches p of `kernel × kernel` pixels, row by row; values of a patch
/// in the order of a convolution's weight: channel, row, column.
struct Moments {
    /// Values of a patch.
    size: usize,
    sum: Vec<f64>,
    patches: usize,
}

impl Moments {
    fn new(size: usize) -> Self {
        Self {
            size,
            sum: vec![0.0; size * size],
            patches: 0,
        }
    }

    /// Adds all patches of `images`.
    fn add(&mut self, images: &Tensor<4>, kernel: usize) -> Result<(), WeightsError> {
        let [count, channels, height, width] = images.dims();
        let (down, right) = (height + 1 - kernel, width + 1 - kernel);
        let patches = count * down * right;
        let mut values = Vec::with_capacity(self.size);
        for channel in 0..channels {
            for (row, column) in (0..kernel).flat_map(|r| (0..kernel).map(move |c| (r, c))) {
                let shifted = images.clone().slice(s![
                    ..,
                    channel..channel + 1,
                    row..row + down,
                    column..column + right
                ]);
                values.push(shifted.reshape([1, patches]));
            }
        }
        let values = Tensor::<2>::cat(values, 0).without_autodiff();
        let product = values.clone().matmul(values.transpose());
        let product = product
            .try_into_vec_as::<f32>()
            .map_err(|e| WeightsError::Device(e.to_string()))?;
        for (sum, value) in self.sum.iter_mut().zip(product) {
            *sum += f64::from(value);
        }
        self.patches += patches;
        Ok(())
    }

    /// The sum over the number of patches. `None` without any.
    fn mean(&self) -> Option<Vec<f64>> {
        let patches = self.patches as f64;
        (self.patches > 0).then(|| self.sum.iter().map(|value| value / patches).collect())
    }
}

/// The eigenvectors of a covariance by falling eigenvalue, each divided by the
/// deviation along it, and then the negatives of them all.
fn weight(covariance: &[f64], size: usize) -> Vec<f32> {
    let (values, vectors) = eigen(covariance, size);
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let mut weight: Vec<f32> = order
        .into_iter()
        .flat_map(|at| {
            // Rounding may leave a variance of 0 just below it.
            let deviation = (values[at].max(0.0) + EPSILON).sqrt();
            let column = (0..size).map(|row| vectors[row * size + at]);
            column
                .map(move |value| (value / deviation) as f32)
                .collect::<Vec<_>>()
        })
        .collect();
    let negatives: Vec<f32> = weight.iter().map(|value| -value).collect();
    weight.extend(negatives);
    weight
}

/// Eigenvalues and, as columns, eigenvectors of a symmetric matrix, by Jacobi's
/// rotations (Golub and Van Loan, "Matrix computations", section 8.5). The
/// matrices are of a dozen rows: a crate of linear algebra would be the largest
/// dependency of this one.
fn eigen(matrix: &[f64], size: usize) -> (Vec<f64>, Vec<f64>) {
    /// Convergence is quadratic: some six suffice.
    const SWEEPS: usize = 30;
    let mut a = matrix.to_vec();
    let mut v: Vec<f64> = (0..size * size)
        .map(|at| f64::from(at / size == at % size))
        .collect();
    let scale = a.iter().fold(0.0, |max: f64, value| max.max(value.abs()));
    for _ in 0..SWEEPS {
        let mut largest = 0.0f64;
        for p in 0..size {
            for q in p + 1..size {
                let off = a[p * size + q];
                largest = largest.max(off.abs());
                if off.abs() <= f64::EPSILON * 1e-3 * scale {
                    continue;
                }
                let theta = (a[q * size + q] - a[p * size + p]) / (2.0 * off);
                let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let cos = 1.0 / t.hypot(1.0);
                let sin = t * cos;
                let rotate = |m: &mut [f64], i: usize, j: usize| {
                    let (x, y) = (m[i], m[j]);
                    (m[i], m[j]) = (cos * x - sin * y, sin * x + cos * y);
                };
                for k in 0..size {
                    rotate(&mut a, k * size + p, k * size + q);
                }
                for k in 0..size {
                    rotate(&mut a, p * size + k, q * size + k);
                    rotate(&mut v, k * size + p, k * size + q);
                }
            }
        }
        if largest <= f64::EPSILON * scale {
            break;
        }
    }
    let values = (0..size).map(|at| a[at * size + at]).collect();
    (values, v)
}
