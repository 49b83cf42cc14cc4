use burn::tensor::Tensor;

use super::rule::{Rule, Update, mix};

/// Lion (Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023), algorithm 2.
#[derive(Debug)]
pub(super) struct Lion {
    pub betas: [f64; 2],
}

impl Rule for Lion {
    fn state(&self) -> Vec<(&'static str, f64)> {
        vec![("exp_avg", 0.0)]
    }

    fn update(
        &self,
        update: &Update<'_>,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        state: &mut [Tensor<1>],
    ) -> Tensor<1> {
        let [mean] = state else {
            unreachable!("as many as `state` lists");
        };
        let mut direction = mean.clone();
        mix(&mut direction, gradient.clone(), self.betas[0]);
        mix(mean, gradient, self.betas[1]);
        update.decayed(parameter) - direction.sign() * update.lr
    }
}
