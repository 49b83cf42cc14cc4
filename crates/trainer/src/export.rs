//! The weights of a run for another program, with what they are of.

use data::{DatasetInfo, Pipeline};
use models::Summary;

use crate::{NetworkSource, RunDir, TrainError, Weights, backend};

/// Weights of a run, and what one has to know to use them.
#[derive(Debug)]
pub struct Export {
    /// The bytes of a safetensors file.
    pub safetensors: Vec<u8>,
    /// How many tensors there are, running statistics of batch norms included.
    pub tensors: usize,
    /// The network, seen with an image as it got them in training.
    pub network: Summary,
    /// Of each channel, of pixels scaled to 0..1: subtracted from them.
    pub mean: Vec<f32>,
    /// Of each channel, on the same scale: what the difference is divided by.
    pub std: Vec<f32>,
    /// What the data set of the run was.
    pub dataset: DatasetInfo,
}

impl Export {
    /// The weights of `run`, once they are found to be those of its network. The
    /// metadata of the file names model, form (`only` where there is but one),
    /// width, `CxHxW` of an image, mean and deviation, and at the end the classes
    /// as a JSON list.
    ///
    /// # Errors
    /// As [`RunDir::config`], [`RunDir::trained_on`] and [`NetworkSource`], and
    /// [`TrainError::Weights`] if a tensor is missing, too many or of another shape.
    pub fn of(run: &RunDir, which: Weights) -> Result<Self, TrainError> {
        let mut config = run.config()?;
        let dataset = run.trained_on()?;
        config.normalize_as(&dataset);
        let pipeline = Pipeline::new(config.augment, dataset.clone().into())?;
        let (image, classes) = (pipeline.shape(), dataset.classes.len());
        let spec = NetworkSource::find(&config.model)?.spec(&config.network, image, classes)?;
        let network = spec.classifier(image, classes)?;

        let state = run.state_dict(which)?;
        let weights_error = |source| TrainError::Weights {
            path: run.path().join(which.file_name()),
            source,
        };
        // Loaded for the look at names and shapes: what is written is what was read.
        let built = spec.build(image, &backend::host()?.device)?;
        built.with_state_dict(&state).map_err(weights_error)?;

        let normalization = pipeline.normalization();
        let (mean, std) = (normalization.mean(), normalization.std());
        let [channels, height, width] = image;
        let numbers = |numbers: &[f32]| {
            let texts: Vec<String> = numbers.iter().map(f32::to_string).collect();
            texts.join(",")
        };
        let safetensors = state.to_safetensors(&[
            ("model", &network.network),
            ("form", network.form.unwrap_or("only")),
            ("width", &config.network.width.to_string()),
            ("image", &format!("{channels}x{height}x{width}")),
            ("mean", &numbers(mean)),
            ("std", &numbers(std)),
            (
                "classes",
                &serde_json::to_string(&dataset.classes).expect("a list of strings"),
            ),
        ]);
        Ok(Self {
            safetensors: safetensors.map_err(weights_error)?,
            tensors: state.len(),
            mean: mean.to_vec(),
            std: std.to_vec(),
            network,
            dataset,
        })
    }
}
