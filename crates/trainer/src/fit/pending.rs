use burn::tensor::Tensor;

use crate::{
    TrainError,
    event::{Scores, StepDone},
};

/// Steps whose scores are still on the device. Reading them one by one would make
/// a GPU wait for the host after every step.
#[derive(Default)]
pub(super) struct Pending {
    steps: Vec<(StepDone, Tensor<1>)>,
}

impl Pending {
    /// Keeps a step, without its scores, and `[loss, number of correct]` on the device.
    pub fn push(&mut self, step: StepDone, scores: Tensor<1>) {
        self.steps.push((step, scores));
    }

    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// The steps with their scores, by one transfer.
    pub fn read(&mut self) -> Result<Vec<StepDone>, TrainError> {
        if self.steps.is_empty() {
            return Ok(Vec::new());
        }
        let (mut steps, tensors): (Vec<_>, Vec<_>) = self.steps.drain(..).unzip();
        let values = Tensor::cat(tensors, 0)
            .try_into_vec_as::<f32>()
            .map_err(|e| TrainError::Device(e.to_string()))?;
        for (step, pair) in steps.iter_mut().zip(values.chunks_exact(2)) {
            step.batch = Scores {
                loss: f64::from(pair[0]),
                accuracy: f64::from(pair[1]) / step.images as f64,
            };
        }
        Ok(steps)
    }
}
