use burn::tensor::Tensor;

use super::rule::{Rule, Update, mix};
use crate::{config::AdjustLr, flat::sum_of_squares};

/// Muon (Jordan, "Muon: An optimizer for hidden layers in neural networks", 2024),
/// `torch.optim.Muon`, in the precision of the parameters: PyTorch's iteration is
/// of 16 bits.
#[derive(Debug)]
pub(super) struct Muon {
    pub momentum: f64,
    pub nesterov: bool,
    pub adjust_lr: AdjustLr,
}

/// Of the quintic a·x + b·x³ + c·x⁵, steep at 0.
const COEFFICIENTS: [f64; 3] = [3.4445, -4.7750, 2.0315];
const STEPS: usize = 5;
/// The smallest norm that a direction is divided by.
const EPSILON: f64 = 1e-7;

impl Rule for Muon {
    fn state(&self) -> Vec<(&'static str, f64)> {
        vec![("momentum_buffer", 0.0)]
    }

    fn update(
        &self,
        update: &Update<'_>,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        state: &mut [Tensor<1>],
    ) -> Tensor<1> {
        let [buffer] = state else {
            unreachable!("as many as `state` lists");
        };
        mix(buffer, gradient.clone(), self.momentum);
        let mut direction = buffer.clone();
        if self.nesterov {
            mix(&mut direction, gradient, self.momentum);
        }
        let matrix = update.layout.matrix(direction);
        let [rows, columns] = matrix.dims();
        let lr = update.lr * self.factor(rows as f64, columns as f64);
        let direction = update.layout.flat(orthogonalised(matrix));
        update.decayed(parameter) - direction * lr
    }
}

impl Muon {
    /// What a matrix of this shape multiplies the learning rate by.
    fn factor(&self, rows: f64, columns: f64) -> f64 {
        match self.adjust_lr {
            AdjustLr::Original => (rows / columns).max(1.0).sqrt(),
            AdjustLr::MatchRmsAdamw => 0.2 * rows.max(columns).sqrt(),
        }
    }
}

/// About U·Vᵀ of the singular value decomposition U·S·Vᵀ: singular values between
/// 0.5 and 1.5, by an iteration of Newton and Schulz.
fn orthogonalised(matrix: Tensor<2>) -> Tensor<2> {
    let [rows, columns] = matrix.dims();
    // The products are of the shorter side.
    let is_tall = rows > columns;
    let mut x = match is_tall {
        true => matrix.transpose(),
        false => matrix,
    };
    let squares = sum_of_squares(x.clone().reshape([rows * columns]));
    let norm = squares.sqrt().clamp_min(EPSILON);
    x = x / norm.reshape([1, 1]);
    let [a, b, c] = COEFFICIENTS;
    for _ in 0..STEPS {
        let gram = x.clone().matmul(x.clone().transpose());
        let terms = gram.clone() * b + gram.clone().matmul(gram) * c;
        x = x.clone() * a + terms.matmul(x);
    }
    match is_tall {
        true => x.transpose(),
        false => x,
    }
}
