use chacha20::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// How the parameters of a network start.
///
/// Values are drawn on the host, each layer from a generator of its own, keyed
/// by the seed and the layer's position: the same on every backend, and adding
/// a layer at the end changes none before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Init {
    /// PyTorch's default for `Conv2d` and `Linear`: weights and biases uniform
    /// in ±1/√fan_in (Kaiming uniform with a = √5).
    #[default]
    PyTorch,
    /// Weights uniform in ±√(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010);
    /// biases as PyTorch's default.
    XavierUniform,
}

/// The values a layer starts with.
pub(crate) struct Initial {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

impl Init {
    /// Draws a layer with `outputs` output channels or features, each with
    /// `inputs` input channels or features under a window of `window` pixels.
    pub(crate) fn draw(
        self,
        seed: u64,
        layer: usize,
        outputs: usize,
        inputs: usize,
        window: usize,
    ) -> Initial {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(b"kilninit");
        key[16..24].copy_from_slice(&(layer as u64).to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);

        let (fan_in, fan_out) = ((inputs * window) as f32, (outputs * window) as f32);
        let default = 1.0 / fan_in.sqrt();
        let bound = match self {
            Self::PyTorch => default,
            Self::XavierUniform => (6.0 / (fan_in + fan_out)).sqrt(),
        };
        let mut uniform = |count: usize, bound: f32| -> Vec<f32> {
            (0..count)
                .map(|_| rng.random_range(-bound..bound))
                .collect()
        };
        Initial {
            weight: uniform(outputs * inputs * window, bound),
            bias: uniform(outputs, default),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of a uniform distribution in ±bound are 0 and bound²/3.
    fn check(values: &[f32], bound: f32) {
        let count = values.len() as f32;
        let mean = values.iter().sum::<f32>() / count;
        let variance = values.iter().map(|v| v * v).sum::<f32>() / count;
        assert!(values.iter().all(|v| v.abs() <= bound));
        assert!(mean.abs() < 0.02 * bound, "{mean}");
        assert!(
            (variance * 3.0 / (bound * bound) - 1.0).abs() < 0.02,
            "{variance}"
        );
    }

    #[test]
    fn follows_the_named_distributions() {
        // A 5×5 convolution of 64 to 32 channels.
        let drawn = Init::PyTorch.draw(1, 0, 32, 64, 25);
        check(&drawn.weight, 1.0 / 1600f32.sqrt());
        let xavier = Init::XavierUniform.draw(1, 0, 32, 64, 25);
        check(&xavier.weight, (6.0 / (1600.0 + 800.0f32)).sqrt());
        // Both keep PyTorch's bias.
        assert!(xavier.bias.iter().all(|v| v.abs() <= 1.0 / 40.0));
    }

    #[test]
    fn depends_on_seed_and_layer_alone() {
        let weight = |seed, layer| Init::PyTorch.draw(seed, layer, 3, 3, 1).weight;
        assert_eq!(weight(1, 2), weight(1, 2));
        assert_ne!(weight(1, 2), weight(2, 2));
        assert_ne!(weight(1, 2), weight(1, 3));
    }
}
