//! Tensors that are kept for the parameters of a module, by their names: flat, so
//! that nothing has to know how many dimensions a parameter has, on the device,
//! off the graph. In `f32`, whatever the network computes in: a small share of a
//! change would be lost in 16 bits.

use burn::{
    module::Param,
    tensor::{DType, Device, Tensor, TensorData},
};
use kernels::optim;
use models::{Mismatch, ParameterPath, StateDict, StateTensor, WeightsError};

/// How a parameter lies in its module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Sizes as in PyTorch, outermost first.
    pub shape: Vec<usize>,
    /// Whether Burn keeps it transposed.
    pub transposed: bool,
}

impl Layout {
    /// That of the parameter that a walk is at.
    pub fn of<const D: usize>(param: &Param<Tensor<D>>, path: &ParameterPath) -> Self {
        let mut shape = param.dims().to_vec();
        let transposed = path.is_transposed(D);
        if transposed {
            shape.reverse();
        }
        Self { shape, transposed }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Values that lie as the parameter does as a matrix `[rows, columns]` in
    /// PyTorch's order: the first dimension, and all others.
    pub fn matrix(&self, values: Tensor<1>) -> Tensor<2> {
        let rows = self.shape.first().copied().unwrap_or(1);
        let columns = self.len() / rows.max(1);
        match self.transposed {
            true => values.reshape([columns, rows]).transpose(),
            false => values.reshape([rows, columns]),
        }
    }

    /// What [`matrix`](Self::matrix) was made of.
    pub fn flat(&self, matrix: Tensor<2>) -> Tensor<1> {
        let matrix = match self.transposed {
            true => matrix.transpose(),
            false => matrix,
        };
        matrix.reshape([self.len()])
    }

    fn read(&self, values: Tensor<1>) -> Result<StateTensor, WeightsError> {
        let values = match self.transposed {
            true => self.matrix(values).reshape([self.len()]),
            false => values,
        };
        let values = values
            .try_into_vec_as::<f32>()
            .map_err(|e| WeightsError::Device(e.to_string()))?;
        Ok(StateTensor {
            shape: self.shape.clone(),
            values,
        })
    }

    fn write(&self, state: &StateTensor, device: &Device) -> Tensor<1> {
        let data = TensorData::new(state.values.clone(), [self.len()]);
        let values = Tensor::<1>::from_data(data, (device, DType::F32)).without_autodiff();
        match self.transposed {
            true => {
                let [rows, columns] = [self.shape[0], self.shape[1]];
                let matrix = values.reshape([rows, columns]);
                self.flat(matrix)
            }
            false => values,
        }
    }
}

/// A tensor under its name.
pub(crate) struct Kept<'a> {
    pub name: String,
    pub layout: &'a Layout,
    pub values: &'a mut Tensor<1>,
}

/// Values of tensors, in PyTorch's shapes.
pub(crate) fn read<'a>(
    tensors: impl IntoIterator<Item = (String, &'a Layout, &'a Tensor<1>)>,
) -> Result<StateDict, WeightsError> {
    let mut state = StateDict::default();
    for (name, layout, values) in tensors {
        state.insert(&name, layout.read(values.clone())?);
    }
    Ok(state)
}

/// Puts the values of `state` into tensors of `device`. `whose` names the owner in
/// errors.
///
/// # Errors
/// [`WeightsError::Mismatch`] unless `state` holds exactly these tensors; then none
/// of them is changed.
pub(crate) fn write(
    whose: &str,
    tensors: Vec<Kept<'_>>,
    state: &StateDict,
    device: &Device,
) -> Result<(), WeightsError> {
    let mut mismatch = Mismatch::default();
    for Kept { name, layout, .. } in &tensors {
        match state.get(name) {
            None => mismatch.missing.push(name.clone()),
            Some(found) if found.shape != layout.shape || found.values.len() != layout.len() => {
                let shapes = (name.clone(), layout.shape.clone(), found.shape.clone());
                mismatch.shapes.push(shapes);
            }
            Some(_) => {}
        }
    }
    let known: std::collections::HashSet<&str> = tensors.iter().map(|t| t.name.as_str()).collect();
    let unexpected = state.iter().filter(|(name, _)| !known.contains(name));
    mismatch.unexpected = unexpected.map(|(name, _)| name.into()).collect();
    if !mismatch.is_empty() {
        return Err(WeightsError::Mismatch {
            network: whose.into(),
            mismatch,
        });
    }
    for tensor in tensors {
        if let Some(found) = state.get(&tensor.name) {
            *tensor.values = tensor.layout.write(found, device);
        }
    }
    Ok(())
}

/// How many values are summed one after the other.
const RUN: usize = 32;

/// The sum of the squares of `values`, `[1]`, by sums of runs, and sums of those: it
/// neither loses small squares in a large sum, nor depends on the number of threads,
/// which Flex's own sum of millions of values does.
pub(crate) fn sum_of_squares(values: Tensor<1>) -> Tensor<1> {
    if let Some(sum) = optim::sum_of_squares(&values) {
        return sum;
    }
    let mut sums = values.square();
    loop {
        let [count] = sums.dims();
        let runs = count / RUN;
        if count <= RUN {
            return sums.sum();
        }
        let whole = sums.clone().narrow(0, 0, runs * RUN).reshape([runs, RUN]);
        let whole = whole.sum_dim(1).reshape([runs]);
        sums = match count % RUN {
            0 => whole,
            rest => Tensor::cat(vec![whole, sums.narrow(0, runs * RUN, rest)], 0),
        };
    }
}

/// Moves `mean` by `share` of the way towards `new`. This way round a mean of what
/// stays is that, exactly.
pub(crate) fn approach(mean: &mut Tensor<1>, new: Tensor<1>, share: f64) {
    if !optim::lerp(mean, &new, share) {
        *mean = mean.clone() + (new - mean.clone()) * share;
    }
}

/// The parameter with another value, computed off the graph and in `f32`. Whether and how it is
/// differentiated stays.
pub(crate) fn replaced<const D: usize>(
    param: Param<Tensor<D>>,
    change: impl FnOnce(Tensor<1>) -> Tensor<1>,
) -> Param<Tensor<D>> {
    param.map(|old| {
        let shape = old.dims();
        let strategy = old.gradient_checkpointing_strategy();
        let require_grad = old.is_require_grad();
        let length: usize = shape.iter().product();
        let dtype = old.dtype();
        let flat = old.without_autodiff().reshape([length]);
        let new = change(flat.cast(DType::F32)).cast(dtype);
        let new: Tensor<D> = new.reshape(shape);
        match strategy {
            Some(strategy) => new
                .autodiff()
                .with_gradient_checkpointing_strategy(strategy)
                .set_require_grad(require_grad),
            None => new,
        }
    })
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;

    #[test]
    fn squares_are_summed_to_the_last_bits() {
        for count in [1, 32, 33, 63, 65_536, 1_000_003] {
            let values = Tensor::<1>::full([count], 0.1, &Device::flex());
            let found: f32 = sum_of_squares(values).into_scalar();
            let expected = f64::from(0.1f32 * 0.1f32) * count as f64;
            let difference = (f64::from(found) / expected - 1.0).abs();
            assert!(difference < 1e-6, "{count}: {difference:e}");
        }
    }
}
