//! What tests against PyTorch share: the numbers and digests of
//! tests/golden/common.py, and the cases of networks.json.
#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "all of it is test code, of which each test uses a part"
)]

use std::collections::BTreeMap;

use burn::{
    Tensor,
    module::{Module, ModuleMapper, Param},
    nn::loss::CrossEntropyLossConfig,
    optim::{
        GradientsParams, ModuleOptimizer, SgdConfig, decay::WeightDecayConfig,
        momentum::MomentumConfig,
    },
    tensor::{Device, Gradients, TensorData},
};
use models::{Form, Model, Network, StateDict, StateTensor, TrainingOutput};
use serde::Deserialize;

/// FNV-1a, 64 bits.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |state, &byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The script's function of the same name.
pub fn stream(name: &str, count: usize) -> impl Iterator<Item = f64> + use<> {
    let seed = fnv1a(name.as_bytes());
    (1..=count as u64).map(move |index| {
        let mut z = seed.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 40) as f64 / f64::from(1 << 23) - 1.0
    })
}

/// The script's function of the same name: norm and three projections.
fn digest(values: &[f32]) -> [f64; 4] {
    let values = || values.iter().map(|&v| f64::from(v));
    let projection = |k: usize| {
        let weights = stream(&format!("projection {k}"), values().count());
        values().zip(weights).map(|(v, w)| v * w).sum()
    };
    let norm = values().map(|v| v * v).sum::<f64>().sqrt();
    [norm, projection(0), projection(1), projection(2)]
}

/// The script's function of the same name, for every tensor of a network.
pub fn fill(network: Network, norm_bias: f64) -> Network {
    filled(network, str::to_string, norm_bias)
}

/// As [`fill`], by the names that `rename` makes of the network's.
pub fn filled(network: Network, rename: impl Fn(&str) -> String, norm_bias: f64) -> Network {
    let own = network.state_dict().unwrap();
    let mut filled = StateDict::default();
    for (name, StateTensor { shape, .. }) in own.iter() {
        let (layer, last) = name.rsplit_once('.').unwrap();
        let is_norm = own.get(&format!("{layer}.running_mean")).is_some();
        let (around, spread) = match last {
            "weight" if shape.len() >= 2 => {
                let fan_in: usize = shape[1..].iter().product();
                (0.0, (6.0 / fan_in as f64).sqrt())
            }
            "weight" => (1.0, 0.25),
            "bias" if is_norm => (norm_bias, 0.1),
            "bias" | "running_mean" => (0.0, 0.1),
            "running_var" => (1.0, 0.5),
            _ => panic!("no rule for {name}"),
        };
        let values = stream(&rename(name), shape.iter().product());
        let tensor = StateTensor {
            shape: shape.clone(),
            values: values.map(|s| (around + spread * s) as f32).collect(),
        };
        filled.insert(name, tensor);
    }
    network.with_state_dict(&filled).unwrap()
}

/// A case of networks.json, which networks.py describes.
#[derive(Deserialize)]
pub struct Case {
    pub model: String,
    form: Option<String>,
    width: f64,
    auxiliary: bool,
    input: [usize; 3],
    classes: usize,
    batch: usize,
    norm_bias: f64,
    eval_logits: Vec<Vec<f32>>,
    train_logits: Vec<Vec<f32>>,
    losses: Vec<f64>,
    gradients: BTreeMap<String, [f64; 4]>,
    after: BTreeMap<String, [f64; 4]>,
}

/// All cases.
pub fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../golden/networks.json")).unwrap()
}

/// How far a number may be from PyTorch's, relatively.
pub const TOLERANCE: f64 = 1e-4;

impl Case {
    /// The case, as a message says it.
    pub fn name(&self) -> String {
        let [channels, height, width] = self.input;
        let form = self.form.as_deref().unwrap_or_default();
        format!("{} {form} {channels}×{height}×{width}", self.model)
    }

    fn network(&self, device: &Device) -> Network {
        let mut model = Model::find(&self.model, self.classes)
            .unwrap()
            .width(self.width);
        model = match self.form.as_deref() {
            None => model,
            Some("small") => model.form(Form::Small),
            Some("imagenet") => model.form(Form::ImageNet),
            Some(other) => panic!("{other}"),
        };
        if self.auxiliary {
            model = model.auxiliary_heads();
        }
        let spec = model.spec(self.input).unwrap().dropout(0.0);
        fill(spec.build(self.input, device).unwrap(), self.norm_bias)
    }

    fn images(&self, device: &Device) -> Tensor<4> {
        let [channels, height, width] = self.input;
        let shape = [self.batch, channels, height, width];
        let pixels = stream("images", shape.iter().product());
        let pixels: Vec<f32> = pixels.map(|s| (1.5 * s) as f32).collect();
        Tensor::from_data(TensorData::new(pixels, shape), device)
    }

    /// Holds logits, loss and gradients of the first step to PyTorch's, and with
    /// `steps` also what three steps of SGD make of all parameters and statistics.
    ///
    /// # Panics
    /// At the first number that is off.
    pub fn check(&self, device: &Device, steps: bool) {
        self.same_logits(
            "evaluation",
            self.network(device).forward(self.images(device)),
            &self.eval_logits,
        );

        let device = device.clone().autodiff();
        let mut network = self.network(&device);
        let mut optimizer = sgd();
        for (step, &expected) in self.losses.iter().enumerate() {
            let (loss, logits) = self.loss(&network, &device);
            let found = f64::from(loss.clone().into_scalar::<f32>());
            self.same(&format!("loss of step {step}"), found, expected, expected);
            let gradients = loss.backward();
            if step == 0 {
                self.same_logits("training", logits, &self.train_logits);
                let state = of_gradients(network.clone(), &gradients);
                self.same_digests("gradient", &state, &self.gradients);
            }
            if !steps {
                return;
            }
            let gradients = GradientsParams::from_grads(gradients, &network);
            network = optimizer.step(0.01, network, gradients);
        }
        let state = network.state_dict().unwrap();
        self.same_digests("after three steps", &state, &self.after);
        assert_eq!(state.iter().count(), self.after.len(), "{}", self.name());
    }

    fn loss(&self, network: &Network, device: &Device) -> (Tensor<1>, Tensor<2>) {
        let labels: Vec<i32> = (0..self.batch)
            .map(|image| (image % self.classes) as i32)
            .collect();
        let labels = TensorData::new(labels, [self.batch]);
        let cross_entropy = |logits: Tensor<2>| {
            let labels = Tensor::from_data(labels.clone(), device);
            CrossEntropyLossConfig::new()
                .init(device)
                .forward(logits, labels)
        };
        let TrainingOutput { logits, auxiliary } = network.forward_training(self.images(device));
        assert_eq!(auxiliary.len(), if self.auxiliary { 2 } else { 0 });
        let loss = auxiliary
            .into_iter()
            .fold(cross_entropy(logits.clone()), |sum, (share, head)| {
                sum + cross_entropy(head) * share
            });
        (loss, logits)
    }

    fn same(&self, what: &str, found: f64, expected: f64, scale: f64) {
        let apart = (found - expected).abs() / scale;
        assert!(
            apart < TOLERANCE,
            "{}, {what}: {found}, PyTorch has {expected}: {apart:.1e} apart",
            self.name()
        );
    }

    fn same_logits(&self, what: &str, found: Tensor<2>, expected: &[Vec<f32>]) {
        let found = found.try_into_vec_as::<f32>().unwrap();
        let expected: Vec<f32> = expected.concat();
        assert_eq!(found.len(), expected.len());
        let largest = expected.iter().fold(0f32, |max, v| max.max(v.abs()));
        for (&found, &expected) in found.iter().zip(&expected) {
            let what = format!("logit in {what}");
            self.same(&what, found.into(), expected.into(), largest.into());
        }
    }

    fn same_digests(&self, what: &str, found: &StateDict, expected: &BTreeMap<String, [f64; 4]>) {
        let largest = self.gradients.values().map(|d| d[0]).fold(0.0, f64::max);
        for (name, expected) in expected {
            let tensor = found.get(name);
            let tensor = tensor.unwrap_or_else(|| panic!("{}: no {name}", self.name()));
            // A gradient that is nothing but rounding: a bias before a batch norm.
            if expected[0] == 0.0 {
                let found = digest(&tensor.values)[0] / largest;
                assert!(found < 1e-5, "{}, {what} of {name}: {found}", self.name());
                continue;
            }
            for (found, &of_pytorch) in digest(&tensor.values).into_iter().zip(expected) {
                let what = format!("{what} of {name}");
                self.same(&what, found, of_pytorch, expected[0].max(1e-3 * largest));
            }
        }
    }
}

fn sgd() -> ModuleOptimizer {
    let momentum = MomentumConfig::new().with_momentum(0.9).with_dampening(0.0);
    SgdConfig::new()
        .with_momentum(Some(momentum))
        .with_weight_decay(Some(WeightDecayConfig::new(5e-4)))
        .init()
}

/// The gradients under the names of their parameters.
pub fn of_gradients(network: Network, gradients: &Gradients) -> StateDict {
    struct Replace<'a>(&'a Gradients);
    impl ModuleMapper for Replace<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|value| match value.grad(self.0) {
                Some(gradient) => Tensor::from_inner(gradient),
                None => value.zeros_like(),
            })
        }
    }
    network.map(&mut Replace(gradients)).state_dict().unwrap()
}
