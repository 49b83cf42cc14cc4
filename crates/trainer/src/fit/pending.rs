use burn::tensor::Tensor;

use crate::{TrainError, evaluate::read_scores, event::StepDone};

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
        let (mut steps, told): (Vec<_>, Vec<_>) = self.steps.drain(..).unzip();
        let images = steps.iter().map(|step: &StepDone| step.images);
        let scores = read_scores(told.into_iter().zip(images))?;
        for (step, scores) in steps.iter_mut().zip(scores) {
            step.batch = scores;
        }
        Ok(steps)
    }
}
