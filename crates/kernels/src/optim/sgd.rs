//! `torch.optim.SGD`.

use burn::tensor::Tensor;

use super::{pass::Pass, tensors::in_place};

/// Stochastic gradient descent with momentum, without dampening, and with weight decay
/// as a part of the gradient.
#[derive(Debug, Clone, Copy)]
pub struct Sgd {
    /// The learning rate.
    pub lr: f64,
    /// The factor of the parameter that is added to its gradient.
    pub weight_decay: f64,
    /// The share of itself that the momentum buffer keeps.
    pub momentum: f64,
    /// Whether the step looks ahead by the momentum.
    pub nesterov: bool,
}

/// An update of `parameter` by its `gradient`, all of one length. `buffer` is what is
/// kept of former gradients, 0 before the first; without one there is no momentum.
///
/// Whether it was done.
#[must_use]
pub fn sgd(
    sgd: &Sgd,
    parameter: &mut Tensor<1>,
    gradient: &Tensor<1>,
    buffer: Option<&mut Tensor<1>>,
) -> bool {
    let &Sgd { lr, momentum, .. } = sgd;
    let plain = Plain {
        lr: lr as f32,
        weight_decay: sgd.weight_decay as f32,
    };
    let Some(buffer) = buffer else {
        return in_place(&plain, [parameter], [gradient]);
    };
    let momentum = momentum as f32;
    match sgd.nesterov {
        true => {
            let pass = Momentum::<true> { plain, momentum };
            in_place(&pass, [parameter, buffer], [gradient])
        }
        false => {
            let pass = Momentum::<false> { plain, momentum };
            in_place(&pass, [parameter, buffer], [gradient])
        }
    }
}

pub(super) struct Plain {
    pub lr: f32,
    pub weight_decay: f32,
}

pub(super) struct Momentum<const NESTEROV: bool> {
    pub plain: Plain,
    pub momentum: f32,
}

impl Plain {
    /// The gradient with weight decay.
    #[inline(always)]
    fn penalised(&self, gradient: f32, parameter: f32) -> f32 {
        match self.weight_decay {
            0.0 => gradient,
            decay => parameter * decay + gradient,
        }
    }
}

impl Pass<1, 1> for Plain {
    #[inline(always)]
    fn run(&self, [parameters]: [&mut [f32]; 1], [gradients]: [&[f32]; 1]) {
        for (parameter, &gradient) in parameters.iter_mut().zip(gradients) {
            *parameter -= self.penalised(gradient, *parameter) * self.lr;
        }
    }
}

impl<const NESTEROV: bool> Pass<2, 1> for Momentum<NESTEROV> {
    #[inline(always)]
    fn run(&self, [parameters, buffers]: [&mut [f32]; 2], [gradients]: [&[f32]; 1]) {
        let values = parameters.iter_mut().zip(buffers).zip(gradients);
        for ((parameter, buffer), &gradient) in values {
            let gradient = self.plain.penalised(gradient, *parameter);
            *buffer = *buffer * self.momentum + gradient;
            let direction = match NESTEROV {
                true => gradient + *buffer * self.momentum,
                false => *buffer,
            };
            *parameter -= direction * self.plain.lr;
        }
    }
}
