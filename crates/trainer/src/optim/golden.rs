//! Ten updates of every optimizer, and averages, against PyTorch's:
//! tests/golden/optim.py made the numbers.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Device, Tensor, TensorData},
};
use models::{LayerSpec, Network, NetworkSpec, ParameterPath};
use serde::Deserialize;

use super::Optimizer;
use crate::{
    Average, Classifier, Gradients,
    config::{AverageConfig, AverageName, OptimizerConfig},
};

type Values = BTreeMap<String, Vec<f32>>;

#[derive(Deserialize)]
struct Golden {
    optimizers: Vec<Case>,
    averages: BTreeMap<String, Values>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    /// A table `optimizer` of TOML.
    config: String,
    parameters: Values,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../tests/golden/optim.json")).unwrap()
}

/// The script's function of the same name.
fn numbers(count: usize, salt: usize, bound: f64) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 7919 + salt * 104_729) % 2003) as f64 - 1001.0)
        .map(|whole| (bound * whole / 1001.0) as f32)
        .collect()
}

/// Numbers `salt` for every parameter of a network, in the places of the script's.
struct Numbered {
    path: ParameterPath,
    salt: usize,
    bound: f64,
    /// Σ parameter · number, whose gradients are the numbers.
    loss: Option<Tensor<1>>,
}

impl Numbered {
    fn new(salt: usize, bound: f64) -> Self {
        Self {
            path: ParameterPath::default(),
            salt,
            bound,
            loss: None,
        }
    }

    /// Those of the parameter that is visited.
    fn next<const D: usize>(&mut self, param: &Param<Tensor<D>>) -> Tensor<D> {
        let (shape, device) = (param.dims(), param.device());
        let numbers = numbers(shape.iter().product(), self.salt, self.bound);
        self.salt += 1;
        match self.path.is_transposed(D) {
            true => {
                let mut reversed = shape;
                reversed.reverse();
                let data = TensorData::new(numbers, reversed);
                Tensor::<D>::from_data(data, &device).swap_dims(0, 1)
            }
            false => Tensor::from_data(TensorData::new(numbers, shape), &device),
        }
    }
}

impl ModuleMapper for Numbered {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match param.is_require_grad() {
            true => {
                let new = self.next(&param);
                param.map(|_| new.require_grad())
            }
            false => param,
        }
    }
}

impl ModuleVisitor for Numbered {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let term = (self.next(param) * param.val()).sum();
            self.loss = Some(match self.loss.take() {
                Some(loss) => loss + term,
                None => term,
            });
        }
    }
}

/// The script's network.
pub(super) fn small(device: &Device) -> Network {
    let network = NetworkSpec::new("small")
        .layer("conv1", LayerSpec::conv2d(4, 3))
        .layer("bn1", LayerSpec::batch_norm())
        .layer("flatten", LayerSpec::flatten())
        .layer("fc", LayerSpec::linear(6))
        .build([2, 3, 3], device)
        .unwrap();
    network.map(&mut Numbered::new(0, 0.5))
}

/// The script's gradients of step `step`.
pub(super) fn gradients(network: &Network, step: usize) -> Gradients {
    let mut numbered = Numbered::new(1000 + 10 * step, 0.3);
    network.visit(&mut numbered);
    Gradients::of(&numbered.loss.unwrap(), network)
}

/// Every value within a millionth of the largest of its tensor.
fn check(case: &str, network: &Network, expected: &Values) {
    let found = network.state_dict().unwrap();
    for (name, expected) in expected {
        let found = &found.get(name).unwrap().values;
        assert_eq!(found.len(), expected.len());
        let scale = expected.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
            let difference = (found - expected).abs() / scale;
            assert!(
                difference <= 1e-6,
                "{case}: {name}[{at}] = {found}, not {expected} ({difference:e})"
            );
        }
    }
}

#[test]
fn ten_updates_of_every_optimizer_are_pytorchs() {
    let device = Device::flex().autodiff();
    let cases = golden().optimizers;
    assert!(cases.len() > 20);
    for case in cases {
        let config: OptimizerConfig = toml::from_str(&case.config).unwrap();
        let mut network = small(&device);
        let mut optimizer = Optimizer::new(&config, &network).unwrap();
        for step in 0..10 {
            let gradients = gradients(&network, step);
            network = optimizer.step(config.lr(), network, gradients);
        }
        assert_eq!(optimizer.updates(), 10);
        check(&case.name, &network, &case.parameters);
    }
}

fn images(salt: usize, device: &Device) -> Tensor<4> {
    let shape = [5, 2, 3, 3];
    let values = numbers(shape.iter().product(), 5000 + salt, 1.5);
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The script's function of the same name, as the loop does it; `count` averaged.
fn averaged(config: &AverageConfig, count: usize, device: &Device) -> (Network, Average) {
    let mut network = small(device);
    let mut average = Average::new(config, count, &network).unwrap();
    assert_eq!(average.count(), 0);
    for salt in 0..count {
        network = network.map(&mut Numbered::new(10 * (salt + 1), 0.5));
        // Its running statistics follow.
        drop(network.forward(images(salt, device)));
        average.after_update(&network);
        average.after_epoch(salt + 1, &network);
    }
    assert_eq!(average.count(), count as u64);
    (average.applied_to(network), average)
}

#[test]
fn averages_are_pytorchs() {
    let device = Device::flex().autodiff();
    let golden = golden().averages;
    let config = AverageConfig {
        name: AverageName::Ema,
        decay: Some(0.9),
        warmup: Some(false),
        ..AverageConfig::default()
    };
    let (ema, average) = averaged(&config, 6, &device);
    check("ema", &ema, &golden["ema"]);
    assert!(!average.needs_statistics());

    let warm = AverageConfig {
        decay: Some(0.3),
        // By default.
        warmup: None,
        ..config
    };
    let (ema, _) = averaged(&warm, 6, &device);
    check("ema, warm", &ema, &golden["ema, warm"]);

    let swa = AverageConfig {
        name: AverageName::Swa,
        start_epoch: Some(1),
        ..AverageConfig::default()
    };
    let (swa, average) = averaged(&swa, 4, &device);
    assert!(average.needs_statistics());
    let mut batches = [100, 101, 102]
        .map(|salt| images(salt, &device))
        .into_iter();
    let swa = Classifier::with_statistics_of(swa, &mut batches).unwrap();
    check("swa", &swa, &golden["swa"]);
}
