//! How the parameters of a network start.

mod options;

use chacha20::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

pub use self::options::InitOptions;

/// How the parameters of a network start. The default is PyTorch's; [`InitOptions`]
/// changes parts of an architecture's own.
///
/// Values are drawn on the host, each layer from a generator of its own, keyed
/// by the seed and the layer's position: the same on every backend, and adding
/// a layer at the end changes none before it. Batch normalisation starts with
/// scale 1 and shift 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Init {
    /// Weights of convolutions.
    pub conv: Weights,
    /// Weights of fully connected layers.
    pub linear: Weights,
    /// Biases of both.
    pub bias: Biases,
    /// Whether the batch normalisation that ends each residual block starts with
    /// scale 0, so that the block starts as its shortcut (Goyal and others, 2017).
    /// Refused for networks whose blocks end in something else.
    pub zero_residual: bool,
}

/// The distribution that weights are drawn from. `fan_in` is the number of
/// values that one output is computed from, `fan_out` that of outputs computed
/// from one value, as in `torch.nn.init`.
// Variants without keys have braces: serde lets any key pass in unit variants.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Weights {
    /// Uniform in ±1/√fan_in, PyTorch's default for `Conv2d` and `Linear`
    /// (Kaiming uniform with a = √5).
    Pytorch {},
    /// Uniform in ±√(6 / fan) (He and others, 2015).
    KaimingUniform {
        /// Which fan.
        #[serde(default)]
        fan: FanMode,
    },
    /// Normal with deviation √(2 / fan) (He and others, 2015).
    KaimingNormal {
        /// Which fan.
        #[serde(default)]
        fan: FanMode,
    },
    /// Uniform in ±√(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010).
    XavierUniform {},
    /// Normal with deviation √(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010).
    XavierNormal {},
    /// Normal around 0.
    Normal {
        /// Deviation, at least 0.
        #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
        std: f64,
    },
    /// Always the same value.
    Constant {
        /// The value.
        value: f64,
    },
    /// As PyTorch's default, but the first output channels, as many as come in,
    /// give on what comes in (`torch.nn.init.dirac_`; Zagoruyko and Komodakis,
    /// 2017). As PyTorch's default in fully connected layers.
    PartialDirac {},
}

/// Which fan Kaiming's initialisation preserves the variance by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FanMode {
    /// That of the forward pass.
    #[default]
    FanIn,
    /// That of the backward pass.
    FanOut,
}

/// How biases start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Biases {
    /// Uniform in ±1/√fan_in, PyTorch's default.
    Pytorch {},
    /// Always the same value.
    Constant {
        /// The value.
        value: f64,
    },
}

impl Default for Weights {
    fn default() -> Self {
        Self::Pytorch {}
    }
}

impl Default for Biases {
    fn default() -> Self {
        Self::Pytorch {}
    }
}

impl Init {
    /// Xavier's uniform distribution for all weights, PyTorch's default for biases.
    pub const XAVIER_UNIFORM: Self = Self {
        conv: Weights::XavierUniform {},
        linear: Weights::XavierUniform {},
        bias: Biases::Pytorch {},
        zero_residual: false,
    };

    /// torchvision's for its ResNets: Kaiming's normal distribution by `fan_out`
    /// for convolutions, PyTorch's default elsewhere.
    pub const RESNET: Self = Self {
        conv: Weights::KaimingNormal {
            fan: FanMode::FanOut,
        },
        linear: Weights::Pytorch {},
        bias: Biases::Pytorch {},
        zero_residual: false,
    };

    /// Whether every number in it can be.
    ///
    /// # Errors
    /// What is wrong, with the key.
    pub fn validate(&self) -> Result<(), String> {
        for (key, weights) in [("conv", self.conv), ("linear", self.linear)] {
            match weights {
                Weights::Normal { std } if !((std as f32).is_finite() && std >= 0.0) => {
                    return Err(format!(
                        "{key}.std = {std}: it must be a number of at least 0"
                    ));
                }
                Weights::Constant { value } if !(value as f32).is_finite() => {
                    return Err(format!("{key}.value = {value}: it must be a number"));
                }
                _ => {}
            }
        }
        match self.bias {
            Biases::Constant { value } if !(value as f32).is_finite() => {
                Err(format!("bias.value = {value}: it must be a number"))
            }
            _ => Ok(()),
        }
    }
}

/// Whether weights are those of a convolution or of a fully connected layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Conv,
    Linear,
}

/// The sizes of a weight: `outputs` channels or features, each with `inputs`
/// channels or features under a window of `window` pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fan {
    pub outputs: usize,
    pub inputs: usize,
    pub window: usize,
}

/// What a layer's draws depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    pub seed: u64,
    /// Position of the layer in the network.
    pub layer: usize,
}

/// The values a layer starts with.
pub(crate) struct Initial {
    pub weight: Vec<f32>,
    pub bias: Option<Vec<f32>>,
}

impl Init {
    /// Draws the parameters of a layer.
    pub(crate) fn draw(&self, role: Role, fan: Fan, bias: bool, source: Source) -> Initial {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&source.seed.to_le_bytes());
        key[8..16].copy_from_slice(b"kilninit");
        key[16..24].copy_from_slice(&(source.layer as u64).to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);

        let distribution = match role {
            Role::Conv => self.conv,
            Role::Linear => self.linear,
        };
        let weight = distribution.draw(role, fan, &mut rng);
        let bias = bias.then(|| match self.bias {
            Biases::Pytorch {} => uniform(fan.outputs, fan.default_bound(), &mut rng),
            Biases::Constant { value } => vec![value as f32; fan.outputs],
        });
        Initial { weight, bias }
    }
}

impl Fan {
    fn count(self) -> usize {
        self.outputs * self.inputs * self.window
    }

    fn fan_in(self) -> f32 {
        (self.inputs * self.window) as f32
    }

    fn fan_out(self) -> f32 {
        (self.outputs * self.window) as f32
    }

    fn of(self, mode: FanMode) -> f32 {
        match mode {
            FanMode::FanIn => self.fan_in(),
            FanMode::FanOut => self.fan_out(),
        }
    }

    /// PyTorch's default for weights and biases.
    fn default_bound(self) -> f32 {
        1.0 / self.fan_in().sqrt()
    }
}

impl Weights {
    fn draw(self, role: Role, fan: Fan, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let count = fan.count();
        match self {
            Self::Pytorch {} => uniform(count, fan.default_bound(), rng),
            Self::KaimingUniform { fan: mode } => uniform(count, (6.0 / fan.of(mode)).sqrt(), rng),
            Self::KaimingNormal { fan: mode } => normal(count, (2.0 / fan.of(mode)).sqrt(), rng),
            Self::XavierUniform {} => {
                uniform(count, (6.0 / (fan.fan_in() + fan.fan_out())).sqrt(), rng)
            }
            Self::XavierNormal {} => {
                normal(count, (2.0 / (fan.fan_in() + fan.fan_out())).sqrt(), rng)
            }
            Self::Normal { std } => normal(count, std as f32, rng),
            Self::Constant { value } => vec![value as f32; count],
            Self::PartialDirac {} => {
                let mut weight = uniform(count, fan.default_bound(), rng);
                if role == Role::Conv {
                    dirac(&mut weight, fan);
                }
                weight
            }
        }
    }
}

/// Makes the first filters, one for each input channel, give on that channel.
fn dirac(weight: &mut [f32], fan: Fan) {
    let filters = weight.chunks_exact_mut(fan.inputs * fan.window);
    for (channel, filter) in filters.enumerate().take(fan.inputs) {
        filter.fill(0.0);
        // The middle of a square window, PyTorch's for even sides as well.
        let side = fan.window.isqrt();
        filter[channel * fan.window + (side / 2) * side + side / 2] = 1.0;
    }
}

fn uniform(count: usize, bound: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    (0..count)
        .map(|_| rng.random_range(-bound..bound))
        .collect()
}

fn normal(count: usize, std: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    (0..count)
        .map(|_| {
            let value: f32 = StandardNormal.sample(rng);
            value * std
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 5×5 convolution of 64 to 32 channels.
    const FAN: Fan = Fan {
        outputs: 32,
        inputs: 64,
        window: 25,
    };
    const SOURCE: Source = Source { seed: 1, layer: 0 };

    fn weights(conv: Weights) -> Vec<f32> {
        let init = Init {
            conv,
            ..Init::default()
        };
        init.draw(Role::Conv, FAN, true, SOURCE).weight
    }

    fn mean_and_deviation(values: &[f32]) -> (f32, f32) {
        let count = values.len() as f32;
        let mean = values.iter().sum::<f32>() / count;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / count;
        (mean, variance.sqrt())
    }

    #[test]
    fn follows_the_named_distributions() {
        let (fan_in, fan_out) = (1600f32, 800f32);
        // The bound of a uniform distribution is √3 times its deviation.
        let of_bound = |bound: f32| (bound / 3f32.sqrt(), bound);
        let endless = |deviation: f32| (deviation, f32::INFINITY);
        let (by_in, by_out) = (FanMode::FanIn, FanMode::FanOut);
        for (weights_of, (deviation, bound)) in [
            (Weights::Pytorch {}, of_bound(1.0 / fan_in.sqrt())),
            (
                Weights::KaimingUniform { fan: by_in },
                of_bound((6.0 / fan_in).sqrt()),
            ),
            (
                Weights::KaimingNormal { fan: by_out },
                endless((2.0 / fan_out).sqrt()),
            ),
            (
                Weights::XavierUniform {},
                of_bound((6.0 / (fan_in + fan_out)).sqrt()),
            ),
            (
                Weights::XavierNormal {},
                endless((2.0 / (fan_in + fan_out)).sqrt()),
            ),
            (Weights::Normal { std: 0.5 }, endless(0.5)),
        ] {
            let values = weights(weights_of);
            let (mean, found) = mean_and_deviation(&values);
            assert!(values.iter().all(|v| v.abs() <= bound), "{weights_of:?}");
            assert!(mean.abs() < 0.02 * deviation, "{weights_of:?}: {mean}");
            assert!(
                (found / deviation - 1.0).abs() < 0.01,
                "{weights_of:?}: {found}, not {deviation}"
            );
        }
        assert!(
            weights(Weights::Constant { value: 0.25 })
                .iter()
                .all(|&v| v == 0.25)
        );
    }

    #[test]
    fn dirac_filters_give_on_their_channel() {
        let fan = Fan {
            outputs: 4,
            inputs: 2,
            window: 9,
        };
        let init = Init {
            conv: Weights::PartialDirac {},
            ..Init::default()
        };
        let weight = init.draw(Role::Conv, fan, false, SOURCE).weight;
        // torch.nn.init.dirac_(w[:2]) of a weight [4, 2, 3, 3]
        for (at, &value) in weight[..36].iter().enumerate() {
            let middle = at == 4 || at == 18 + 9 + 4;
            assert_eq!(value, f32::from(middle), "{at}");
        }
        assert!(weight[36..].iter().all(|&v| v != 0.0));
    }

    #[test]
    fn biases_are_pytorchs_or_constant() {
        let draw = |bias| {
            let init = Init {
                bias,
                ..Init::XAVIER_UNIFORM
            };
            init.draw(Role::Linear, FAN, true, SOURCE).bias.unwrap()
        };
        assert!(
            draw(Biases::Pytorch {})
                .iter()
                .all(|v| v.abs() <= 1.0 / 40.0)
        );
        assert_eq!(draw(Biases::Constant { value: 0.5 }), [0.5; 32]);
    }

    #[test]
    fn depends_on_seed_and_layer_alone() {
        let weight = |seed, layer| {
            let source = Source { seed, layer };
            Init::default().draw(Role::Conv, FAN, false, source).weight
        };
        assert_eq!(weight(1, 2), weight(1, 2));
        assert_ne!(weight(1, 2), weight(2, 2));
        assert_ne!(weight(1, 2), weight(1, 3));
    }

    #[test]
    fn impossible_numbers_are_named() {
        let wrong = Init {
            linear: Weights::Normal { std: -1.0 },
            ..Init::default()
        };
        assert_eq!(
            wrong.validate().unwrap_err(),
            "linear.std = -1: it must be a number of at least 0"
        );
        assert_eq!(Init::RESNET.validate(), Ok(()));
    }
}
