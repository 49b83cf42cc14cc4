//! The layers for Burn's tensors: by the kernels where they are to be had, otherwise
//! composed of Burn's own operations.

use burn::tensor::{
    Tensor, activation,
    module::{self, BatchNormTrainOutput},
    ops::{AvgPoolOptions, MaxPoolOptions},
};

#[cfg(feature = "flex")]
use crate::{
    activation::Activation,
    layers::{Addend, LayerOps, Pool},
    pool::Window,
};

/// Batch normalisation by the statistics of the batch (Ioffe and Szegedy, 2015), plus
/// `residual`, through a ReLU if asked for: `relu((x - mean) / sqrt(variance + epsilon) *
/// weight + bias + residual)`.
///
/// `x` and `residual` are `[N, C, ...]`, `weight` and `bias` `[C]`, and so are the mean
/// and the biased variance that come with the output, which no gradient reaches.
///
/// # Panics
/// If those shapes do not fit, as Burn's own.
pub fn batch_norm_train<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f64,
    residual: Option<Tensor<D>>,
    relu: bool,
) -> BatchNormTrainOutput<D> {
    #[cfg(feature = "flex")]
    if covered_norm(&x, [&weight, &bias], residual.as_ref()) {
        let (output, mean, variance) = burn::backend::Dispatch::norm_train(
            x.into_dispatch(),
            weight.into_dispatch(),
            bias.into_dispatch(),
            epsilon,
            addend(residual),
            relu,
        );
        return BatchNormTrainOutput {
            output: Tensor::from_dispatch(output),
            mean: Tensor::from_dispatch(mean),
            variance: Tensor::from_dispatch(variance),
        };
    }
    let result = module::batch_norm_train(x, weight, bias, epsilon);
    BatchNormTrainOutput {
        output: after(result.output, residual, relu),
        ..result
    }
}

/// Batch normalisation by the statistics given, `[C]`; otherwise as [`batch_norm_train`].
///
/// # Panics
/// As [`batch_norm_train`].
#[allow(clippy::too_many_arguments, reason = "Burn's own has six of the eight")]
pub fn batch_norm<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    mean: Tensor<1>,
    variance: Tensor<1>,
    epsilon: f64,
    residual: Option<Tensor<D>>,
    relu: bool,
) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if covered_norm(&x, [&weight, &bias, &mean, &variance], residual.as_ref())
        // No gradient reaches them in the kernels.
        && !mean.is_tracked()
        && !variance.is_tracked()
    {
        return Tensor::from_dispatch(burn::backend::Dispatch::norm(
            x.into_dispatch(),
            weight.into_dispatch(),
            bias.into_dispatch(),
            mean.into_dispatch(),
            variance.into_dispatch(),
            epsilon,
            addend(residual),
            relu,
        ));
    }
    let output = module::batch_norm(x, weight, bias, mean, variance, epsilon);
    after(output, residual, relu)
}

/// `max(x, 0)`, of any shape.
#[must_use]
pub fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if covered(&x) {
        return activate(x, Activation::Relu);
    }
    activation::relu(x)
}

/// `1 / (1 + e^-x)`, of any shape.
#[must_use]
pub fn sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if covered(&x) {
        return activate(x, Activation::Sigmoid);
    }
    activation::sigmoid(x)
}

/// The hyperbolic tangent, of any shape.
#[must_use]
pub fn tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if covered(&x) {
        return activate(x, Activation::Tanh);
    }
    activation::tanh(x)
}

/// `x · Φ(x)` (Hendrycks and Gimpel, 2016), of any shape: PyTorch's default, by the normal
/// distribution itself.
#[must_use]
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if covered(&x) {
        return activate(x, Activation::Gelu);
    }
    activation::gelu(x)
}

/// `x · sigmoid(x)`, of any shape.
#[must_use]
pub fn silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if covered(&x) {
        return activate(x, Activation::Silu);
    }
    activation::silu(x)
}

/// `a + b`. Of the same shape, or as Burn broadcasts them.
///
/// # Panics
/// If the shapes do not fit, as Burn's own.
#[must_use]
pub fn add<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
    sum(a, b, false)
}

/// `max(a + b, 0)`. Of the same shape, or as Burn broadcasts them.
///
/// # Panics
/// If the shapes do not fit, as Burn's own.
#[must_use]
pub fn add_relu<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
    sum(a, b, true)
}

fn sum<const D: usize>(a: Tensor<D>, b: Tensor<D>, relu: bool) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if covered(&a) && covered(&b) && a.dims() == b.dims() {
        let (a, b) = (a.into_dispatch(), b.into_dispatch());
        return Tensor::from_dispatch(burn::backend::Dispatch::sum(a, b, relu));
    }
    after(a, Some(b), relu)
}

/// The largest value of every window of `x`, `[N, C, H, W]`. Of equal ones, the gradient
/// goes to the first, row after row, as in PyTorch.
///
/// # Panics
/// If no window fits, as Burn's own.
#[must_use]
pub fn max_pool2d(x: Tensor<4>, options: MaxPoolOptions<2>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if options.dilation == [1; 2]
        && let Some(window) = window(
            &x,
            options.kernel_size,
            options.stride,
            options.padding,
            options.ceil_mode,
        )
    {
        return pooled(x, Pool::Max, window);
    }
    module::max_pool2d(x, options)
}

/// The mean of every window of `x`, `[N, C, H, W]`.
///
/// # Panics
/// If no window fits, as Burn's own.
#[must_use]
pub fn avg_pool2d(x: Tensor<4>, options: AvgPoolOptions<2>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if let Some(window) = window(
        &x,
        options.kernel_size,
        options.stride,
        options.padding,
        options.ceil_mode,
    ) {
        let with_padding = options.count_include_pad;
        return pooled(x, Pool::Average { with_padding }, window);
    }
    module::avg_pool2d(x, options)
}

/// The mean over height and width of `x`, `[N, C, H, W]`, as `[N, C, 1, 1]`.
#[must_use]
pub fn global_avg_pool2d(x: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if covered(&x) {
        let mean = burn::backend::Dispatch::global_average(x.into_dispatch());
        return Tensor::from_dispatch(mean);
    }
    x.mean_dim(3).mean_dim(2)
}

/// What follows a normalisation, of Burn's operations.
fn after<const D: usize>(x: Tensor<D>, residual: Option<Tensor<D>>, relu: bool) -> Tensor<D> {
    let x = match residual {
        Some(residual) => x + residual,
        None => x,
    };
    if relu { activation::relu(x) } else { x }
}

/// Whether the kernels take it.
#[cfg(feature = "flex")]
fn covered<const D: usize>(x: &Tensor<D>) -> bool {
    crate::is_ours(x) && x.shape().num_elements() > 0
}

#[cfg(feature = "flex")]
fn covered_norm<const D: usize, const N: usize>(
    x: &Tensor<D>,
    of_channels: [&Tensor<1>; N],
    residual: Option<&Tensor<D>>,
) -> bool {
    D >= 2
        && covered(x)
        && of_channels
            .iter()
            .all(|t| covered(t) && t.dims()[0] == x.dims()[1])
        && residual.is_none_or(|residual| covered(residual) && residual.dims() == x.dims())
}

#[cfg(feature = "flex")]
fn addend<const D: usize>(residual: Option<Tensor<D>>) -> Addend<burn::backend::Dispatch> {
    match residual {
        Some(residual) => Addend::Of(residual.into_dispatch()),
        None => Addend::Nothing,
    }
}

#[cfg(feature = "flex")]
fn activate<const D: usize>(x: Tensor<D>, function: Activation) -> Tensor<D> {
    let x = x.into_dispatch();
    Tensor::from_dispatch(burn::backend::Dispatch::activate(x, function))
}

/// The windows of a pooling layer, if the kernels take them.
#[cfg(feature = "flex")]
fn window(
    x: &Tensor<4>,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [(usize, usize); 2],
    ceil_mode: bool,
) -> Option<Window> {
    let [_, _, height, width] = x.dims();
    let symmetric = padding.iter().all(|(begin, end)| begin == end);
    if !symmetric || !covered(x) {
        return None;
    }
    let padding = padding.map(|(begin, _)| begin);
    Window::new(kernel, stride, padding, ceil_mode, [height, width])
}

#[cfg(feature = "flex")]
fn pooled(x: Tensor<4>, pool: Pool, window: Window) -> Tensor<4> {
    let x = x.into_dispatch();
    Tensor::from_dispatch(burn::backend::Dispatch::pool(x, pool, window))
}

#[cfg(all(test, feature = "flex"))]
mod tests;
