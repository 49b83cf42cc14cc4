use burn::tensor::Tensor;

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
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        state: &mut [Tensor<1>],
    ) -> Tensor<1> {
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
