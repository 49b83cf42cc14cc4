use burn::tensor::Tensor;
use kernels::optim;

use super::rule::{Rule, Update};

/// Stochastic gradient descent with momentum, without dampening: `torch.optim.SGD`.
#[derive(Debug)]
pub(super) struct Sgd {
    pub momentum: f64,
    pub nesterov: bool,
}

impl Rule for Sgd {
    fn state(&self) -> Vec<(&'static str, f64)> {
        match self.momentum {
            0.0 => Vec::new(),
            _ => vec![("momentum_buffer", 0.0)],
        }
    }

    fn update(
        &self,
        update: &Update<'_>,
        mut parameter: Tensor<1>,
        gradient: Tensor<1>,
        state: &mut [Tensor<1>],
    ) -> Tensor<1> {
        let sgd = optim::Sgd {
            lr: update.lr,
            weight_decay: update.weight_decay,
            momentum: self.momentum,
            nesterov: self.nesterov,
        };
        if optim::sgd(&sgd, &mut parameter, &gradient, state.first_mut()) {
            return parameter;
        }
        let gradient = update.penalised(gradient, &parameter);
        let direction = match state {
            [buffer] => {
                *buffer = buffer.clone() * self.momentum + gradient.clone();
                match self.nesterov {
                    true => gradient + buffer.clone() * self.momentum,
                    false => buffer.clone(),
                }
            }
            _ => gradient,
        };
        parameter - direction * update.lr
    }
}
