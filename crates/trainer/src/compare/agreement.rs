//! How far two backends are apart.

use std::fmt;

use models::{StateDict, StateTensor};
use serde::{Deserialize, Serialize};

use super::trace::{Finished, StepTrace};

/// Steps whose losses are held to the tolerance. Rounding grows in training, from step to
/// step, on backends that are both right: what comes later is told, and not judged.
pub const JUDGED_STEPS: usize = 5;
/// The gradients of a backend may be so many times as far from the reference's as those of
/// moved images are.
const ROUNDINGS: f64 = 2.0;
/// A gradient that is smaller than this share of the largest one is measured against that
/// share: one that is nothing but rounding, as of a bias before a batch norm, has no digits
/// that could agree.
const LEAST_GRADIENT: f32 = 1e-3;

/// How far a backend is from the one that it is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The largest relative difference of the loss in a step.
    pub loss_max: f64,
    /// The mean over the steps.
    pub loss_mean: f64,
    /// The largest difference of a layer's output in the first step.
    pub output: Apart,
    /// The largest difference of a gradient in the first step.
    pub gradient: Apart,
    /// How far gradients may be apart: the tolerance; or, where that is more, twice as far
    /// as the reference's own gradients go if every pixel is moved by up to 10⁻⁵ of its
    /// value, the most of four draws. A ReLU whose input is nearly 0 switches then, and with
    /// it the whole gradient that flows through it: rounding can do the same.
    pub gradient_limit: f64,
    /// The largest difference of a tensor of weights at the end.
    pub weights: Apart,
    /// Share of the test images with the same prediction, 0 to 1.
    pub same_predictions: f64,
    /// Where it first shows that they are further apart than the tolerance. `None`: they
    /// agree.
    pub parts: Option<Parting>,
}

/// A tensor, and the largest difference of a value of it, as a share of its largest value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Apart {
    /// The layer or the parameter.
    pub name: String,
    /// The share. [`NOT_COMPARABLE`] if there is a NaN, or the tensor is not there.
    pub difference: f64,
}

/// More than any difference that can be measured. JSON has no infinity.
pub const NOT_COMPARABLE: f64 = 1e300;

/// Where two backends part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "where", rename_all = "lowercase")]
pub enum Parting {
    /// In the output of a layer: the first in the order of the forward pass.
    Output(Apart),
    /// The forward pass agrees, and the gradient of a parameter does not: the first in the
    /// order of the backward pass.
    Gradient(Apart),
    /// The first step agrees, and the loss of a later one does not: the update.
    Loss {
        /// The step, from 1.
        step: usize,
        /// The relative difference.
        difference: f64,
    },
}

impl Agreement {
    pub(super) fn between(reference: &Finished, other: &Finished, tolerance: f64) -> Self {
        let (of, with) = (&reference.trace, &other.trace);
        let losses = losses(&of.steps, &with.steps);
        let outputs = apart(&of.layers, &reference.outputs, &other.outputs, 0.0);
        let gradients = gradients_apart(&of.parameters, &reference.gradients, &other.gradients);
        let rounding = of.rounding.as_ref().map_or(0.0, |r| r.difference);
        let gradient_limit = tolerance.max(ROUNDINGS * rounding);
        let names: Vec<String> = reference.weights.iter().map(|(n, _)| n.into()).collect();
        let weights = apart(&names, &reference.weights, &other.weights, 0.0);
        // A NaN is beyond every tolerance.
        let beyond = |difference: f64, limit: f64| difference > limit || difference.is_nan();
        let first_output = outputs.iter().find(|a| beyond(a.difference, tolerance));
        let last_gradient = gradients
            .iter()
            .rfind(|a| beyond(a.difference, gradient_limit));
        let mut judged = losses.iter().take(JUDGED_STEPS).enumerate();
        let parts = match (first_output, last_gradient) {
            (Some(output), _) => Some(Parting::Output(output.clone())),
            (None, Some(gradient)) => Some(Parting::Gradient(gradient.clone())),
            (None, None) => judged
                .find(|(_, difference)| beyond(**difference, tolerance))
                .map(|(at, &difference)| Parting::Loss {
                    step: at + 1,
                    difference,
                }),
        };
        let same = of.predictions.iter().zip(&with.predictions);
        let same = same.filter(|(a, b)| a == b).count();
        Self {
            loss_max: losses.iter().copied().max_by(f64::total_cmp).unwrap_or(0.0),
            loss_mean: losses.iter().sum::<f64>() / losses.len().max(1) as f64,
            output: worst(outputs),
            gradient: worst(gradients),
            gradient_limit,
            weights: worst(weights),
            same_predictions: same as f64 / of.predictions.len().max(1) as f64,
            parts,
        }
    }
}

/// Relative differences of the losses, step by step.
fn losses(of: &[StepTrace], with: &[StepTrace]) -> Vec<f64> {
    let pairs = of.iter().zip(with);
    pairs
        .map(|(a, b)| match a.loss == b.loss {
            true => 0.0,
            false => (a.loss - b.loss).abs() / a.loss.abs().max(f64::MIN_POSITIVE),
        })
        .collect()
}

/// The differences of gradients, in the order of the parameters.
pub(super) fn gradients_apart(names: &[String], of: &StateDict, with: &StateDict) -> Vec<Apart> {
    let largest = of.iter().map(|(_, tensor)| largest(&tensor.values));
    let least = LEAST_GRADIENT * largest.fold(0.0, f32::max);
    apart(names, of, with, least)
}

/// The differences of the tensors `names`, in that order; each as a share of its largest
/// value or of `least`.
fn apart(names: &[String], of: &StateDict, with: &StateDict, least: f32) -> Vec<Apart> {
    let difference = |name: &str| match (of.get(name), with.get(name)) {
        (Some(a), Some(b)) if a.shape == b.shape => share(a, b, least),
        _ => NOT_COMPARABLE,
    };
    let apart = names.iter().map(|name| Apart {
        name: name.clone(),
        difference: difference(name),
    });
    apart.collect()
}

fn share(a: &StateTensor, b: &StateTensor, least: f32) -> f64 {
    let pairs = a.values.iter().zip(&b.values);
    let most = pairs.fold(0.0_f32, |most, (a, b)| {
        // The same infinity is no difference, and a NaN is one in any case.
        let difference = if a == b { 0.0 } else { (a - b).abs() };
        match difference.is_nan() {
            true => f32::INFINITY,
            false => most.max(difference),
        }
    });
    match most == 0.0 {
        true => 0.0,
        // Of a tensor of zeros, that is infinite.
        false => (f64::from(most) / f64::from(largest(&a.values).max(least))).min(NOT_COMPARABLE),
    }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |most, v| most.max(v.abs()))
}

pub(super) fn worst(all: Vec<Apart>) -> Apart {
    let none = Apart {
        name: String::new(),
        difference: 0.0,
    };
    all.into_iter()
        .fold(none, |worst, one| match one.difference > worst.difference {
            true => one,
            false => worst,
        })
}

impl fmt::Display for Parting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(Apart { name, difference }) => {
                write!(f, "first in the output of {name} ({difference:.1e})")
            }
            Self::Gradient(Apart { name, difference }) => {
                write!(f, "first in the gradient of {name} ({difference:.1e})")
            }
            Self::Loss { step, difference } => {
                write!(f, "first in the loss of step {step} ({difference:.1e})")
            }
        }
    }
}
