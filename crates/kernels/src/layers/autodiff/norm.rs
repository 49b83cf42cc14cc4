use burn::backend::{
    Flex,
    autodiff::{
        NodeId,
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
};
use burn_flex::FlexTensor;

use super::{Addend, Tracked};
use crate::{
    layers::{LayerOps, contiguous, recycle, rows, shape, tensor, values},
    norm, scratch,
    simd::level,
};

/// What a batch norm has beside tensors that may have gradients.
pub struct Options {
    pub epsilon: f64,
    pub relu: bool,
    /// Mean and variance, if not those of the batch.
    pub given: Option<(FlexTensor, FlexTensor)>,
}

impl Options {
    /// The output, and the mean and variance that it was normalised by.
    fn forward(
        self,
        [x, weight, bias]: [FlexTensor; 3],
        residual: Addend<Flex>,
    ) -> [FlexTensor; 3] {
        let Self { epsilon, relu, .. } = self;
        let Some((mean, variance)) = self.given else {
            return Flex::norm_train(x, weight, bias, epsilon, residual, relu).into();
        };
        let (m, v) = (mean.clone(), variance.clone());
        let y = Flex::norm(x, weight, bias, m, v, epsilon, residual, relu);
        [y, mean, variance]
    }
}

/// A batch norm of `[x, weight, bias]`, with mean and variance.
pub fn register<C: CheckpointStrategy>(
    inputs: [Tracked<C>; 3],
    residual: Addend<burn::backend::Autodiff<Flex, C>>,
    options: Options,
) -> (Tracked<C>, FlexTensor, FlexTensor) {
    let [(x, node_x), (weight, node_weight), (bias, node_bias)] =
        inputs.map(Tracked::<C>::into_parts);
    let inputs = [x, weight, bias];
    match residual {
        Addend::Nothing => {
            let nodes = [node_x, node_weight, node_bias];
            let prepared = Backward::<Flex, 3>::prepare::<C>(Norm, nodes).compute_bound();
            finish(prepared.stateful(), inputs, Addend::Nothing, options)
        }
        Addend::Of(residual) => {
            let (residual, node_residual) = residual.into_parts();
            let nodes = [node_x, node_weight, node_bias, node_residual];
            let prepared = Backward::<Flex, 4>::prepare::<C>(Norm, nodes).compute_bound();
            finish(prepared.stateful(), inputs, Addend::Of(residual), options)
        }
    }
}

fn finish<C: CheckpointStrategy, const N: usize>(
    kind: OpsKind<Norm, Flex, Saved, C, N>,
    [x, weight, bias]: [FlexTensor; 3],
    residual: Addend<Flex>,
    options: Options,
) -> (Tracked<C>, FlexTensor, FlexTensor)
where
    Norm: Backward<Flex, N, State = Saved>,
{
    match kind {
        OpsKind::Tracked(prep) => {
            let (x, weight) = (contiguous(x), contiguous(weight));
            let (relu, epsilon) = (options.relu, options.epsilon);
            let of_batch = options.given.is_none();
            let inputs = [x.clone(), weight.clone(), bias];
            let [y, mean, variance] = options.forward(inputs, residual);
            let saved = Saved {
                x,
                y: relu.then(|| y.clone()),
                weight,
                mean: contiguous(mean.clone()),
                variance: contiguous(variance.clone()),
                epsilon,
                of_batch,
            };
            (prep.finish(saved, y), mean, variance)
        }
        OpsKind::UnTracked(prep) => {
            let [y, mean, variance] = options.forward([x, weight, bias], residual);
            (prep.finish(y), mean, variance)
        }
    }
}

/// As [`norm::Backward`].
#[derive(Debug, Clone)]
struct Saved {
    x: FlexTensor,
    y: Option<FlexTensor>,
    weight: FlexTensor,
    mean: FlexTensor,
    variance: FlexTensor,
    epsilon: f64,
    of_batch: bool,
}

impl Saved {
    /// Hands `[x, weight, bias, residual]` their gradients.
    fn backward(self, dy: FlexTensor, parents: [Option<NodeId>; 4], grads: &mut Gradients) {
        let [node_x, node_weight, node_bias, node_residual] = parents;
        let mut dy = contiguous(dy);
        let rows = rows(&self.x);
        let saved = norm::Backward {
            x: values(&self.x),
            y: self.y.as_ref().map(values),
            weight: values(&self.weight),
            mean: values(&self.mean),
            variance: values(&self.variance),
            epsilon: self.epsilon,
            of_batch: self.of_batch,
        };
        // The residual takes `dy` for its own; otherwise that of `x` goes there.
        let mut dx = node_residual.map(|_| scratch::output(values(&self.x).len()));
        let (dweight, dbias) =
            norm::backward(level(), dy.storage_mut(), dx.as_deref_mut(), rows, saved);
        let (dx, dresidual) = match dx {
            Some(dx) => (tensor(dx, shape(&self.x)), Some(dy)),
            None => (dy, None),
        };
        recycle(self.x);
        self.y.into_iter().for_each(recycle);
        let gradients = [
            (node_x, Some(dx)),
            (node_weight, Some(tensor(dweight, [rows.channels]))),
            (node_bias, Some(tensor(dbias, [rows.channels]))),
            (node_residual, dresidual),
        ];
        for (node, gradient) in gradients {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<Flex>(node, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct Norm;

impl Backward<Flex, 3> for Norm {
    type State = Saved;

    fn backward(self, ops: Ops<Saved, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<Flex>(&ops.node);
        let [x, weight, bias] = ops.parents.map(|node| node.map(|node| node.id));
        ops.state.backward(dy, [x, weight, bias, None], grads);
    }
}

impl Backward<Flex, 4> for Norm {
    type State = Saved;

    fn backward(self, ops: Ops<Saved, 4>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<Flex>(&ops.node);
        let parents = ops.parents.map(|node| node.map(|node| node.id));
        ops.state.backward(dy, parents, grads);
    }
}
