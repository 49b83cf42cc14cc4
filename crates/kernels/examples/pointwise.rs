//! The layers against Burn's own operations: a training step of each, forward and
//! backward, alternately, and the ratio of the medians.
//!
//! ```sh
//! cargo build -p kernels -p models -p trainer --example pointwise
//! target/debug/examples/pointwise
//! ```

use std::time::Instant;

use burn::tensor::{
    Device, Distribution, Tensor, activation, module,
    ops::{AvgPoolOptions, MaxPoolOptions},
};

type Layer<'a> = &'a dyn Fn(Tensor<4>, Tensor<4>) -> Tensor<4>;

const ROUNDS: usize = 9;

fn main() {
    let device = Device::flex().autodiff();
    let vector = |value: f32| Tensor::<1>::full([64], value, &device).require_grad();
    let (weight, bias) = (vector(1.0), vector(0.1));
    let parameters = || (weight.clone(), bias.clone());
    let norm = |x, residual, relu| {
        let (weight, bias) = parameters();
        kernels::batch_norm_train(x, weight, bias, 1e-5, residual, relu).output
    };
    let burns_norm = |x| {
        let (weight, bias) = parameters();
        module::batch_norm_train(x, weight, bias, 1e-5).output
    };
    let max = |kernel: usize, padding: usize| {
        MaxPoolOptions::new([kernel; 2])
            .with_stride([2; 2])
            .with_padding([padding; 2])
    };
    let (two, three, average) = (max(2, 0), max(3, 1), AvgPoolOptions::new([2; 2]));

    println!("[32, 64, 32, 32], forward and backward, milliseconds");
    let cases: [(&str, Layer<'_>, Layer<'_>); 13] = [
        ("norm", &|x, _| norm(x, None, false), &|x, _| burns_norm(x)),
        ("norm, relu", &|x, _| norm(x, None, true), &|x, _| {
            activation::relu(burns_norm(x))
        }),
        (
            "norm, sum, relu",
            &|x, other| norm(x, Some(other), true),
            &|x, other| activation::relu(burns_norm(x) + other),
        ),
        ("relu", &|x, _| kernels::relu(x), &|x, _| {
            activation::relu(x)
        }),
        ("sigmoid", &|x, _| kernels::sigmoid(x), &|x, _| {
            activation::sigmoid(x)
        }),
        ("tanh", &|x, _| kernels::tanh(x), &|x, _| {
            activation::tanh(x)
        }),
        ("gelu", &|x, _| kernels::gelu(x), &|x, _| {
            activation::gelu(x)
        }),
        ("silu", &|x, _| kernels::silu(x), &|x, _| {
            activation::silu(x)
        }),
        (
            "sum, relu",
            &|x, other| kernels::add_relu(x, other),
            &|x, other| activation::relu(x + other),
        ),
        (
            "max 2×2",
            &|x, _| kernels::max_pool2d(x, two.clone()),
            &|x, _| module::max_pool2d(x, two.clone()),
        ),
        (
            "max 3×3",
            &|x, _| kernels::max_pool2d(x, three.clone()),
            &|x, _| module::max_pool2d(x, three.clone()),
        ),
        (
            "average 2×2",
            &|x, _| kernels::avg_pool2d(x, average.clone()),
            &|x, _| module::avg_pool2d(x, average.clone()),
        ),
        (
            "global average",
            &|x, _| kernels::global_avg_pool2d(x),
            &|x, _| x.mean_dim(3).mean_dim(2),
        ),
    ];
    for (name, ours, burns) in cases {
        let (mut of_ours, mut of_burns) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            of_ours.push(step(ours, &device));
            of_burns.push(step(burns, &device));
        }
        let median = |times: &mut Vec<[f64; 2]>, part: usize| {
            times.sort_by(|a, b| a[part].total_cmp(&b[part]));
            times[ROUNDS / 2][part]
        };
        let [forward, burns_forward] = [&mut of_ours, &mut of_burns].map(|t| median(t, 0));
        let [backward, burns_backward] = [&mut of_ours, &mut of_burns].map(|t| median(t, 1));
        println!(
            "{name:16} forward {forward:6.2} of {burns_forward:7.2} ({:5.1}×)   \
             backward {backward:6.2} of {burns_backward:7.2} ({:5.1}×)",
            burns_forward / forward,
            burns_backward / backward,
        );
    }
}

/// Milliseconds of forward and backward pass.
fn step(layer: Layer<'_>, device: &Device) -> [f64; 2] {
    let shape = [32, 64, 32, 32];
    let random = || Tensor::<4>::random(shape, Distribution::Default, device).require_grad();
    let (x, other) = (random(), random());
    let start = Instant::now();
    let y = layer(x, other);
    let forward = start.elapsed();
    let start = Instant::now();
    drop(y.backward());
    [forward, start.elapsed()].map(|time| time.as_secs_f64() * 1e3)
}
