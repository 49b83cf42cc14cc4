//! What one backend found, on its way from the process that computed it.

use std::{fs, path::Path};

use models::StateDict;
use serde::{Deserialize, Serialize};

use super::agreement::Apart;
use crate::{Scores, TrainError, backend::Backend, whole_file::write_whole};

const TRACE: &str = "trace.json";
const OUTPUTS: &str = "outputs.safetensors";
const GRADIENTS: &str = "gradients.safetensors";
const WEIGHTS: &str = "weights.safetensors";

/// A step of training, timed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepTrace {
    /// The step in the run, from 1.
    pub step: usize,
    /// Images in the batch.
    pub images: usize,
    /// The mean loss of the batch, before the update.
    pub loss: f64,
    /// Milliseconds from the end of the step before, the device having done all that it was
    /// given; of the first step from where the network was built.
    pub ms: f64,
}

/// What is told of a training on one backend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The backend.
    pub backend: Backend,
    /// The device, as the backend names it.
    pub device: String,
    /// Its [driver](Backend::driver), where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Threads that the CPU computed with.
    pub threads: usize,
    /// All steps.
    pub steps: Vec<StepTrace>,
    /// Seconds of the epochs until the target accuracy was reached, if it was.
    pub reached_s: Option<f64>,
    /// Of the last weights, over as many test images as there are predictions.
    pub test: Scores,
    /// The predicted class of each of them.
    pub predictions: Vec<usize>,
    /// As [`peak_rss_mb`](crate::bench::peak_rss_mb).
    pub peak_rss_mb: Option<f64>,
    /// The layers of the network, in the order of the forward pass.
    pub layers: Vec<String>,
    /// The parameters that have a gradient, in that order.
    pub parameters: Vec<String>,
    /// The largest difference of a gradient if the images are moved by
    /// [a rounding](super::Agreement::gradient_limit); of the reference.
    pub rounding: Option<Apart>,
}

/// A trace with its tensors.
#[derive(Debug)]
pub(super) struct Finished {
    pub trace: Trace,
    /// What each layer gives for the first images of the first batch, in training.
    pub outputs: StateDict,
    /// The gradient of the first batch, in Burn's order of values.
    pub gradients: StateDict,
    /// At the end.
    pub weights: StateDict,
}

impl Finished {
    /// Writes it, the trace last: where that is, all is.
    pub fn write(&self, folder: &Path) -> Result<(), TrainError> {
        for (name, tensors) in self.tensors() {
            let path = folder.join(name);
            let bytes = tensors.to_safetensors(&[]);
            let bytes = bytes.map_err(|source| TrainError::Weights {
                path: path.clone(),
                source,
            })?;
            write_whole(&path, &bytes)?;
        }
        let text = serde_json::to_string(&self.trace).expect("a trace is plain values");
        write_whole(&folder.join(TRACE), text.as_bytes())
    }

    fn tensors(&self) -> [(&'static str, &StateDict); 3] {
        [
            (OUTPUTS, &self.outputs),
            (GRADIENTS, &self.gradients),
            (WEIGHTS, &self.weights),
        ]
    }

    pub fn read(folder: &Path) -> Result<Self, TrainError> {
        let path = folder.join(TRACE);
        let text = fs::read_to_string(&path).map_err(TrainError::io("read", &path))?;
        let trace = serde_json::from_str(&text)
            .map_err(|error| TrainError::io("read", &path)(error.into()))?;
        let tensors = |name: &str| {
            let path = folder.join(name);
            let bytes = fs::read(&path).map_err(TrainError::io("read", &path))?;
            StateDict::from_safetensors(&bytes)
                .map_err(|source| TrainError::Weights { path, source })
        };
        Ok(Self {
            trace,
            outputs: tensors(OUTPUTS)?,
            gradients: tensors(GRADIENTS)?,
            weights: tensors(WEIGHTS)?,
        })
    }

    /// Deletes what is large, once it was compared.
    pub fn forget_tensors(folder: &Path) -> Result<(), TrainError> {
        for name in [OUTPUTS, GRADIENTS, WEIGHTS] {
            let path = folder.join(name);
            fs::remove_file(&path).map_err(TrainError::io("delete", &path))?;
        }
        Ok(())
    }
}
