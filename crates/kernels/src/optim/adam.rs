//! `torch.optim.Adam` and `torch.optim.AdamW`.

use burn::tensor::Tensor;

use super::{pass::Pass, tensors::in_place};

/// Adam (Kingma and Ba, 2015); with decoupled weight decay AdamW (Loshchilov and Hutter,
/// 2019).
#[derive(Debug, Clone, Copy)]
pub struct Adam {
    /// The learning rate.
    pub lr: f64,
    /// The rate of weight decay.
    pub weight_decay: f64,
    /// Whether the decay is taken from the parameter by itself, and not added to the
    /// gradient.
    pub decoupled: bool,
    /// The shares of themselves that the averages of gradients and of their squares keep.
    pub betas: [f64; 2],
    /// What is added to the root of the average of squares.
    pub eps: f64,
    /// The update's number, from 1.
    pub number: u64,
}

impl Adam {
    /// By which averages that began at 0 are too small.
    #[must_use]
    pub fn bias_corrections(&self) -> [f64; 2] {
        self.betas.map(|beta| 1.0 - beta.powf(self.number as f64))
    }
}

/// An update of `parameter` by its `gradient`, all of one length. `averages` are those of
/// the gradients and of their squares, 0 before the first update.
///
/// Whether it was done.
#[must_use]
pub fn adam(
    adam: &Adam,
    parameter: &mut Tensor<1>,
    gradient: &Tensor<1>,
    averages: [&mut Tensor<1>; 2],
) -> bool {
    let [first, second] = adam.bias_corrections();
    let averaged = Averaged {
        keep: adam.betas.map(|beta| beta as f32),
        take: adam.betas.map(|beta| (1.0 - beta) as f32),
        root: second.sqrt() as f32,
        eps: adam.eps as f32,
        lr: (adam.lr / first) as f32,
    };
    let [mean, square] = averages;
    let changed = [parameter, mean, square];
    match adam.decoupled {
        true => {
            let kept = (1.0 - adam.lr * adam.weight_decay) as f32;
            in_place(&Decoupled { averaged, kept }, changed, [gradient])
        }
        false => {
            let decay = adam.weight_decay as f32;
            in_place(&Penalised { averaged, decay }, changed, [gradient])
        }
    }
}

/// What both have in common.
pub(super) struct Averaged {
    pub keep: [f32; 2],
    pub take: [f32; 2],
    /// Of the second bias correction.
    pub root: f32,
    pub eps: f32,
    /// By the first bias correction.
    pub lr: f32,
}

/// AdamW.
pub(super) struct Decoupled {
    pub averaged: Averaged,
    /// The share of the parameter that decay leaves.
    pub kept: f32,
}

/// Adam.
pub(super) struct Penalised {
    pub averaged: Averaged,
    pub decay: f32,
}

impl Averaged {
    #[inline(always)]
    fn run(
        &self,
        [parameters, means, squares]: [&mut [f32]; 3],
        gradients: &[f32],
        // Parameter and gradient with weight decay.
        decayed: impl Fn(f32, f32) -> (f32, f32),
    ) {
        let values = parameters.iter_mut().zip(means).zip(squares).zip(gradients);
        for (((parameter, mean), square), &gradient) in values {
            let (old, gradient) = decayed(*parameter, gradient);
            *mean = *mean * self.keep[0] + gradient * self.take[0];
            *square = *square * self.keep[1] + gradient * gradient * self.take[1];
            let deviation = square.sqrt() / self.root + self.eps;
            *parameter = old - *mean / deviation * self.lr;
        }
    }
}

impl Pass<3, 1> for Decoupled {
    #[inline(always)]
    fn run(&self, changed: [&mut [f32]; 3], [gradients]: [&[f32]; 1]) {
        let run = |parameter: f32, gradient| (parameter * self.kept, gradient);
        self.averaged.run(changed, gradients, run);
    }
}

impl Pass<3, 1> for Penalised {
    #[inline(always)]
    fn run(&self, changed: [&mut [f32]; 3], [gradients]: [&[f32]; 1]) {
        let run = |parameter: f32, gradient| match self.decay {
            0.0 => (parameter, gradient),
            decay => (parameter, parameter * decay + gradient),
        };
        self.averaged.run(changed, gradients, run);
    }
}
