use std::sync::Arc;

use burn::{
    backend::{
        Flex,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
    },
    tensor::Shape,
};

use super::{Pool, Tracked};
use crate::{
    channels::Rows,
    layers::{LayerOps, contiguous, pooled, recycle, shape, tensor, values},
    pool::{self, Window},
    simd::level,
};

/// Pooling over windows.
pub fn register<C: CheckpointStrategy>(x: Tracked<C>, kind: Pool, window: Window) -> Tracked<C> {
    let (x, node) = x.into_parts();
    let x = contiguous(x);
    let (y, places) = pooled(&x, kind, window);
    match Windows.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(prep) => {
            let from = match (kind, places) {
                (Pool::Average { with_padding }, _) => From::All { with_padding },
                (Pool::Max, places) => From::Places(places.unwrap_or_default()),
            };
            prep.finish((from, window, shape(&x)), y)
        }
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

/// The mean over height and width.
pub fn register_global<C: CheckpointStrategy>(x: Tracked<C>) -> Tracked<C> {
    let (x, node) = x.into_parts();
    let of_input = shape(&x);
    let y = Flex::global_average(x);
    match Global.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish(of_input, y),
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

/// The values of a window that its output comes from.
#[derive(Debug, Clone)]
enum From {
    /// One, at its place in the plane.
    Places(Arc<Vec<u32>>),
    All {
        with_padding: bool,
    },
}

#[derive(Debug)]
struct Windows;

impl Backward<Flex, 1> for Windows {
    /// And the shape of the input.
    type State = (From, Window, Shape);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let mut dy = contiguous(grads.consume::<Flex>(&ops.node));
        let [Some(node)] = ops.parents else { return };
        let (from, window, shape) = ops.state;
        let dx = match from {
            From::Places(places) => pool::max_backward(values(&dy), &places, window),
            From::All { with_padding } => {
                pool::average_backward(level(), dy.storage_mut(), window, with_padding)
            }
        };
        recycle(dy);
        grads.register::<Flex>(node.id, tensor(dx, shape));
    }
}

#[derive(Debug)]
struct Global;

impl Backward<Flex, 1> for Global {
    /// The shape of the input.
    type State = Shape;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let dy = contiguous(grads.consume::<Flex>(&ops.node));
        let [Some(node)] = ops.parents else { return };
        let Rows { area, .. } = Rows::of(&ops.state);
        let dx = pool::global_average_backward(values(&dy), area);
        grads.register::<Flex>(node.id, tensor(dx, ops.state));
    }
}
