//! Against Burn's own operations, on the same tensors: outputs and all gradients.

use burn::tensor::{
    Device, Tensor, TensorData, Tolerance, activation, module,
    ops::{AvgPoolOptions, MaxPoolOptions},
};

use super::*;
use crate::reference::numbers;

fn input<const D: usize>(name: &str, shape: [usize; D], device: &Device) -> Tensor<D> {
    let values = numbers(name, shape.iter().product());
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Output and gradients of what `layer` makes of tensors of these shapes.
fn run<const D: usize, const N: usize>(
    shapes: [[usize; D]; N],
    layer: impl Fn([Tensor<D>; N]) -> Tensor<D>,
) -> Vec<TensorData> {
    let device = Device::flex().autodiff();
    let inputs: [Tensor<D>; N] =
        std::array::from_fn(|at| input(&format!("{at}"), shapes[at], &device).require_grad());
    let output = layer(inputs.clone());
    let weights = input("weights", output.dims(), &device);
    let mut grads = (output.clone() * weights).sum().backward();
    let gradients = inputs.map(|x| {
        let gradient = x.grad_remove(&mut grads);
        gradient.expect("every input is used").into_data()
    });
    [vec![output.into_data()], gradients.to_vec()].concat()
}

#[track_caller]
fn same(actual: &[TensorData], expected: &[TensorData]) {
    assert_eq!(actual.len(), expected.len());
    for (actual, expected) in actual.iter().zip(expected) {
        actual.assert_approx_eq::<f32>(expected, Tolerance::rel_abs(1e-4, 1e-5));
    }
}

#[test]
fn batch_norms() {
    for shape in [[4, 3, 5, 7], [2, 20, 1, 3], [9, 6, 4, 4]] {
        let channel = [1, shape[1], 1, 1];
        let flat = |t: Tensor<4>| t.reshape([shape[1]]);
        for choice in 0..8 {
            let [frozen, relu, residual] = [0, 1, 2].map(|bit| choice >> bit & 1 == 1);
            let shapes = [shape, channel, channel, shape];
            // Multiplied by 0, the unused input has a gradient as well.
            let more = |t: Tensor<4>, x: &Tensor<4>| match residual {
                true => (Some(t), x.clone()),
                false => (None, x.clone() + t * 0.0),
            };
            let statistics = |device: Device| {
                let mean = input("mean", [shape[1]], &device);
                (mean.clone(), mean.abs() + 0.5)
            };
            let ours = run(shapes, |[x, weight, bias, other]| {
                let (other, x) = more(other, &x);
                let (weight, bias) = (flat(weight), flat(bias));
                if frozen {
                    let (mean, variance) = statistics(x.device());
                    return batch_norm(x, weight, bias, mean, variance, 1e-5, other, relu);
                }
                let result = batch_norm_train(x, weight, bias, 1e-5, other, relu);
                assert!(!result.mean.is_require_grad());
                result.output
            });
            let burns = run(shapes, |[x, weight, bias, other]| {
                let (other, x) = more(other, &x);
                let (weight, bias) = (flat(weight), flat(bias));
                let y = if frozen {
                    let (mean, variance) = statistics(x.device());
                    module::batch_norm(x, weight, bias, mean, variance, 1e-5)
                } else {
                    module::batch_norm_train(x, weight, bias, 1e-5).output
                };
                after(y, other, relu)
            });
            same(&ours, &burns);
        }
    }
}

#[test]
fn batch_norm_of_rows_and_its_statistics() {
    let device = Device::flex();
    let [weight, bias] = ["weight", "bias"].map(|name| input(name, [33], &device));
    let x: Tensor<2> = input("x", [12, 33], &device);
    let ours = batch_norm_train(x.clone(), weight.clone(), bias.clone(), 1e-3, None, false);
    let burns = module::batch_norm_train(x, weight, bias, 1e-3);
    same(
        &[ours.output.into_data(), ours.mean.into_data()],
        &[burns.output.into_data(), burns.mean.into_data()],
    );
    same(&[ours.variance.into_data()], &[burns.variance.into_data()]);
}

#[test]
fn sums_and_relus() {
    let shape = [3, 5, 17];
    same(
        &run([shape], |[x]| relu(x)),
        &run([shape], |[x]| activation::relu(x)),
    );
    for other in [shape, [1, 5, 1]] {
        let shapes = [shape, other];
        same(
            &run(shapes, |[a, b]| add(a, b)),
            &run(shapes, |[a, b]| a + b),
        );
        same(
            &run(shapes, |[a, b]| add_relu(a, b)),
            &run(shapes, |[a, b]| activation::relu(a + b)),
        );
    }
}

#[test]
fn smooth_activations() {
    // The second is beyond what one thread takes.
    for shape in [[3, 5, 17], [3, 71, 97]] {
        let of_both = |ours: fn(Tensor<3>) -> Tensor<3>, burns: fn(Tensor<3>) -> Tensor<3>| {
            same(
                &run([shape], |[x]| ours(x * 6.0)),
                &run([shape], |[x]| burns(x * 6.0)),
            );
            // What is kept for the backward pass, somebody else holds here.
            same(
                &run([shape], |[x]| ours(x.clone()) * x),
                &run([shape], |[x]| burns(x.clone()) * x),
            );
        };
        of_both(sigmoid, activation::sigmoid);
        of_both(tanh, activation::tanh);
        of_both(gelu, activation::gelu);
        of_both(silu, activation::silu);
    }
}

#[test]
fn what_others_hold_is_not_written_over() {
    let device = Device::flex();
    let x: Tensor<2> = input("x", [3, 4], &device);
    let before = x.to_data();
    let _ = relu(x.clone());
    let _ = [sigmoid, tanh, gelu, silu].map(|function| function(x.clone()));
    let _ = add_relu(x.clone(), x.clone());
    let one: Tensor<1> = Tensor::ones([4], &device);
    let _ = batch_norm(
        x.clone(),
        one.clone(),
        one.clone(),
        one.clone(),
        one,
        0.0,
        None,
        true,
    );
    x.into_data().assert_eq(&before, true);
}

#[test]
fn views_are_read_as_they_look() {
    let device = Device::flex();
    let x: Tensor<4> = input("x", [3, 4, 6, 8], &device);
    let view = x.swap_dims(1, 3).narrow(0, 1, 2);
    let options = MaxPoolOptions::new([2, 2]);
    same(
        &[max_pool2d(view.clone(), options.clone()).into_data()],
        &[module::max_pool2d(view.clone(), options).into_data()],
    );
    same(
        &[
            relu(view.clone()).into_data(),
            gelu(view.clone()).into_data(),
            tanh(view.clone()).into_data(),
            global_avg_pool2d(view.clone()).into_data(),
        ],
        &[
            activation::relu(view.clone()).into_data(),
            activation::gelu(view.clone()).into_data(),
            activation::tanh(view.clone()).into_data(),
            view.mean_dim(3).mean_dim(2).into_data(),
        ],
    );
}

#[test]
fn pools() {
    let shape = [2, 3, 13, 11];
    for (kernel, stride, padding) in [(2, 2, 0), (3, 2, 1), (3, 1, 1), (5, 3, 2)] {
        for ceil_mode in [false, true] {
            let max = MaxPoolOptions::new([kernel; 2])
                .with_stride([stride; 2])
                .with_padding([padding; 2])
                .with_ceil_mode(ceil_mode);
            same(
                &run([shape], |[x]| max_pool2d(x, max.clone())),
                &run([shape], |[x]| module::max_pool2d(x, max.clone())),
            );
            for with_padding in [false, true] {
                let average = AvgPoolOptions::new([kernel; 2])
                    .with_stride([stride; 2])
                    .with_padding([padding; 2])
                    .with_count_include_pad(with_padding)
                    .with_ceil_mode(ceil_mode);
                same(
                    &run([shape], |[x]| avg_pool2d(x, average.clone())),
                    &run([shape], |[x]| module::avg_pool2d(x, average.clone())),
                );
            }
        }
    }
    same(
        &run([shape], |[x]| global_avg_pool2d(x)),
        &run([shape], |[x]| x.mean_dim(3).mean_dim(2)),
    );
}

#[test]
fn dilated_windows_are_left_to_burn() {
    let options = MaxPoolOptions::new([2, 2]).with_dilation([2, 2]);
    let shape = [1, 2, 6, 6];
    same(
        &run([shape], |[x]| max_pool2d(x, options.clone())),
        &run([shape], |[x]| module::max_pool2d(x, options.clone())),
    );
}

/// Operations that are done with a tensor keep its memory for others, unless somebody
/// else has the tensor, or a part of it.
#[test]
fn what_somebody_holds_is_not_written_over() {
    let device = Device::flex().autodiff();
    let x = input("x", [4, 16, 6, 6], &device).require_grad();
    let weight = input("weight", [16, 16, 3, 3], &device).require_grad();
    let options = burn::tensor::ops::ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
    let convolved = crate::conv2d(x.clone(), weight, None, options);
    let ones = Tensor::ones([16], &device);
    let normed = batch_norm_train(
        convolved.clone(),
        ones.clone(),
        ones,
        1e-5,
        Some(x.clone()),
        true,
    );
    let rectified = relu(normed.output.clone() - 0.5);
    // The first two keep their outputs, the last two their inputs.
    let bent = [sigmoid, tanh, gelu, silu]
        .iter()
        .fold(rectified.clone(), |x, function| function(x) * 1.5);
    let pooled = max_pool2d(
        bent.clone(),
        MaxPoolOptions::new([2; 2]).with_stride([2; 2]),
    );
    let part = convolved.clone().narrow(0, 1, 2);
    let held = [
        x.clone(),
        convolved,
        normed.output,
        rectified,
        bent,
        pooled.clone(),
        part,
    ];
    let before = held.each_ref().map(|tensor| tensor.to_data());
    let mut grads = pooled.square().sum().backward();
    let gradient = x.grad_remove(&mut grads).expect("it is used");
    let of_input = gradient.to_data();
    let lengths = held.each_ref().map(|tensor| tensor.shape().num_elements());
    let outputs = lengths.iter().flat_map(|&len| std::iter::repeat_n(len, 8));
    let outputs: Vec<_> = outputs.map(crate::scratch::output).collect();
    for mut values in outputs {
        values.fill(f32::NAN);
        crate::scratch::recycle(values);
    }
    for (tensor, before) in held.iter().zip(&before) {
        tensor.to_data().assert_eq(before, true);
    }
    gradient.to_data().assert_eq(&of_input, true);
}

/// Otherwise Burn would be compared with itself here.
#[test]
fn these_tests_are_of_the_kernels() {
    let x = input("x", [1, 2, 3, 3], &Device::flex().autodiff());
    let channels = input("channels", [2], &x.device());
    assert!(covered_norm(&x, [&channels], None));
}

#[test]
fn gradients_of_statistics_are_burns() {
    let run = |norm: &dyn Fn(Tensor<4>, [Tensor<1>; 4]) -> Tensor<4>| {
        let device = Device::flex().autodiff();
        let x = input("x", [2, 3, 4, 4], &device);
        let of_channels = ["weight", "bias", "mean", "variance"].map(|name| {
            (input(name, [3], &device).abs() + 0.5)
                .detach()
                .require_grad()
        });
        let weights = input("weights", x.dims(), &device);
        let mut grads = (norm(x, of_channels.clone()) * weights).sum().backward();
        of_channels.map(|t| t.grad_remove(&mut grads).expect("all are used").into_data())
    };
    let ours = run(&|x, [w, b, m, v]| batch_norm(x, w, b, m, v, 1e-5, None, false));
    let burns = run(&|x, [w, b, m, v]| module::batch_norm(x, w, b, m, v, 1e-5));
    same(&ours, &burns);
}
