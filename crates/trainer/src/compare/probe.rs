//! What one backend computes of a run that is compared: in a process of its own.

use std::{path::Path, time::Instant};

use burn::{
    module::Module,
    tensor::{DType, Device, Distribution, Tensor},
};
use data::{BatchTensors, Datasets};
use models::{Activation, Network, StateDict, StateTensor};

use super::{
    Order,
    agreement::{Apart, gradients_apart, worst},
    trace::{Finished, StepTrace, Trace},
};
use crate::{
    Event, FitData, Gradients, Loss, Observer, Plan, Scores, TrainConfig, TrainError, Trainer,
    backend::{send, use_threads},
    bench::peak_rss_mb,
    evaluate::training_loss,
    experiment::first_network,
    fit::step_seed,
    optim::patterns::floats_of,
    start::Start,
};

/// Images of the first batch whose activations are kept.
const IMAGES_KEPT: usize = 4;
/// How far pixels are moved, as a share of their values: about as far as outputs of backends
/// that are both right are apart.
pub(super) const MOVE: f64 = 1e-5;
/// How often.
const MOVES: u64 = 4;

/// Trains by `config` as `order` says, and leaves what it found in `folder`. `watch` is told
/// of every step.
///
/// # Errors
/// [`TrainError`]: of the configuration, the images, the device, a file, `watch`, or because
/// training diverged.
pub fn probe(
    config: TrainConfig,
    order: &Order,
    datasets: Datasets,
    folder: &Path,
    watch: &mut dyn FnMut(&StepTrace) -> std::io::Result<()>,
) -> Result<(), TrainError> {
    let start = || Start::of(&config);
    let (fits, asks) = (start()?, start()?);
    let plan = Plan::new(config.clone(), datasets)?;
    let device = plan.training_device();

    let began = Instant::now();
    let (mut network, _) = first_network(&plan, fits)?;
    let mut steps = Steps {
        device: &device,
        order,
        began,
        mark: began,
        found: Vec::new(),
        seconds: 0.0,
        reached: None,
        watch,
    };
    let data = FitData {
        train: &plan.train,
        valid: plan.valid.as_ref().map(|valid| valid as _),
    };
    Trainer::new(plan.config.fit(1))
        .class_counts(plan.class_counts.clone())
        .observe(&mut steps)
        .fit(&mut network, &data)?;
    let Steps { found, reached, .. } = steps;
    // Before what is computed only to be compared.
    let peak_rss_mb = peak_rss_mb();

    let network = network.valid();
    let (test, predictions) = on_test_images(&plan, &network, order.test_images)?;
    let weights = StateDict::of(&network).map_err(failed)?;
    drop(network);
    let (again, _) = first_network(&plan, asks)?;
    let first = first_step(&plan, &again, &device, order.is_reference)?;
    Finished {
        trace: Trace {
            backend: plan.selected.backend,
            device: plan.selected.name.clone(),
            threads: use_threads(None)?,
            steps: found,
            reached_s: reached,
            test,
            predictions,
            peak_rss_mb,
            layers: first.layers,
            parameters: first.parameters,
            rounding: first.rounding,
        },
        outputs: first.outputs,
        gradients: first.gradients,
        weights,
    }
    .write(folder)
}

/// Times the steps.
struct Steps<'a> {
    device: &'a Device,
    order: &'a Order,
    began: Instant,
    /// When the step under way began.
    mark: Instant,
    found: Vec<StepTrace>,
    /// Of the epochs that are over.
    seconds: f64,
    reached: Option<f64>,
    watch: &'a mut dyn FnMut(&StepTrace) -> std::io::Result<()>,
}

impl Observer for &mut Steps<'_> {
    fn on_event(&mut self, event: &Event) -> std::io::Result<()> {
        match event {
            Event::StepDone(done) => {
                // The loss is read, and the update may still be under way.
                self.device.sync().map_err(std::io::Error::other)?;
                let since = match self.found.is_empty() {
                    // With what is compiled and tuned on the way.
                    true => self.began,
                    false => self.mark,
                };
                let step = StepTrace {
                    step: done.global_step,
                    images: done.images,
                    loss: done.batch.loss,
                    ms: 1e3 * since.elapsed().as_secs_f64(),
                };
                (self.watch)(&step)?;
                self.found.push(step);
            }
            Event::EpochDone(row) => {
                self.seconds += row.seconds;
                let accuracy = row.valid.unwrap_or(row.train).accuracy;
                if self.order.target_accuracy.is_some_and(|t| accuracy >= t) {
                    self.reached.get_or_insert(self.seconds);
                }
            }
            _ => {}
        }
        // What others do with an event, and the validation, is no part of the next step.
        self.mark = Instant::now();
        Ok(())
    }
}

/// Scores and predicted classes of the first `most` test images.
fn on_test_images(
    plan: &Plan,
    network: &Network,
    most: usize,
) -> Result<(Scores, Vec<usize>), TrainError> {
    let device = &plan.selected.device;
    let loss = plan.config.loss.for_evaluation();
    let loss = loss.init(&plan.class_counts, device)?;
    let (mut summed, mut right, mut predictions) = (0.0, 0_usize, Vec::new());
    for batch in plan.test.epoch(0) {
        if predictions.len() >= most {
            break;
        }
        let batch = batch?;
        let labels: Vec<usize> = batch.labels.iter().copied().map(usize::from).collect();
        let tensors = send(batch, device);
        let logits = network.forward(tensors.images).cast(DType::F32);
        let [images, classes] = logits.dims();
        let loss = loss.forward(logits.clone(), tensors.labels, None);
        let mut values = read(Tensor::cat(vec![logits.flatten::<1>(0, 1), loss], 0))?;
        summed += f64::from(values.pop().unwrap_or(f32::NAN)) * images as f64;
        for (logits, label) in values.chunks_exact(classes).zip(labels) {
            let largest = (0..classes).fold(0, |best, class| match logits[class] > logits[best] {
                true => class,
                false => best,
            });
            right += usize::from(largest == label);
            predictions.push(largest);
        }
    }
    let images = predictions.len() as f64;
    let scores = Scores {
        loss: summed / images,
        accuracy: right as f64 / images,
    };
    Ok((scores, predictions))
}

/// What the first step gives, layer by layer.
struct FirstStep {
    layers: Vec<String>,
    outputs: StateDict,
    parameters: Vec<String>,
    gradients: StateDict,
    rounding: Option<Apart>,
}

/// With `moves`, the first step of moved images as well.
fn first_step(
    plan: &Plan,
    network: &Network,
    device: &Device,
    moves: bool,
) -> Result<FirstStep, TrainError> {
    let layers: Vec<String> = network
        .summary()
        .layers
        .iter()
        .map(|r| r.name.clone())
        .collect();
    let batch = || -> Result<_, TrainError> {
        let mut batches = plan.train.epoch(1);
        let first = batches.next().ok_or_else(|| TrainError::Source {
            problem: "an epoch has no batch".into(),
        })??;
        device.seed(step_seed(plan.config.seed, 0));
        Ok(send(first, device))
    };
    let names: Vec<&str> = layers.iter().map(String::as_str).collect();
    let (_, collected) = network.forward_collect(batch()?.images, &names)?;
    let mut outputs = StateDict::default();
    for (name, activation) in names.iter().zip(collected) {
        let kept = match activation {
            Activation::Map(x) => some_images(x)?,
            Activation::Flat(x) => some_images(x)?,
        };
        outputs.insert(name, kept);
    }

    let loss = plan.config.loss.init(&plan.class_counts, device)?;
    let (parameters, gradients) = gradients(network, batch()?, &*loss)?;
    let mut rounding: Option<Apart> = None;
    for draw in 0..if moves { MOVES } else { 0 } {
        let mut batch = batch()?;
        device.seed(draw);
        let shape = batch.images.dims();
        let share = Tensor::random(shape, Distribution::Uniform(-MOVE, MOVE), device);
        batch.images = batch.images * (share + 1.0);
        let (_, moved) = self::gradients(network, batch, &*loss)?;
        let worst = worst(gradients_apart(&parameters, &gradients, &moved));
        if rounding
            .as_ref()
            .is_none_or(|r| worst.difference > r.difference)
        {
            rounding = Some(worst);
        }
    }
    Ok(FirstStep {
        layers,
        outputs,
        parameters,
        gradients,
        rounding,
    })
}

/// The gradients of a batch, and the names of the parameters that have one, in the order of
/// the network.
fn gradients(
    network: &Network,
    batch: BatchTensors,
    loss: &dyn Loss,
) -> Result<(Vec<String>, StateDict), TrainError> {
    let (loss, _) = training_loss(network, batch, loss);
    let mut found = Gradients::of(&loss, network).into_map();
    let (mut parameters, mut gradients) = (Vec::new(), StateDict::default());
    for (id, name) in floats_of(network) {
        if let Some(gradient) = found.remove(&id) {
            let values = read(gradient)?;
            let shape = vec![values.len()];
            gradients.insert(&name, StateTensor { shape, values });
            parameters.push(name);
        }
    }
    Ok((parameters, gradients))
}

/// The first images of a batch, read from the device.
fn some_images<const D: usize>(batch: Tensor<D>) -> Result<StateTensor, TrainError> {
    let mut shape = batch.dims().to_vec();
    let values = batch.without_autodiff().cast(DType::F32);
    shape[0] = shape[0].min(IMAGES_KEPT);
    let kept = values.narrow(0, 0, shape[0]);
    let length: usize = shape.iter().product();
    Ok(StateTensor {
        shape,
        values: read(kept.reshape([length]))?,
    })
}

fn read(values: Tensor<1>) -> Result<Vec<f32>, TrainError> {
    values.try_into_vec_as::<f32>().map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> TrainError {
    TrainError::Device(error.to_string())
}
