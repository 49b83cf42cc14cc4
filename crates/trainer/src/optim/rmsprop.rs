use burn::tensor::Tensor;

use super::rule::{Rule, Update, mix};

/// RMSprop (Tieleman and Hinton, 2012), `torch.optim.RMSprop`; centered as in Graves, 2013.
#[derive(Debug)]
pub(super) struct RmsProp {
    pub alpha: f64,
    pub eps: f64,
    pub momentum: f64,
    pub centered: bool,
}

impl Rule for RmsProp {
    fn state(&self) -> Vec<(&'static str, f64)> {
        let mut state = vec![("square_avg", 0.0)];
        if self.centered {
            state.push(("grad_avg", 0.0));
        }
        if self.momentum > 0.0 {
            state.push(("momentum_buffer", 0.0));
        }
        state
    }

    fn update(
        &self,
        update: &Update<'_>,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        state: &mut [Tensor<1>],
    ) -> Tensor<1> {
        let gradient = update.penalised(gradient, &parameter);
        let (square, rest) = state.split_first_mut().expect("`state` lists it");
        mix(square, gradient.clone().square(), self.alpha);
        let (variance, buffer) = match (self.centered, rest) {
            (true, [mean, buffer @ ..]) => {
                mix(mean, gradient.clone(), self.alpha);
                // Rounding may leave a variance of 0 just below it.
                let variance = (square.clone() - mean.clone().square()).clamp_min(0.0);
                (variance, buffer)
            }
            (_, buffer) => (square.clone(), buffer),
        };
        let mut direction = gradient / (variance.sqrt() + self.eps);
        if let [buffer] = buffer {
            *buffer = buffer.clone() * self.momentum + direction;
            direction = buffer.clone();
        }
        parameter - direction * update.lr
    }
}
