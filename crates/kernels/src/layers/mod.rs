//! The pointwise, normalising and pooling layers as operations of the Flex backend.

mod autodiff;

use std::sync::Arc;

use burn::{
    backend::{Backend, ExtensionType, Flex, backend_extension, tensor::FloatTensor},
    tensor::{Shape, TensorData},
};
use burn_flex::FlexTensor;

use crate::{
    activation::Activation,
    channels::Rows,
    norm::{self, Affine, After},
    pool::{self, Window},
    residual, scratch,
    simd::level,
};

/// What is added before a ReLU, or nothing.
#[derive(ExtensionType)]
pub enum Addend<B: Backend> {
    /// Of the shape of what it is added to.
    Of(FloatTensor<B>),
    Nothing,
}

/// What a pooling layer takes of its windows.
#[derive(Debug, Clone, Copy)]
pub enum Pool {
    Max,
    Average { with_padding: bool },
}

/// Layers with backward passes of their own. Tensors are `f32` and not empty, and their
/// shapes fit each other: the functions of [`crate::functions`] see to that.
#[backend_extension(Flex, Autodiff)]
pub trait LayerOps: Backend {
    /// Normalised by the statistics of the batch; with its mean and biased variance.
    fn norm_train(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        epsilon: f64,
        #[extension_type] residual: Addend<Self>,
        relu: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Normalised by the statistics given.
    #[allow(
        clippy::too_many_arguments,
        reason = "each is a tensor that the backend must see"
    )]
    fn norm(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
        #[extension_type] residual: Addend<Self>,
        relu: bool,
    ) -> FloatTensor<Self>;

    /// `function` of every value.
    fn activate(x: FloatTensor<Self>, function: Activation) -> FloatTensor<Self>;

    /// `a + b`, or the ReLU of that.
    fn sum(a: FloatTensor<Self>, b: FloatTensor<Self>, relu: bool) -> FloatTensor<Self>;

    /// Pooling over windows of `x`, `[N, C, H, W]`.
    fn pool(x: FloatTensor<Self>, pool: Pool, window: Window) -> FloatTensor<Self>;

    /// The mean over height and width of `x`, `[N, C, H, W]`, as `[N, C, 1, 1]`.
    fn global_average(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The tensor, laid out without gaps. Alone on its values if `tensor` was.
fn contiguous(tensor: FlexTensor) -> FlexTensor {
    tensor.to_contiguous()
}

fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.into()))
}

/// Keeps the memory of a tensor that an operation is done with, if nobody else holds it.
pub fn recycle(tensor: FlexTensor) {
    if tensor.is_unique()
        && let Ok(values) = tensor.into_data().try_into_vec()
    {
        scratch::recycle(values);
    }
}

fn shape(tensor: &FlexTensor) -> Shape {
    tensor.layout().shape().clone()
}

fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.storage()
}

fn rows(tensor: &FlexTensor) -> Rows {
    Rows::of(tensor.layout().shape())
}

impl LayerOps for Flex {
    fn norm_train(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        epsilon: f64,
        residual: Addend<Self>,
        relu: bool,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let x = contiguous(x);
        let (weight, bias) = (contiguous(weight), contiguous(bias));
        let residual = residual.contiguous();
        let mut output = scratch::output(values(&x).len());
        let affine = Affine {
            weight: values(&weight),
            bias: values(&bias),
            epsilon,
        };
        let after = After {
            residual: residual.as_ref().map(values),
            relu,
        };
        let rows = rows(&x);
        let statistics = norm::train(level(), &mut output, values(&x), rows, affine, after);
        (
            tensor(output, shape(&x)),
            tensor(statistics.mean, [rows.channels]),
            tensor(statistics.variance, [rows.channels]),
        )
    }

    fn norm(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        epsilon: f64,
        residual: Addend<Self>,
        relu: bool,
    ) -> FlexTensor {
        let mut x = contiguous(x);
        let (weight, bias) = (contiguous(weight), contiguous(bias));
        let (mean, variance) = (contiguous(mean), contiguous(variance));
        let residual = residual.contiguous();
        let affine = Affine {
            weight: values(&weight),
            bias: values(&bias),
            epsilon,
        };
        let after = After {
            residual: residual.as_ref().map(values),
            relu,
        };
        let statistics = (values(&mean), values(&variance));
        let rows = rows(&x);
        if let Some(output) = x.try_storage_mut() {
            norm::apply(level(), output, None, rows, affine, statistics, after);
            return x;
        }
        let mut output = scratch::output(values(&x).len());
        let input = Some(values(&x));
        norm::apply(level(), &mut output, input, rows, affine, statistics, after);
        tensor(output, shape(&x))
    }

    fn activate(x: FlexTensor, function: Activation) -> FlexTensor {
        let mut x = contiguous(x);
        if let Some(in_place) = x.try_storage_mut() {
            function.forward(level(), in_place, None);
            return x;
        }
        let mut output = scratch::output(values(&x).len());
        function.forward(level(), &mut output, Some(values(&x)));
        tensor(output, shape(&x))
    }

    fn sum(a: FlexTensor, b: FlexTensor, relu: bool) -> FlexTensor {
        let (a, b) = (contiguous(a), contiguous(b));
        // Into the one that nobody else holds.
        let (mut sum, other) = match b.is_unique() {
            true => (b, a),
            false => (a, b),
        };
        residual::add(level(), sum.storage_mut(), values(&other), relu);
        sum
    }

    fn pool(x: FlexTensor, pool: Pool, window: Window) -> FlexTensor {
        pooled(&contiguous(x), pool, window).0
    }

    fn global_average(x: FlexTensor) -> FlexTensor {
        let x = contiguous(x);
        let rows = rows(&x);
        let means = pool::global_average(level(), values(&x), rows.area);
        tensor(means, [rows.images, rows.channels, 1, 1])
    }
}

impl Addend<Flex> {
    fn contiguous(self) -> Option<FlexTensor> {
        match self {
            Self::Of(tensor) => Some(contiguous(tensor)),
            Self::Nothing => None,
        }
    }
}

/// The output, and where in the input it comes from, if from single values.
fn pooled(x: &FlexTensor, pool: Pool, window: Window) -> (FlexTensor, Option<Arc<Vec<u32>>>) {
    let (output, places) = match pool {
        Pool::Max => {
            let (largest, places) = pool::max(level(), values(x), window);
            (largest, Some(Arc::new(places)))
        }
        Pool::Average { with_padding } => {
            let means = pool::average(level(), values(x), window, with_padding);
            (means, None)
        }
    };
    let Rows {
        images, channels, ..
    } = rows(x);
    let [height, width] = window.output;
    (tensor(output, [images, channels, height, width]), places)
}
