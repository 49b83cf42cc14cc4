use burn::tensor::Tensor;

use super::rule::{Rule, Update};

/// Adagrad (Duchi, Hazan and Singer, 2011), `torch.optim.Adagrad`.
#[derive(Debug)]
pub(super) struct Adagrad {
    pub lr_decay: f64,
    pub initial_accumulator: f64,
    pub eps: f64,
}

impl Rule for Adagrad {
    fn state(&self) -> Vec<(&'static str, f64)> {
        vec![("sum", self.initial_accumulator)]
    }

    fn update(
        &self,
        update: &Update<'_>,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        state: &mut [Tensor<1>],
    ) -> Tensor<1> {
        let gradient = update.penalised(gradient, &parameter);
        let [sum] = state else {
            unreachable!("as many as `state` lists");
        };
        *sum = sum.clone() + gradient.clone().square();
        let lr = update.lr / (1.0 + (update.number - 1) as f64 * self.lr_decay);
        parameter - gradient / (sum.clone().sqrt() + self.eps) * lr
    }
}
