use burn::tensor::Tensor;
use kernels::optim;

use super::rule::{Rule, Update, mix};

/// Adam (Kingma and Ba, 2015), `torch.optim.Adam`; with decoupled weight decay AdamW
/// (Loshchilov and Hutter, 2019), `torch.optim.AdamW`.
#[derive(Debug)]
pub(super) struct Adam {
    pub betas: [f64; 2],
    pub eps: f64,
    pub decoupled: bool,
}

impl Rule for Adam {
    fn state(&self) -> Vec<(&'static str, f64)> {
        vec![("exp_avg", 0.0), ("exp_avg_sq", 0.0)]
    }

    fn update(
        &self,
        update: &Update<'_>,
        mut parameter: Tensor<1>,
        mut gradient: Tensor<1>,
        state: &mut [Tensor<1>],
    ) -> Tensor<1> {
        let [mean, square] = state else {
            unreachable!("as many as `state` lists");
        };
        let adam = optim::Adam {
            lr: update.lr,
            weight_decay: update.weight_decay,
            decoupled: self.decoupled,
            betas: self.betas,
            eps: self.eps,
            number: update.number,
        };
        if optim::adam(&adam, &mut parameter, &gradient, [mean, square]) {
            return parameter;
        }
        match self.decoupled {
            true => parameter = update.decayed(parameter),
            false => gradient = update.penalised(gradient, &parameter),
        }
        mix(mean, gradient.clone(), self.betas[0]);
        mix(square, gradient.square(), self.betas[1]);
        let [first, second] = adam.bias_corrections();
        let deviation = square.clone().sqrt() / second.sqrt() + self.eps;
        parameter - mean.clone() / deviation * (update.lr / first)
    }
}
