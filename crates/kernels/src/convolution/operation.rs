//! Convolutions as an operation of the Flex backend, with its backward pass.

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, Flex,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, NodeGuard, Ops, OpsKind},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::{Tensor, TensorData, ops::ConvOptions},
};
use burn_flex::FlexTensor;

use crate::{
    channels::sum_per_channel,
    conv::{self, ConvShape},
    layers::recycle,
    simd::level,
};

/// Convolutions with a backward pass of their own. Tensors are `f32` and of the shape
/// given: [`covered`] sees to that.
#[backend_extension(Flex, Autodiff)]
pub trait ConvOps: Backend {
    fn convolve(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self>;

    fn convolve_with_bias(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self>;
}

/// The shape of a convolution that the kernels compute.
pub fn covered(
    x: &Tensor<4>,
    weight: &Tensor<4>,
    bias: Option<&Tensor<1>>,
    options: &ConvOptions<2>,
) -> Option<ConvShape> {
    let all_ours = crate::is_ours(x) && crate::is_ours(weight) && bias.is_none_or(crate::is_ours);
    if !all_ours || options.is_asymmetric() {
        return None;
    }
    let ([batch, channels, height, width], [outputs, inputs, tall, wide]) =
        (x.dims(), weight.dims());
    let groups = options.groups;
    let fits = channels == inputs * groups
        && outputs.is_multiple_of(groups)
        && bias.is_none_or(|bias| bias.dims() == [outputs]);
    let mut shape = ConvShape {
        batch,
        groups,
        inputs,
        outputs: outputs / groups,
        image: [height, width],
        kernel: [tall, wide],
        stride: options.stride,
        padding: options.padding_begin(),
        dilation: options.dilation,
    };
    let output = shape.output()?;
    if !shape.is_in_proportion() {
        return None;
    }
    for (stride, size) in shape.stride.iter_mut().zip(output) {
        // The kernels take memory by the stride, and where nothing is a stride away, it
        // may be any number.
        if size == 1 {
            *stride = 1;
        }
    }
    (fits && shape.output() == Some(output)).then_some(shape)
}

/// The convolution of a shape that is [`covered`].
pub fn apply(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    shape: ConvShape,
) -> Tensor<4> {
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(match bias {
        Some(bias) => Dispatch::convolve_with_bias(x, weight, bias.into_dispatch(), shape),
        None => Dispatch::convolve(x, weight, shape),
    })
}

fn forward(
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: Option<&FlexTensor>,
    shape: &ConvShape,
) -> FlexTensor {
    let bias = bias.map(|bias| bias.storage());
    let y = conv::forward(level(), shape, x.storage(), weight.storage(), bias);
    let [height, width] = shape.output().unwrap_or_default();
    let dims = [shape.batch, shape.groups * shape.outputs, height, width];
    FlexTensor::from_data(TensorData::new(y, dims))
}

impl ConvOps for Flex {
    fn convolve(x: FlexTensor, weight: FlexTensor, shape: ConvShape) -> FlexTensor {
        forward(&x.to_contiguous(), &weight.to_contiguous(), None, &shape)
    }

    fn convolve_with_bias(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        shape: ConvShape,
    ) -> FlexTensor {
        let bias = bias.to_contiguous();
        forward(
            &x.to_contiguous(),
            &weight.to_contiguous(),
            Some(&bias),
            &shape,
        )
    }
}

type Tracked<C> = FloatTensor<Autodiff<Flex, C>>;

impl<C: CheckpointStrategy> ConvOps for Autodiff<Flex, C> {
    fn convolve(x: Tracked<C>, weight: Tracked<C>, shape: ConvShape) -> Tracked<C> {
        let ((x, x_node), (weight, weight_node)) = (x.into_parts(), weight.into_parts());
        register::<C, 2>([x, weight], None, [x_node, weight_node], shape)
    }

    fn convolve_with_bias(
        x: Tracked<C>,
        weight: Tracked<C>,
        bias: Tracked<C>,
        shape: ConvShape,
    ) -> Tracked<C> {
        let ((x, x_node), (weight, weight_node)) = (x.into_parts(), weight.into_parts());
        let (bias, bias_node) = bias.into_parts();
        let nodes = [x_node, weight_node, bias_node];
        register::<C, 3>([x, weight], Some(bias.to_contiguous()), nodes, shape)
    }
}

/// A convolution of `[x, weight]`, whose backward pass goes to `nodes`.
fn register<C: CheckpointStrategy, const N: usize>(
    inputs: [FlexTensor; 2],
    bias: Option<FlexTensor>,
    nodes: [NodeGuard; N],
    shape: ConvShape,
) -> Tracked<C> {
    let [x, weight] = inputs.map(|tensor| tensor.to_contiguous());
    let y = forward(&x, &weight, bias.as_ref(), &shape);
    let prepared = Convolution(shape).prepare::<C>(nodes).compute_bound();
    match prepared.stateful() {
        OpsKind::Tracked(prep) => prep.finish((x, weight), y),
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

/// The gradients of a convolution's input, weights and, if it has one, bias.
#[derive(Debug)]
struct Convolution(ConvShape);

impl<const N: usize> Backward<Flex, N> for Convolution {
    /// The input and the weights.
    type State = (FlexTensor, FlexTensor);

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let shape = self.0;
        let of_output = grads.consume::<Flex>(&ops.node).to_contiguous();
        let dy = of_output.storage::<f32>();
        let (x, weight) = ops.state;
        let [height, width] = shape.output().unwrap_or_default();
        let outputs = shape.groups * shape.outputs;
        for (index, node) in ops.parents.into_iter().enumerate() {
            let Some(node) = node else { continue };
            let (gradient, dims) = match index {
                0 => (
                    conv::input_gradient(level(), &shape, dy, weight.storage()),
                    x.layout().shape().clone(),
                ),
                1 => (
                    conv::weight_gradient(level(), &shape, x.storage(), dy),
                    weight.layout().shape().clone(),
                ),
                _ => (
                    sum_per_channel(dy, shape.batch, outputs, height * width),
                    [outputs].into(),
                ),
            };
            let gradient = FlexTensor::from_data(TensorData::new(gradient, dims));
            grads.register::<Flex>(node.id, gradient);
        }
        recycle(of_output);
        recycle(x);
    }
}
