//! Every layer by itself against PyTorch.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

mod support;

use std::collections::BTreeMap;

use burn::{
    Tensor,
    module::Module,
    tensor::{Device, TensorData},
};
use models::{LayerSpec, Network, NetworkSpec, StateDict, StateTensor};
use serde::Deserialize;
use serde_json::Value;
use support::{filled, of_gradients, stream};

/// A case of layers.json, which layers.py describes.
#[derive(Deserialize)]
struct Case {
    name: String,
    kind: String,
    args: Value,
    training: bool,
    scale: f64,
    input: Vec<usize>,
    #[serde(flatten)]
    expected: Expected,
    again: Option<Expected>,
}

/// What a layer made of a batch.
#[derive(Deserialize)]
struct Expected {
    output_shape: Vec<usize>,
    output: Vec<f32>,
    grad_input: Vec<f32>,
    grads: BTreeMap<String, Vec<f32>>,
    running_mean: Option<Vec<f32>>,
    running_var: Option<Vec<f32>>,
}

impl Case {
    fn layer(&self) -> LayerSpec {
        let number = |key: &str| self.args[key].as_u64().unwrap() as usize;
        let real = |key: &str| self.args[key].as_f64().unwrap();
        let flag = |key: &str| self.args[key].as_bool().unwrap();
        match self.kind.as_str() {
            "conv2d" => LayerSpec::Conv2d {
                channels: number("out_channels"),
                kernel: number("kernel_size"),
                stride: number("stride"),
                padding: number("padding"),
                groups: number("groups"),
                bias: flag("bias"),
            },
            "linear" => LayerSpec::Linear {
                features: number("out_features"),
                bias: flag("bias"),
            },
            "batch-norm" => LayerSpec::BatchNorm {
                epsilon: real("eps"),
                momentum: real("momentum"),
                scale: self.args["affine"] == Value::Bool(true),
            },
            "local-response-norm" => LayerSpec::LocalResponseNorm {
                size: number("size"),
                alpha: real("alpha"),
                beta: real("beta"),
                k: real("k"),
            },
            "relu" => LayerSpec::Relu {},
            "leaky-relu" => LayerSpec::LeakyRelu {
                negative_slope: real("negative_slope"),
            },
            "elu" => LayerSpec::Elu {
                alpha: real("alpha"),
            },
            "sigmoid" => LayerSpec::Sigmoid {},
            "tanh" => LayerSpec::Tanh {},
            "gelu" => LayerSpec::Gelu {},
            "silu" => LayerSpec::Silu {},
            "hardswish" => LayerSpec::Hardswish {},
            "max-pool2d" => LayerSpec::MaxPool2d {
                kernel: number("kernel_size"),
                stride: Some(number("stride")),
                padding: number("padding"),
                ceil_mode: flag("ceil_mode"),
            },
            "avg-pool2d" => LayerSpec::AvgPool2d {
                kernel: number("kernel_size"),
                stride: Some(number("stride")),
                padding: number("padding"),
                ceil_mode: flag("ceil_mode"),
            },
            "adaptive-avg-pool2d" => LayerSpec::AdaptiveAvgPool2d {
                size: number("output_size"),
            },
            "global-max-pool2d" => LayerSpec::GlobalMaxPool2d {},
            other => panic!("{other}"),
        }
    }

    /// The shape of the input as images; a row of features has images of one pixel.
    fn images(&self) -> [usize; 4] {
        match self.input[..] {
            [count, channels, height, width] => [count, channels, height, width],
            [count, features] => [count, features, 1, 1],
            _ => panic!("{:?}", self.input),
        }
    }

    fn network(&self, device: &Device) -> Network {
        let [_, channels, height, width] = self.images();
        let mut spec = NetworkSpec::new(&self.name);
        if self.input.len() == 2 {
            spec = spec.layer("rows", LayerSpec::flatten());
        }
        let network = spec
            .layer("layer", self.layer())
            .layer("flatten", LayerSpec::flatten())
            .build([channels, height, width], device)
            .unwrap();
        let network = filled(
            network,
            |name| name.strip_prefix("layer.").unwrap().into(),
            0.0,
        );
        match self.training {
            true => network,
            // Gradients as in training, statistics as in evaluation.
            false => network.freeze().set_require_grad(true),
        }
    }

    fn check(&self, network: &Network, input: &str, expected: &Expected, device: &Device) {
        let shape = self.images();
        let numbers = |name: &str, scale: f64, shape: &[usize]| -> Vec<f32> {
            stream(name, shape.iter().product())
                .map(|s| (scale * s) as f32)
                .collect()
        };
        let input = numbers(&format!("{input} {}", self.name), self.scale, &shape);
        let images = Tensor::<4>::from_data(TensorData::new(input, shape), device).require_grad();
        let output = network.forward(images.clone());
        let count: usize = expected.output_shape.iter().product();
        assert_eq!(output.shape().num_elements(), count, "{}", self.name);
        let weights = numbers("grad", 1.0, &output.dims());
        let weights = Tensor::<2>::from_data(TensorData::new(weights, output.dims()), device);
        let gradients = (output.clone() * weights).sum().backward();

        self.same(
            "output",
            output.try_into_vec_as().unwrap(),
            &expected.output,
        );
        let by_input = images.grad(&gradients).unwrap();
        let by_input = by_input.try_into_vec_as().unwrap();
        self.same("gradient by the input", by_input, &expected.grad_input);
        let by_parameter = of_gradients(network.clone(), &gradients);
        for (name, expected) in &expected.grads {
            self.same_tensor("gradient by", &by_parameter, name, expected);
        }
        let state = network.state_dict().unwrap();
        for (name, expected) in [
            ("running_mean", &expected.running_mean),
            ("running_var", &expected.running_var),
        ] {
            if let Some(expected) = expected {
                self.same_tensor("new", &state, name, expected);
            }
        }
    }

    fn same_tensor(&self, what: &str, state: &StateDict, name: &str, expected: &[f32]) {
        let found: &StateTensor = state.get(&format!("layer.{name}")).unwrap();
        self.same(&format!("{what} {name}"), found.values.clone(), expected);
    }

    fn same(&self, what: &str, found: Vec<f32>, expected: &[f32]) {
        assert_eq!(found.len(), expected.len(), "{}, {what}", self.name);
        let largest = expected.iter().fold(1e-3f32, |max, v| max.max(v.abs()));
        for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!(
                (found - expected).abs() <= 1e-5 * largest,
                "{}, {what}, value {at}: {found}, PyTorch has {expected}",
                self.name
            );
        }
    }
}

#[test]
fn compute_what_pytorch_computes() {
    let device = Device::flex().autodiff();
    let cases: Vec<Case> = serde_json::from_str(include_str!("golden/layers.json")).unwrap();
    for case in cases {
        let network = case.network(&device);
        case.check(&network, "input", &case.expected, &device);
        if let Some(again) = &case.again {
            case.check(&network, "again", again, &device);
        }
    }
}
