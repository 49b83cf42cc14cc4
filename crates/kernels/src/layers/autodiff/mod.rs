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
use crate::{activation::Activation, pool::Window, simd::level};

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

    fn activate(x: Tracked<C>, function: Activation) -> Tracked<C> {
        let (x, node) = x.into_parts();
        match Activate(function)
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) if function.keeps_output() => {
                let y = Flex::activate(x, function);
                prep.finish(y.clone(), y)
            }
            OpsKind::Tracked(prep) => {
                let x = contiguous(x);
                prep.finish(x.clone(), Flex::activate(x, function))
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::activate(x, function)),
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

#[derive(Debug)]
struct Activate(Activation);

impl Backward<Flex, 1> for Activate {
    /// The output or the input, as [`Activation::keeps_output`] says.
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
        self.0.backward(level(), dy.storage_mut(), values(&kept));
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
        let mut dy = grads.consume::<Flex>(&ops.node);
        if let Some(y) = &ops.state {
            dy = contiguous(dy);
            Activation::Relu.backward(level(), dy.storage_mut(), values(y));
        }
        for node in ops.parents.into_iter().flatten() {
            grads.register::<Flex>(node.id, dy.clone());
        }
    }
}
