#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use burn::tensor::Device;
use models::{Network, StateDict, StateTensor};

use super::{
    golden::{gradients, small},
    *,
};
use crate::config::ConfigError;

fn config(text: &str) -> OptimizerConfig {
    toml::from_str(text).unwrap()
}

/// Steps `from` to `to`.
fn run(optimizer: &mut Optimizer, mut network: Network, from: usize, to: usize) -> Network {
    for step in from..to {
        let gradients = gradients(&network, step);
        network = optimizer.step(0.01, network, gradients);
    }
    network
}

fn weights(network: &Network) -> StateDict {
    network.state_dict().unwrap()
}

#[test]
fn a_state_that_was_saved_goes_on_bit_for_bit() {
    let device = Device::flex().autodiff();
    for text in [
        "momentum = 0.0",
        "nesterov = true",
        "name = \"adam\"",
        "name = \"adamw\"\nclip_norm = 0.5",
        "name = \"rmsprop\"\ncentered = true\nmomentum = 0.9",
        "name = \"adagrad\"\nlr_decay = 0.1",
        "name = \"lion\"",
        "name = \"muon\"\nadamw_parameters = [\"fc.*\"]",
        "name = \"muon\"",
    ] {
        let config = config(text);
        let mut optimizer = Optimizer::new(&config, &small(&device)).unwrap();
        let half = run(&mut optimizer, small(&device), 0, 4);
        let file = optimizer.state_dict().unwrap().to_safetensors(&[]).unwrap();
        let half_weights = weights(&half);
        let whole = run(&mut optimizer, half, 4, 9);

        let again = small(&device).with_state_dict(&half_weights).unwrap();
        let mut other = Optimizer::new(&config, &again).unwrap();
        let state = StateDict::from_safetensors(&file).unwrap();
        other.load_state(4, &state, &device).unwrap();
        let again = run(&mut other, again, 4, 9);
        assert_eq!(weights(&again), weights(&whole), "{text}");
        assert_eq!(other.state_dict().unwrap(), optimizer.state_dict().unwrap());
        assert_eq!(other.updates(), 9);
        // The state and the time of it count.
        if text == "name = \"adam\"" {
            let again = small(&device).with_state_dict(&half_weights).unwrap();
            let mut other = Optimizer::new(&config, &again).unwrap();
            other.load_state(3, &state, &device).unwrap();
            assert_ne!(weights(&run(&mut other, again, 4, 9)), weights(&whole));
        }
    }
}

#[test]
fn a_state_is_named_as_in_pytorch_and_others_are_refused() {
    let device = Device::flex().autodiff();
    let network = small(&device);
    let mut adam = Optimizer::new(&config("name = \"adam\""), &network).unwrap();
    let mut state = adam.state_dict().unwrap();
    assert_eq!(state.len(), 12);
    assert_eq!(state.get("fc.weight.exp_avg_sq").unwrap().shape, [6, 4]);
    let values = vec![0.0; 24];
    let other = StateTensor {
        shape: vec![4, 6],
        values,
    };
    state.insert("fc.weight.exp_avg_sq", other.clone());
    state.insert("fc2.weight.exp_avg", other);
    let error = adam.load_state(3, &state, &device).unwrap_err().to_string();
    for words in [
        "the optimizer (adam)",
        "another shape: fc.weight.exp_avg_sq is [4, 6]",
        "unexpected: fc2.weight.exp_avg",
    ] {
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(adam.updates(), 0);
    let mut sgd = Optimizer::new(&config(""), &network).unwrap();
    let error = sgd.load_state(1, &StateDict::default(), &device);
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("missing: conv1.bias.momentum_buffer"),
        "{error}"
    );
}

#[test]
fn frozen_parameters_stay() {
    let device = Device::flex().autodiff();
    let before = weights(&small(&device));
    let patterns = ["conv1.*".to_string(), "bn1.bias".to_string()];
    let network = freeze(small(&device), &patterns).unwrap();
    // What is frozen may be frozen again.
    let network = freeze(network, &patterns).unwrap();
    let config = config("weight_decay = 0.1\nfreeze = [\"conv1.*\", \"bn1.bias\"]");
    let mut optimizer = Optimizer::new(&config, &network).unwrap();
    let after = weights(&run(&mut optimizer, network, 0, 3));
    for (name, old) in before.iter() {
        let stays = name.starts_with("conv1.") || name == "bn1.bias" || name.contains("running");
        assert_eq!(after.get(name) == Some(old), stays, "{name}");
    }
    assert_eq!(optimizer.state_dict().unwrap().len(), 3);
}

#[test]
fn gradients_of_what_is_frozen_are_not_in_the_norm() {
    let device = Device::flex().autodiff();
    let text =
        "momentum = 0.0\nweight_decay = 0.0\nclip_norm = 0.01\nfreeze = [\"conv1.*\", \"bn1.*\"]";
    let config = config(text);
    let network = small(&device);
    let before = weights(&network);
    // The module itself is not frozen: there are gradients for all of it.
    let gradients = gradients(&network, 0);
    let mut optimizer = Optimizer::new(&config, &network).unwrap();
    let after = weights(&optimizer.step(1.0, network, gradients));
    let moved = before.iter().flat_map(|(name, old)| {
        let pairs = old.values.iter().zip(&after.get(name).unwrap().values);
        pairs.map(|(old, new)| f64::from(new - old).powi(2))
    });
    let norm = moved.sum::<f64>().sqrt();
    assert!((norm / 0.01 - 1.0).abs() < 1e-3, "{norm}");
}

#[test]
fn patterns_that_match_nothing_are_named() {
    let device = Device::flex().autodiff();
    let network = small(&device);
    let of = |text: &str| match Optimizer::new(&config(text), &network) {
        Err(ConfigError::Value { key, problem, .. }) => (key.into_owned(), problem),
        other => panic!("{text}: {other:?}"),
    };
    let groups = "[[groups]]\nparameters = \"fc.*\"\n[[groups]]\nparameters = \"fc9.*\"";
    let (key, problem) = of(groups);
    assert_eq!(key, "optimizer.groups[1].parameters");
    assert!(
        problem.contains("conv1.weight, conv1.bias, bn1.weight"),
        "{problem}"
    );
    assert!(!problem.contains("running_mean"), "{problem}");
    let (key, _) = of("name = \"muon\"\nadamw_parameters = [\"head.*\"]");
    assert_eq!(key, "optimizer.adamw_parameters[0]");
    // A group of what is not trained does nothing.
    let (key, _) = of("freeze = [\"fc.*\"]\n[[groups]]\nparameters = \"fc.*\"");
    assert_eq!(key, "optimizer.groups[0].parameters");
    let (key, problem) = of("freeze = [\"*\"]");
    assert_eq!(key, "optimizer.freeze");
    assert!(problem.contains("left to train"), "{problem}");
    for pattern in ["conv2.*", "bn1.running_mean"] {
        match freeze(small(&device), &[pattern.into()]) {
            Err(ConfigError::Value { key, .. }) => assert_eq!(key, "optimizer.freeze[0]"),
            other => panic!("{other:?}"),
        }
    }
}
