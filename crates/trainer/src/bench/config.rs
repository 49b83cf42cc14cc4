use models::{Form, ModelOptions, NetworkSpec, Summary};
use serde::{Deserialize, Serialize};

use crate::{
    NetworkSource, TrainError,
    backend::{AdapterKind, BackendChoice},
    config::{ConfigError, check, check_threads},
};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum BenchMode {
    /// A training step: forward, cross-entropy, backward, SGD with momentum, and reading
    /// the loss.
    #[default]
    Train,
    /// Forward as in evaluation, without autodiff, and reading the logits.
    Infer,
}

impl BenchMode {
    /// As it stands in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Infer => "infer",
        }
    }
}

/// A measurement to be done.
///
/// ```
/// use trainer::bench::{BenchConfig, BenchMode};
///
/// let config = BenchConfig {
///     model: "mlp".into(),
///     batch_size: 8,
///     steps: 3,
///     ..BenchConfig::default()
/// };
/// let found = config.run()?;
/// assert_eq!((found.batch, found.mode), (8, BenchMode::Train));
/// assert!(found.ms_per_step > 0.0);
/// # Ok::<(), trainer::TrainError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchConfig {
    /// The network: a name that `kiln models` lists, or a file that describes one, as in
    /// [`NetworkSource::find`].
    pub model: String,
    /// What is chosen about the architecture beside its name.
    pub options: ModelOptions,
    /// Channels, height and width of an image. `None`: those that the network was
    /// published for; of one that has a form for small images, 3×32×32.
    pub image: Option<[usize; 3]>,
    /// Number of classes, 1 to 65,536.
    pub classes: usize,
    /// Images in a step, at least 1; a batch has at most 2³¹ values.
    pub batch_size: usize,
    /// Where to compute.
    pub backend: BackendChoice,
    /// Which kind of adapter a wgpu backend takes.
    pub adapter: AdapterKind,
    /// Threads that the CPU computes with, as in
    /// [`TrainConfig`](crate::TrainConfig::threads).
    pub threads: Option<usize>,
    /// What a step is.
    pub mode: BenchMode,
    /// Steps that are measured, 1 to 1,000,000.
    pub steps: usize,
    /// Steps before these, up to 1,000,000, in which memory is got, threads start and
    /// GPUs compile.
    pub warmup: usize,
}

impl Default for BenchConfig {
    fn default() -> Self {
        Self {
            model: "lenet5".into(),
            options: ModelOptions::default(),
            image: None,
            classes: 10,
            batch_size: 64,
            backend: BackendChoice::Auto,
            adapter: AdapterKind::Gpu,
            threads: None,
            mode: BenchMode::Train,
            steps: 20,
            warmup: 3,
        }
    }
}

/// More is a slip of the keyboard.
const MOST_STEPS: usize = 1_000_000;
/// As many as labels can tell apart.
const MOST_CLASSES: usize = 65_536;
/// Of a batch: 8.6 GB.
pub(super) const MOST_VALUES: usize = 1 << 31;
/// Of an image, where the network has a form for it.
const SMALL: [usize; 3] = [3, 32, 32];

/// What of a measurement is found before anything is computed.
pub(super) struct Checked {
    pub spec: NetworkSpec,
    pub summary: Summary,
    /// `[channels, height, width]`.
    pub image: [usize; 3],
}

impl BenchConfig {
    /// Looks that the measurement can be done, as far as that needs no device.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for a number that cannot be, [`TrainError::Unknown`] or
    /// [`TrainError::NetworkFile`] for the network, [`TrainError::NoImage`] for a file
    /// without the size of an image, [`TrainError::Model`] if the image does not fit.
    pub fn check(&self) -> Result<(), TrainError> {
        self.checked().map(drop)
    }

    pub(super) fn checked(&self) -> Result<Checked, TrainError> {
        self.check_numbers()?;
        let source = NetworkSource::find(&self.model)?;
        let image = source.image(self.image.or(self.small_image(&source)))?;
        let spec = source.spec(&self.options, image, self.classes)?;
        let values = image.iter().try_fold(self.batch_size, |product, &side| {
            product.checked_mul(side).filter(|&all| all <= MOST_VALUES)
        });
        let [channels, height, width] = image;
        check(
            "batch_size",
            self.batch_size,
            values.is_some(),
            &format!(
                "images of {channels}×{height}×{width} are too many then: a batch has at most \
                 2^31 values"
            ),
        )?;
        let summary = spec.classifier(image, self.classes)?;
        Ok(Checked {
            spec,
            summary,
            image,
        })
    }

    fn check_numbers(&self) -> Result<(), ConfigError> {
        check(
            "batch_size",
            self.batch_size,
            self.batch_size >= 1,
            "it must be at least 1",
        )?;
        check(
            "classes",
            self.classes,
            (1..=MOST_CLASSES).contains(&self.classes),
            &format!("it must be at least 1 and at most {MOST_CLASSES}"),
        )?;
        check(
            "steps",
            self.steps,
            (1..=MOST_STEPS).contains(&self.steps),
            &format!("it must be at least 1 and at most {MOST_STEPS}"),
        )?;
        check(
            "warmup",
            self.warmup,
            self.warmup <= MOST_STEPS,
            &format!("it must be at most {MOST_STEPS}"),
        )?;
        check_threads(self.threads)
    }

    /// The small image of a network that was published for large ones and has a form for
    /// it, unless another form is asked for.
    fn small_image(&self, source: &NetworkSource) -> Option<[usize; 3]> {
        match source {
            NetworkSource::Named(known) => {
                (known.forms && self.options.form != Form::ImageNet).then_some(SMALL)
            }
            NetworkSource::File(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image_of(model: &str, form: Form) -> [usize; 3] {
        let config = BenchConfig {
            model: model.into(),
            options: ModelOptions {
                form,
                ..ModelOptions::default()
            },
            ..BenchConfig::default()
        };
        config.checked().unwrap().image
    }

    #[test]
    fn a_network_with_a_small_form_gets_small_images() {
        assert_eq!(image_of("lenet5", Form::Auto), [1, 28, 28]);
        assert_eq!(image_of("resnet20", Form::Auto), [3, 32, 32]);
        assert_eq!(image_of("resnet18", Form::Auto), [3, 32, 32]);
        assert_eq!(image_of("resnet18", Form::ImageNet), [3, 224, 224]);
        for known in models::architectures() {
            let [_, height, width] = image_of(known.name, Form::Auto);
            assert!(height.max(width) <= 64, "{}", known.name);
        }
    }

    /// The yardsticks are the networks that PyTorch is measured with.
    #[test]
    fn the_yardsticks_have_the_peers_parameters() {
        // sum(p.numel() for p in model.parameters()) of lenet5(), resnet18() and vgg11()
        // in xtask/peers/torch_train.py.
        for (model, parameters) in [
            ("lenet5", 61_706),
            ("resnet18", 11_173_962),
            ("vgg11-bn", 9_231_114),
        ] {
            let config = BenchConfig {
                model: model.into(),
                ..BenchConfig::default()
            };
            let Checked { summary, .. } = config.checked().unwrap();
            assert_eq!(summary.parameters(), parameters, "{model}");
        }
    }

    #[test]
    fn numbers_that_cannot_be_are_named() {
        let good = BenchConfig::default;
        let huge = usize::MAX;
        for (config, key) in [
            (
                BenchConfig {
                    batch_size: 0,
                    ..good()
                },
                "batch_size = 0",
            ),
            (
                BenchConfig {
                    batch_size: huge,
                    ..good()
                },
                "batch_size = 18",
            ),
            (
                BenchConfig {
                    classes: 0,
                    ..good()
                },
                "classes = 0",
            ),
            (
                BenchConfig {
                    classes: huge,
                    ..good()
                },
                "classes = 18",
            ),
            (BenchConfig { steps: 0, ..good() }, "steps = 0"),
            (
                BenchConfig {
                    warmup: huge,
                    ..good()
                },
                "warmup = 18",
            ),
            (
                BenchConfig {
                    threads: Some(0),
                    ..good()
                },
                "threads = 0",
            ),
        ] {
            let error = config.check().unwrap_err();
            assert!(error.is_usage());
            let message = error.to_string();
            assert!(message.starts_with(key), "{message}");
        }
    }
}
