//! Layers without parameters.

use burn::tensor::{
    Tensor, activation,
    module::adaptive_avg_pool2d,
    ops::{AvgPoolOptions, MaxPoolOptions},
};
use kernels::{avg_pool2d, global_avg_pool2d, max_pool2d};

use super::Activation;
use crate::LayerSpec;

/// What a layer without parameters makes of its input. `None` if it is one with
/// parameters, or a block, or does not take that input.
pub(crate) fn apply(layer: &LayerSpec, input: Activation) -> Option<Activation> {
    use Activation::{Flat, Map};
    Some(match (layer, input) {
        (LayerSpec::Flatten {}, Map(x)) => Flat(x.flatten(1, 3)),
        (LayerSpec::Flatten {}, Flat(x)) => Flat(x),
        (layer, Flat(x)) => Flat(pointwise(layer, x)?),
        (
            &LayerSpec::MaxPool2d {
                kernel,
                stride,
                padding,
                ceil_mode,
            },
            Map(x),
        ) => {
            let options = MaxPoolOptions::new([kernel; 2])
                .with_stride([stride.unwrap_or(kernel); 2])
                .with_padding([padding; 2])
                .with_ceil_mode(ceil_mode);
            Map(max_pool2d(x, options))
        }
        (
            &LayerSpec::AvgPool2d {
                kernel,
                stride,
                padding,
                ceil_mode,
            },
            Map(x),
        ) => {
            let options = AvgPoolOptions::new([kernel; 2])
                .with_stride([stride.unwrap_or(kernel); 2])
                .with_padding([padding; 2])
                .with_ceil_mode(ceil_mode);
            Map(avg_pool2d(x, options))
        }
        (&LayerSpec::AdaptiveAvgPool2d { size }, Map(x)) => Map(adaptive(x, size)),
        (LayerSpec::GlobalMaxPool2d {}, Map(x)) => Map(x.max_dim(3).max_dim(2)),
        (
            &LayerSpec::LocalResponseNorm {
                size,
                alpha,
                beta,
                k,
            },
            Map(x),
        ) => {
            let scale = mean_square(x.clone(), size) * alpha + k;
            Map(x / scale.powf_scalar(beta))
        }
        (&LayerSpec::PadChannels { channels, stride }, Map(x)) => {
            Map(pad_channels(x, channels, stride))
        }
        (layer, Map(x)) => Map(pointwise(layer, x)?),
    })
}

/// Layers that treat each value by itself.
fn pointwise<const D: usize>(layer: &LayerSpec, x: Tensor<D>) -> Option<Tensor<D>> {
    Some(match *layer {
        LayerSpec::Relu {} => kernels::relu(x),
        LayerSpec::LeakyRelu { negative_slope } => activation::leaky_relu(x, negative_slope),
        LayerSpec::Elu { alpha } => activation::elu(x, alpha),
        LayerSpec::Sigmoid {} => kernels::sigmoid(x),
        LayerSpec::Tanh {} => kernels::tanh(x),
        LayerSpec::Gelu {} => kernels::gelu(x),
        LayerSpec::Silu {} => kernels::silu(x),
        LayerSpec::Hardswish {} => activation::hard_swish(x),
        LayerSpec::Scale { factor } => x * factor,
        _ => return None,
    })
}

fn adaptive(x: Tensor<4>, size: usize) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    match size {
        1 => global_avg_pool2d(x),
        // The most common case, pooling an image to its own size, is no work.
        size if [height, width] == [size; 2] => x,
        size => adaptive_avg_pool2d(x, [size; 2]),
    }
}

/// The mean of the squares of `size` channels around each, zeros beyond the ends.
fn mean_square(x: Tensor<4>, size: usize) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    let device = x.device();
    let zeros = |count| Tensor::<4>::zeros([batch, count, height, width], &device);
    let (before, after) = (size / 2, (size - 1) / 2);
    let padded = Tensor::cat(vec![zeros(before), x.square(), zeros(after)], 1);
    let sum = (0..size)
        .map(|at| padded.clone().narrow(1, at, channels))
        .reduce(|sum, next| sum + next)
        .expect("shape inference refuses size 0");
    sum / size as f64
}

fn pad_channels(x: Tensor<4>, channels: usize, stride: usize) -> Tensor<4> {
    let x = match stride {
        1 => x,
        _ => avg_pool2d(x, AvgPoolOptions::new([1; 2]).with_stride([stride; 2])),
    };
    let [batch, inputs, height, width] = x.dims();
    let missing = channels - inputs;
    if missing == 0 {
        return x;
    }
    let device = x.device();
    let zeros = |count| Tensor::<4>::zeros([batch, count, height, width], &device);
    let before = missing / 2;
    Tensor::cat(vec![zeros(before), x, zeros(missing - before)], 1)
}
