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
    config::Tta,
    evaluate::{evaluate_batches, read, training_loss},
    experiment::first_network,
    fit::step_seed,
    optim::patterns::floats_of,
    start::Start,
};

/// Images of the first batch whose activations are kept.
const IMAGES_KEPT: usize = 4;
/// How far pixels are moved, as a share of their values: about as far as outputs of backends
/// that are both right are apart.
const MOVE: f64 = 1e-5;
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
    let start = Start::of(&config)?;
    let plan = Plan::new(config, datasets)?;
    let device = plan.training_device();

    let began = Instant::now();
    let (mut network, _) = first_network(&plan, start)?;
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
    let (again, _) = first_network(&plan, Start::of(&plan.config)?)?;
    let first = first_step(&plan, &again, &device, order.is_reference)?;
    Finished {
        trace: Trace {
            backend: plan.selected.backend,
            device: plan.selected.name.clone(),
            driver: plan.selected.backend.driver(&plan.selected.name),
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

/// Scores and predicted classes of the first `most` test images, in whole batches.
fn on_test_images(
    plan: &Plan,
    network: &Network,
    most: usize,
) -> Result<(Scores, Vec<usize>), TrainError> {
    let device = &plan.selected.device;
    let loss = plan.config.loss.for_evaluation();
    let loss = loss.init(&plan.class_counts, device)?;
    let batches = plan.test.epoch(0);
    let batches = batches.take(most.div_ceil(plan.config.batch_size));
    let (found, images) = evaluate_batches(network, batches, &*loss, Tta::None, device)?;
    let scores = Scores {
        loss: found.loss,
        accuracy: found.accuracy,
    };
    let predicted = images.iter().map(|image| image.predicted.into());
    Ok((scores, predicted.collect()))
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
    let first = plan.train.epoch(1).next();
    let first = first.ok_or_else(|| TrainError::Source {
        problem: "an epoch has no batch".into(),
    })??;
    let batch = || {
        device.seed(step_seed(plan.config.seed, 0));
        send(first.clone(), device)
    };
    let names: Vec<&str> = layers.iter().map(String::as_str).collect();
    let (_, collected) = network.forward_collect(batch().images, &names)?;
    let mut outputs = StateDict::default();
    for (name, activation) in names.iter().zip(collected) {
        let kept = match activation {
            Activation::Map(x) => some_images(x)?,
            Activation::Flat(x) => some_images(x)?,
        };
        outputs.insert(name, kept);
    }

    let loss = plan.config.loss.init(&plan.class_counts, device)?;
    let (parameters, gradients) = gradients(network, batch(), &*loss)?;
    let mut rounding: Option<Apart> = None;
    for draw in 0..if moves { MOVES } else { 0 } {
        let mut batch = batch();
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

fn failed(error: impl std::fmt::Display) -> TrainError {
    TrainError::Device(error.to_string())
}
