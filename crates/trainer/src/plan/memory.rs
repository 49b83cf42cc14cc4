//! Whether the memory of the machine can hold a step.

use models::{LayerSummary, Summary};

use crate::config::{ConfigError, Precision, TrainConfig, check};

/// Looks that the largest output of a layer, of a batch of so many `images`, fits into the
/// memory that is available, in megabytes (10⁶ bytes). A step needs more than that, so that
/// what is refused could not be; to allocate it would end the process without a word.
///
/// # Errors
/// [`ConfigError::Value`] of `batch_size`.
pub(super) fn check_memory(
    config: &TrainConfig,
    summary: &Summary,
    images: usize,
    available_mb: f64,
) -> Result<(), ConfigError> {
    // Of equals, the first.
    let layers = summary.layers.iter().rev();
    let Some(largest) = layers.max_by_key(|layer| layer.activation_bytes()) else {
        return Ok(());
    };
    let images = images.min(config.batch_size);
    let needed_mb = megabytes(largest, config.precision) * images as f64;
    check(
        "batch_size",
        config.batch_size,
        needed_mb <= available_mb,
        &format!(
            "layer `{}` alone gives {:.1} GB for {images} images, and {:.1} GB of memory are \
             available: take fewer images a step, or a smaller network",
            largest.name,
            needed_mb / 1e3,
            available_mb / 1e3
        ),
    )
}

/// What a layer gives for one image.
fn megabytes(layer: &LayerSummary, precision: Precision) -> f64 {
    let bytes = layer.activation_bytes() as f64;
    let share = match precision {
        Precision::F32 => 1.0,
        _ => 0.5,
    };
    bytes * share / 1e6
}

#[cfg(test)]
mod tests {
    use models::lenet5;

    use super::*;

    #[test]
    fn a_layer_that_cannot_be_held_is_named() {
        // Its first convolution gives 6×28×28 values of 4 bytes, 18,816 for an image.
        let summary = lenet5(10).summary([1, 28, 28]).unwrap();
        let config = TrainConfig {
            batch_size: 1000,
            ..TrainConfig::default()
        };
        let check = |images, available| check_memory(&config, &summary, images, available);
        assert_eq!(check(5000, 18.9), Ok(()));
        assert_eq!(check(100, 1.9), Ok(()));
        let problem = check(5000, 18.8).unwrap_err().to_string();
        assert!(
            problem.starts_with("batch_size = 1000: layer `conv1` alone gives 0.0 GB for 1000"),
            "{problem}"
        );
        let half = TrainConfig {
            precision: Precision::Bf16,
            ..config.clone()
        };
        assert_eq!(check_memory(&half, &summary, 5000, 9.5), Ok(()));
    }
}
