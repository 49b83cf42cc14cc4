//! Their backward passes.

mod norm;
mod pool;

use burn::backend::{
    Autodiff, Flex,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    tensor::FloatTensor,
};
use burn_flex::FlexTensor;

use super::{Addend, LayerOps, Pool, contiguous, recycle, values};
use crate::{
    activation::{self, Smooth},
    pool::Window,
    simd::level,
};

type Tracked<C> = FloatTensor<Autodiff<Flex, C>>;

impl<C: CheckpointStrategy> LayerOps for Autodiff<Flex, C> {
    fn norm_train(
        x: Tracked<C>,
        weight: Tracked<C>,
        bias: Tracked<C>,
        epsilon: f64,
        residual: Addend<Self>,
        relu: bool,
    ) -> (Tracked<C>, Tracked<C>, Tracked<C>) {
        let options = norm::Options {
            epsilon,
            relu,
            given: None,
        };
        let (y, mean, variance) = norm::register([x, weight, bias], residual, options);
        let constant = Tracked::<C>::new;
        (y, constant(mean), constant(variance))
    }

    fn norm(
        x: Tracked<C>,
        weight: Tracked<C>,
        bias: Tracked<C>,
        mean: Tracked<C>,
        variance: Tracked<C>,
        epsilon: f64,
        residual: Addend<Self>,
        relu: bool,
    ) -> Tracked<C> {
        let options = norm::Options {
            epsilon,
            relu,
            given: Some((mean.into_primitive(), variance.into_primitive())),
        };
        norm::register([x, weight, bias], residual, options).0
    }

    fn rectify(x: Tracked<C>) -> Tracked<C> {
        let (x, node) = x.into_parts();
        match Rectify.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let y = Flex::rectify(x);
                prep.finish(y.clone(), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::rectify(x)),
        }
    }

    fn smooth(x: Tracked<C>, function: Smooth) -> Tracked<C> {
        let (x, node) = x.into_parts();
        match Smoothed(function)
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) if function.keeps_output() => {
                let y = Flex::smooth(x, function);
                prep.finish(y.clone(), y)
            }
            OpsKind::Tracked(prep) => {
                let x = contiguous(x);
                prep.finish(x.clone(), Flex::smooth(x, function))
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::smooth(x, function)),
        }
    }

    fn sum(a: Tracked<C>, b: Tracked<C>, relu: bool) -> Tracked<C> {
        let ((a, node_a), (b, node_b)) = (a.into_parts(), b.into_parts());
        let y = Flex::sum(a, b, relu);
        match Sum
            .prepare::<C>([node_a, node_b])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(relu.then(|| y.clone()), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn pool(x: Tracked<C>, kind: Pool, window: Window) -> Tracked<C> {
        pool::register::<C>(x, kind, window)
    }

    fn global_average(x: Tracked<C>) -> Tracked<C> {
        pool::register_global::<C>(x)
    }
}

/// The gradient of what a ReLU that gave `y` took.
fn through_relu(dy: FlexTensor, y: &FlexTensor) -> FlexTensor {
    let mut dy = contiguous(dy);
    activation::relu_backward(level(), dy.storage_mut(), values(y));
    dy
}

#[derive(Debug)]
struct Rectify;

impl Backward<Flex, 1> for Rectify {
    /// The output.
    type State = FlexTensor;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let dy = grads.consume::<Flex>(&ops.node);
        let [node] = ops.parents;
        if let Some(node) = node {
            grads.register::<Flex>(node.id, through_relu(dy, &ops.state));
            recycle(ops.state);
        }
    }
}

#[derive(Debug)]
struct Smoothed(Smooth);

impl Backward<Flex, 1> for Smoothed {
    /// The output or the input, as [`Smooth::keeps_output`] says.
    type State = FlexTensor;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let mut dy = contiguous(grads.consume::<Flex>(&ops.node));
        let [Some(node)] = ops.parents else { return };
        let kept = ops.state;
        activation::smooth_backward(level(), self.0, dy.storage_mut(), values(&kept));
        grads.register::<Flex>(node.id, dy);
        recycle(kept);
    }
}

#[derive(Debug)]
struct Sum;

impl Backward<Flex, 2> for Sum {
    /// The output, if a ReLU was part of it.
    type State = Option<FlexTensor>;

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let dy = grads.consume::<Flex>(&ops.node);
        let dy = match &ops.state {
            Some(y) => through_relu(dy, y),
            None => dy,
        };
        for node in ops.parents.into_iter().flatten() {
            grads.register::<Flex>(node.id, dy.clone());
        }
    }
}
