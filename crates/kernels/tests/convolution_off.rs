//! Convolutions with the kernels off are Burn's own, to the last bit.
//!
//! The only test here: it turns the kernels of the whole process on and off.
#![cfg(feature = "flex")]
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use burn::tensor::{Device, Tensor, TensorData, module, ops::ConvOptions};

type Conv = fn(Tensor<4>, Tensor<4>, ConvOptions<2>) -> Tensor<4>;

const OURS: Conv = |x, weight, options| kernels::conv2d(x, weight, None, options);
const BURNS: Conv = |x, weight, options| module::conv2d(x, weight, None, options);

fn tensor(shape: [usize; 4], device: &Device) -> Tensor<4> {
    let count: usize = shape.iter().product();
    let values = (0..count).map(|i| (i * 7919 % 2003) as f32 / 1001.0 - 1.0);
    Tensor::from_data(TensorData::new(values.collect(), shape), device).require_grad()
}

/// The output and the gradients of input and weights, with the kernels on or off in the
/// forward and in the backward pass.
fn run(conv: Conv, [forward, backward]: [bool; 2]) -> [TensorData; 3] {
    let device = Device::flex().autodiff();
    let x = tensor([3, 24, 9, 11], &device);
    let weight = tensor([20, 24, 3, 3], &device);
    let options = ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
    kernels::set_enabled(forward);
    assert_eq!(kernels::is_enabled(), forward);
    let y = conv(x.clone(), weight.clone(), options);
    kernels::set_enabled(backward);
    let mut grads = y.clone().square().mean().backward();
    let [x, weight] = [x, weight].map(|t| t.grad_remove(&mut grads).unwrap());
    [y, x, weight].map(Tensor::into_data)
}

#[test]
fn without_kernels_it_is_burns_convolution() {
    let burns = run(BURNS, [false; 2]);
    assert!(run(OURS, [false; 2]) == burns);
    let ours = run(OURS, [true; 2]);
    // Sums in another order: not all of them are rounded alike.
    for (ours, burns) in ours.iter().zip(&burns) {
        assert!(ours != burns, "the kernels were not used");
    }
    // A gradient is computed by what its forward pass was computed by.
    assert!(run(OURS, [true, false]) == ours);
    assert!(run(OURS, [false, true]) == burns);
}
