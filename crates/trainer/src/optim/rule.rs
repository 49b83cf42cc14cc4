use burn::tensor::Tensor;

use crate::flat::Layout;

/// What an update is done with.
pub(super) struct Update<'a> {
    /// The learning rate of the parameter.
    pub lr: f64,
    /// Its weight decay.
    pub weight_decay: f64,
    /// The update's number, from 1.
    pub number: u64,
    /// How the parameter lies.
    pub layout: &'a Layout,
}

/// How an optimizer changes one parameter. All tensors are flat and lie alike.
pub(super) trait Rule: std::fmt::Debug + Send + Sync {
    /// The tensors that are kept for a parameter: PyTorch's names, and the value
    /// that fills them first.
    fn state(&self) -> Vec<(&'static str, f64)>;

    /// The new value of `parameter`. `state` is in the order of
    /// [`state`](Self::state).
    fn update(
        &self,
        update: &Update<'_>,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        state: &mut [Tensor<1>],
    ) -> Tensor<1>;
}

impl Update<'_> {
    /// Weight decay as a part of the gradient: the L2 penalty of Adam, SGD and the
    /// other optimizers of before AdamW.
    pub fn penalised(&self, gradient: Tensor<1>, parameter: &Tensor<1>) -> Tensor<1> {
        match self.weight_decay {
            0.0 => gradient,
            decay => parameter.clone() * decay + gradient,
        }
    }

    /// Weight decay beside the gradient (Loshchilov and Hutter, 2019).
    pub fn decayed(&self, parameter: Tensor<1>) -> Tensor<1> {
        match self.weight_decay {
            0.0 => parameter,
            decay => parameter * (1.0 - self.lr * decay),
        }
    }
}

/// Makes `average` the moving average that forgets `1 − keep` of itself for `new`.
pub(super) fn mix(average: &mut Tensor<1>, new: Tensor<1>, keep: f64) {
    *average = average.clone() * keep + new * (1.0 - keep);
}
