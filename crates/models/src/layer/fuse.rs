//! Layers that are computed in one pass: a batch norm with the ReLU after it, and the sum
//! that ends a residual block with the batch norm before and the ReLU after it.
//!
//! Where the output of a layer in between is wanted, it is computed by itself.

use super::{Activation, BatchNorm, Layer, Named, Stack, Trace};
use crate::LayerSpec;

/// What the layers make of `x`, one after the other.
pub(super) fn run(mut layers: &[Named], mut x: Activation, trace: &mut Trace<'_>) -> Activation {
    while let [first, rest @ ..] = layers {
        let (last, after) = match (&first.layer, first_relu(rest)) {
            (Layer::BatchNorm(norm), Some((relu, after))) if !trace.wants(first) => {
                x = normalised(norm, x, None, true);
                (relu, after)
            }
            _ => {
                x = first.layer.forward(x, trace);
                (first, rest)
            }
        };
        x = trace.pass(last, x);
        layers = after;
    }
    x
}

/// What a residual block makes of `x`.
pub(super) fn residual(
    [body, shortcut, after]: [&Stack; 3],
    x: Activation,
    trace: &mut Trace<'_>,
) -> Activation {
    let shortcut = run(&shortcut.0, x.clone(), trace);
    let (body, norm) = match body.0.split_last() {
        Some((last, before)) if !trace.wants(last) => match &last.layer {
            Layer::BatchNorm(norm) => (before, Some(norm)),
            _ => (&*body.0, None),
        },
        _ => (&*body.0, None),
    };
    let (relu, after) = match first_relu(&after.0) {
        Some((relu, after)) => (Some(relu), after),
        None => (None, &*after.0),
    };
    let x = run(body, x, trace);
    let sum = match norm {
        Some(norm) => normalised(norm, x, Some(shortcut), relu.is_some()),
        None => x.add(shortcut, relu.is_some()),
    };
    let sum = match relu {
        Some(relu) => trace.pass(relu, sum),
        None => sum,
    };
    run(after, sum, trace)
}

/// The ReLU that the layers begin with, and those after it.
fn first_relu(layers: &[Named]) -> Option<(&Named, &[Named])> {
    let (first, rest) = layers.split_first()?;
    matches!(first.layer, Layer::Op(LayerSpec::Relu {})).then_some((first, rest))
}

/// `x` after the norm, plus `residual`, through a ReLU if asked for.
pub(super) fn normalised(
    norm: &BatchNorm,
    x: Activation,
    residual: Option<Activation>,
    relu: bool,
) -> Activation {
    use Activation::{Flat, Map};
    match (x, residual) {
        (Map(x), None) => Map(norm.forward(x, None, relu)),
        (Map(x), Some(Map(residual))) => Map(norm.forward(x, Some(residual), relu)),
        (Flat(x), None) => Flat(norm.forward(x, None, relu)),
        (Flat(x), Some(Flat(residual))) => Flat(norm.forward(x, Some(residual), relu)),
        _ => unreachable!("shape inference refuses such a sum"),
    }
}

impl Trace<'_> {
    fn wants(&self, layer: &Named) -> bool {
        self.wanted.contains(&layer.path.as_str())
    }

    /// What the layers after `layer` are given: its output, which is kept if it is wanted.
    fn pass(&mut self, layer: &Named, output: Activation) -> Activation {
        if !self.wants(layer) {
            return output;
        }
        self.collected.push((layer.path.clone(), output.clone()));
        if !self.with_probes {
            return output;
        }
        let probe = output.probe();
        self.probes.push(probe.clone());
        output.add(probe, false)
    }
}
