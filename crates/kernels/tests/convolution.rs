//! `conv2d` against Burn's own, on the same tensors: outputs and all gradients.
#![cfg(feature = "flex")]
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use burn::tensor::{DType, Device, Tensor, TensorData, module, ops::ConvOptions};
use chacha20::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

type Conv = fn(Tensor<4>, Tensor<4>, Option<Tensor<1>>, ConvOptions<2>) -> Tensor<4>;

const OURS: Conv = kernels::conv2d;
const BURNS: Conv = |x, weight, bias, options| module::conv2d(x, weight, bias, options);

/// Numbers in [-1, 1), the same for the same seed and shape.
fn numbers<const D: usize>(seed: u64, shape: [usize; D]) -> TensorData {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let count = shape.iter().product();
    let values = (0..count).map(|_| random.random::<f32>() * 2.0 - 1.0);
    TensorData::new(values.collect(), shape)
}

fn tensor<const D: usize>(seed: u64, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(numbers(seed, shape), device)
}

/// Shapes of input and weights, whether there is a bias, and the options.
#[derive(Debug, Clone)]
struct Case {
    input: [usize; 4],
    weight: [usize; 4],
    bias: bool,
    options: ConvOptions<2>,
}

impl Case {
    /// Of stride, padding, dilation 1 and one group.
    fn plain(input: [usize; 4], weight: [usize; 4]) -> Self {
        Self {
            input,
            weight,
            bias: true,
            options: ConvOptions::new([1; 2], [1; 2], [1; 2], 1),
        }
    }

    /// Of any sort; `None` if the kernel does not fit.
    fn drawn(random: &mut ChaCha8Rng) -> Option<Self> {
        let mut pair = |from: usize, to: usize| [0; 2].map(|_| random.random_range(from..=to));
        let groups = pair(1, 4)[0];
        let [inputs, outputs] = pair(1, 24 / groups);
        let [[height, width], [tall, wide]] = [pair(1, 13), pair(1, 5)];
        let [stride, padding, dilation] = [pair(1, 3), pair(0, 3), pair(1, 2)];
        let fits = |size: usize, kernel: usize, axis: usize| {
            size + 2 * padding[axis] > dilation[axis] * (kernel - 1)
        };
        let case = Self {
            input: [pair(1, 4)[0], inputs * groups, height, width],
            weight: [outputs * groups, inputs, tall, wide],
            bias: pair(0, 1)[0] == 1,
            options: ConvOptions::new(stride, padding, dilation, groups),
        };
        (fits(height, tall, 0) && fits(width, wide, 1)).then_some(case)
    }

    /// The output, and the gradients of those of input, weights and bias that `wanted`
    /// says, and of no other.
    fn run(&self, conv: Conv, device: &Device, wanted: [bool; 3]) -> Vec<TensorData> {
        let x = tensor(1, self.input, device).set_require_grad(wanted[0]);
        let weight = tensor(2, self.weight, device).set_require_grad(wanted[1]);
        let bias = tensor(3, [self.weight[0]], device).set_require_grad(wanted[2]);
        let given = self.bias.then(|| bias.clone());
        let y = conv(x.clone(), weight.clone(), given, self.options.clone());
        let output = y.clone().into_data();
        let mut grads = (y.clone() * tensor(4, y.dims(), device)).sum().backward();
        let [x, weight] = [x, weight].map(|t| t.grad_remove(&mut grads).map(Tensor::into_data));
        let bias = bias.grad_remove(&mut grads).map(Tensor::into_data);
        let wanted = [wanted[0], wanted[1], wanted[2] && self.bias];
        let gradients = [x, weight, bias];
        assert_eq!(gradients.each_ref().map(Option::is_some), wanted);
        [output]
            .into_iter()
            .chain(gradients.into_iter().flatten())
            .collect()
    }
}

/// Fails where a value is further from Burn's than 1e-4 of the largest one.
#[track_caller]
fn same(ours: &[TensorData], burns: &[TensorData]) {
    assert_eq!(ours.len(), burns.len());
    for (ours, burns) in ours.iter().zip(burns) {
        assert_eq!(ours.shape(), burns.shape());
        assert_eq!(ours.dtype(), burns.dtype());
        let largest = burns.iter::<f64>().fold(1e-3, |a: f64, b| a.max(b.abs()));
        for (at, (ours, burns)) in ours.iter::<f64>().zip(burns.iter::<f64>()).enumerate() {
            assert!(
                (ours - burns).abs() <= 1e-4 * largest,
                "value {at}: {ours}, Burn's {burns}"
            );
        }
    }
}

#[test]
fn shapes_of_every_sort() {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let cases = std::iter::from_fn(|| Some(Case::drawn(&mut random)));
    let mut cases: Vec<Case> = cases.flatten().take(80).collect();
    // By Winograd's transforms, with tiles of 4 and of 2; pointwise; depthwise.
    cases.push(Case::plain([3, 32, 11, 13], [48, 32, 3, 3]));
    cases.push(Case::plain([2, 20, 6, 2], [17, 20, 3, 3]));
    cases.push(Case::plain([2, 70, 5, 5], [40, 70, 1, 1]));
    cases.push(Case {
        options: ConvOptions::new([2; 2], [1; 2], [1; 2], 24),
        ..Case::plain([2, 24, 9, 8], [24, 1, 3, 3])
    });
    let device = Device::flex().autodiff();
    let checkpointing = device.clone().gradient_checkpointing();
    for case in cases {
        println!("{case:?}");
        let burns = case.run(BURNS, &device, [true; 3]);
        same(&case.run(OURS, &device, [true; 3]), &burns);
        same(&case.run(OURS, &checkpointing, [true; 3]), &burns);
    }
}

#[test]
fn what_needs_no_gradient_gets_none() {
    let device = Device::flex().autodiff();
    let direct = Case::plain([2, 3, 7, 5], [4, 3, 3, 3]);
    let winograd = Case::plain([2, 16, 7, 5], [18, 16, 3, 3]);
    for case in [direct, winograd] {
        for choice in 1..8 {
            let wanted = [0, 1, 2].map(|bit| choice >> bit & 1 == 1);
            let burns = case.run(BURNS, &device, wanted);
            same(&case.run(OURS, &device, wanted), &burns);
        }
        let [x, weight] = [case.input, case.weight].map(|shape| tensor(1, shape, &device));
        let y = OURS(x, weight, None, case.options);
        assert!(!y.is_tracked(), "nothing to be tracked for");
    }
}

#[test]
fn off_the_graph() {
    let device = Device::flex();
    for case in [
        Case::plain([2, 3, 7, 5], [4, 3, 3, 3]),
        Case::plain([2, 16, 7, 5], [18, 16, 3, 3]),
    ] {
        let [ours, burns] = [OURS, BURNS].map(|conv| {
            let [x, weight] = [case.input, case.weight].map(|shape| tensor(1, shape, &device));
            let bias = tensor(2, [case.weight[0]], &device);
            let y = conv(x, weight, Some(bias), case.options.clone());
            [y.into_data()]
        });
        same(&ours, &burns);
    }
}

#[test]
fn views_are_read_as_they_look() {
    let device = Device::flex().autodiff();
    // Of few channels, and of as many as Winograd's transforms are used for.
    for [inputs, outputs] in [[3, 5], [17, 20]] {
        let [ours, burns] = [OURS, BURNS].map(|conv| {
            let wide = tensor(1, [2, 9, inputs + 2, 8], &device).require_grad();
            let x = wide.clone().swap_dims(1, 2).narrow(1, 1, inputs);
            let turned = tensor(2, [3, inputs, outputs, 3], &device).require_grad();
            let weight = turned.clone().swap_dims(0, 2).flip([3]);
            let long = tensor(3, [2 * outputs], &device).require_grad();
            let bias = long.clone().slice(outputs / 2..outputs / 2 + outputs);
            let options = ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
            let y = conv(x, weight, Some(bias), options);
            // The gradient that comes back is a view as well.
            let y = y.swap_dims(1, 3);
            let mut grads = (y.clone() * tensor(4, y.dims(), &device)).sum().backward();
            let [wide, turned] = [wide, turned].map(|t| t.grad_remove(&mut grads).unwrap());
            let long = long.grad_remove(&mut grads).unwrap();
            let all = [y.into_data(), wide.into_data(), turned.into_data()];
            [all.to_vec(), vec![long.into_data()]].concat()
        });
        same(&ours, &burns);
    }
}

#[test]
fn weights_that_are_used_twice() {
    for device in [
        Device::flex().autodiff(),
        Device::flex().autodiff().gradient_checkpointing(),
    ] {
        let [ours, burns] = [OURS, BURNS].map(|conv| {
            let x = tensor(1, [2, 16, 6, 7], &device).require_grad();
            let weight = tensor(2, [16, 16, 3, 3], &device).require_grad();
            let options = ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
            let layer = |x: Tensor<4>| conv(x, weight.clone(), None, options.clone());
            // An operation between them that checkpointing computes anew.
            let y = layer(layer(x.clone()).clamp_min(0.0)) + x.clone();
            let mut grads = (y.clone() * tensor(3, y.dims(), &device)).sum().backward();
            let [x, weight] = [x, weight].map(|t| t.grad_remove(&mut grads).unwrap());
            [y, x, weight].map(|t| t.into_data())
        });
        same(&ours, &burns);
    }
}

#[test]
fn padding_out_of_all_proportion_is_left_to_burn() {
    let device = Device::flex().autodiff();
    // With it, the image would be of 53 GiB a channel and more.
    for (step, dilation) in [(60_000, 1), (1_000_000_000, 1), (1, 1_000_000_000)] {
        let padding = step.max(dilation);
        // Of few channels, and of so many that vectors run along them.
        for channels in [2, 16] {
            let case = Case {
                options: ConvOptions::new([step; 2], [padding; 2], [dilation; 2], 1),
                ..Case::plain([2, channels, 28, 28], [channels, channels, 3, 3])
            };
            let burns = case.run(BURNS, &device, [true; 3]);
            same(&case.run(OURS, &device, [true; 3]), &burns);
        }
    }
}

#[test]
fn asymmetric_padding_is_left_to_burn() {
    let device = Device::flex().autodiff();
    for padding in [[(0, 1), (2, 2)], [(1, 1), (2, 0)]] {
        let case = Case {
            options: ConvOptions::new_with_padding([1; 2], padding, [1; 2], 1),
            ..Case::plain([2, 16, 7, 6], [16, 16, 3, 3])
        };
        let burns = case.run(BURNS, &device, [true; 3]);
        same(&case.run(OURS, &device, [true; 3]), &burns);
    }
}

#[test]
fn other_numbers_are_left_to_burn() {
    let device = Device::flex();
    for dtype in [DType::F64, DType::F16, DType::BF16] {
        let [ours, burns] = [OURS, BURNS].map(|conv| {
            let of = |seed, shape: [usize; 4]| {
                Tensor::<4>::from_data(numbers(seed, shape), (&device, dtype))
            };
            let bias = Tensor::from_data(numbers(3, [4]), (&device, dtype));
            let options = ConvOptions::new([2, 1], [1; 2], [1; 2], 1);
            let y = conv(
                of(1, [2, 3, 7, 5]),
                of(2, [4, 3, 3, 3]),
                Some(bias),
                options,
            );
            assert_eq!(y.dtype(), dtype);
            [y.into_data()]
        });
        same(&ours, &burns);
    }
}

#[test]
fn a_batch_without_images() {
    let device = Device::flex();
    for weight in [[4, 3, 3, 3], [4, 3, 1, 1]] {
        let [ours, burns] = [OURS, BURNS].map(|conv| {
            let x = Tensor::<4>::zeros([0, 3, 7, 5], &device);
            let options = ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
            conv(x, tensor(1, weight, &device), None, options).dims()
        });
        assert_eq!(ours, burns);
    }
}

#[test]
#[should_panic(expected = "Number of channels in input tensor")]
fn channels_that_do_not_fit_are_burns_error() {
    let device = Device::flex();
    let options = ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
    let weight = tensor(2, [20, 17, 3, 3], &device);
    let _ = OURS(tensor(1, [2, 16, 7, 5], &device), weight, None, options);
}
