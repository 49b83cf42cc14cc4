//! The loop as a library: networks, batches, losses and observers of one's own.
#![cfg(feature = "flex")]
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::{
    module::Module,
    nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig},
    tensor::{Device, Int, Tensor},
};
use data::{Batch, Pixels};
use models::{Network, NetworkSpec, StateDict};
use trainer::{
    BatchSource, Classifier, EndedBy, EpochBatches, Event, FitConfig, FitData, FitResult, Loss,
    Observer, StopFlag, TrainError, Trainer,
    config::{AverageConfig, AverageName, ClassWeights, LossConfig, StopConfig, TrainConfig},
};

/// Burn's CPU backend has one generator for a process, from which dropout draws: only
/// trainings one after the other repeat.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

const CLASSES: usize = 3;
const SIDE: usize = 4;

/// Images whose class is the row that is bright; in batches of four, the last short.
struct Stripes {
    images: usize,
}

impl BatchSource for Stripes {
    fn images(&self) -> usize {
        self.images
    }

    fn batches(&self) -> usize {
        self.images.div_ceil(4)
    }

    fn epoch_from(&self, epoch: u64, first: usize) -> EpochBatches<'_> {
        Box::new((first..self.batches()).map(move |batch| {
            let images = (4 * batch)..self.images.min(4 * batch + 4);
            let labels: Vec<u16> = images.map(|image| (image % CLASSES) as u16).collect();
            let mut values = Vec::new();
            for (at, label) in labels.iter().enumerate() {
                for pixel in 0..SIDE * SIDE {
                    let noise = (epoch as usize * 31 + batch * 17 + at * 7 + pixel * 13) % 11;
                    let bright = pixel / SIDE == usize::from(*label);
                    values.push(noise as f32 / 10.0 + f32::from(u8::from(bright)));
                }
            }
            Ok(Batch {
                shape: [labels.len(), 1, SIDE, SIDE],
                pixels: Pixels::Values(values),
                labels,
                soft_targets: None,
            })
        }))
    }
}

#[derive(Module, Debug)]
struct Tiny {
    dropout: Dropout,
    fc: Linear,
}

impl Tiny {
    fn new() -> Self {
        let device = Device::flex().autodiff();
        let tiny = Self {
            dropout: DropoutConfig::new(0.1).init(),
            fc: LinearConfig::new(SIDE * SIDE, CLASSES).init(&device),
        };
        // The same weights in every test, whatever ran before it.
        let mut state = StateDict::of(&tiny).unwrap();
        for name in ["fc.weight", "fc.bias"] {
            let mut tensor = state.get(name).unwrap().clone();
            for (at, value) in tensor.values.iter_mut().enumerate() {
                *value = ((at * 37 % 19) as f32 - 9.0) / 50.0;
            }
            state.insert(name, tensor);
        }
        state.put_into(tiny).0
    }
}

impl Classifier for Tiny {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.fc.forward(self.dropout.forward(images.flatten(1, 3)))
    }
}

/// Squares of the logits: no matter what the classes are.
struct Squares;

impl Loss for Squares {
    fn forward(&self, logits: Tensor<2>, _: Tensor<1, Int>, _: Option<Tensor<2>>) -> Tensor<1> {
        (logits.clone() * logits).mean()
    }
}

/// The names of the events.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<String>>>);

impl Observer for Names {
    fn on_event(&mut self, event: &Event) -> std::io::Result<()> {
        let value = serde_json::to_value(event)?;
        let name = value["event"].as_str().unwrap().to_string();
        self.0.lock().unwrap().push(name);
        Ok(())
    }
}

fn config() -> FitConfig {
    FitConfig {
        epochs: 4,
        ..TrainConfig::default().fit(1)
    }
}

const TRAIN: Stripes = Stripes { images: 30 };
const VALID: Stripes = Stripes { images: 9 };

fn data() -> FitData<'static> {
    FitData {
        train: &TRAIN,
        valid: Some(&VALID),
    }
}

fn fit(config: FitConfig) -> (Tiny, FitResult) {
    let mut network = Tiny::new();
    let result = Trainer::new(config).fit(&mut network, &data()).unwrap();
    (network, result)
}

fn bytes(network: &Tiny) -> Vec<u8> {
    let state = StateDict::of(network).unwrap();
    state.to_safetensors(&[]).unwrap()
}

#[test]
fn learns_and_tells() {
    let _alone = alone();
    let names = Names::default();
    let mut network = Tiny::new();
    let result = Trainer::new(config())
        .observe(names.clone())
        .fit(&mut network, &data())
        .unwrap();
    assert_eq!(result.ended_by, EndedBy::Epochs);
    assert_eq!((result.history.len(), result.updates), (4, 32));
    let losses: Vec<f64> = result.history.iter().map(|row| row.train.loss).collect();
    assert!(losses[3] < 0.7 * losses[0], "{losses:?}");
    let best = result.best.unwrap();
    assert!(best.valid.unwrap().accuracy > 0.8);
    let names = names.0.lock().unwrap();
    assert_eq!(names[0], "fit_started");
    assert_eq!(names.iter().filter(|name| *name == "step_done").count(), 32);
    assert_eq!(names.last().unwrap(), "epoch_done");
}

#[test]
fn scores_that_are_read_late_change_nothing() {
    let _alone = alone();
    let (network, result) = fit(config());
    for report_every in [3, 1000] {
        let (late, late_result) = fit(FitConfig {
            report_every,
            ..config()
        });
        assert!(bytes(&network) == bytes(&late), "{report_every}");
        for (row, late) in result.history.iter().zip(&late_result.history) {
            assert_eq!((row.train, row.valid), (late.train, late.valid));
        }
    }
}

#[test]
fn a_loss_of_ones_own_is_made_small_and_told() {
    let _alone = alone();
    let mut network = Tiny::new();
    let result = Trainer::new(config())
        .with_loss(Squares)
        .fit(&mut network, &data())
        .unwrap();
    let last = result.history.last().unwrap();
    assert!(last.valid.unwrap().loss < 0.05, "{last:?}");
    assert!(last.train.loss < result.history[0].train.loss);
}

#[test]
fn accumulated_gradients_are_those_of_one_batch() {
    let _alone = alone();
    // Eight batches of an epoch are three updates: 3, 3 and 2.
    let (_, result) = fit(FitConfig {
        accumulate: 3,
        ..config()
    });
    assert_eq!(result.updates, 12);
    assert!(result.history[3].train.loss < result.history[0].train.loss);
}

#[test]
fn accumulated_gradients_of_weighted_classes_are_those_of_one_batch() {
    let _alone = alone();
    /// 200 images, of which those of the rare class come last.
    struct Sorted {
        batch: usize,
    }
    impl BatchSource for Sorted {
        fn images(&self) -> usize {
            200
        }
        fn batches(&self) -> usize {
            self.images() / self.batch
        }
        fn epoch_from(&self, _: u64, first: usize) -> EpochBatches<'_> {
            Box::new((first..self.batches()).map(move |batch| {
                let images = batch * self.batch..(batch + 1) * self.batch;
                let label = |image| match image {
                    0..100 => 0,
                    100..185 => 1,
                    _ => 2,
                };
                let pixels = images.clone().flat_map(|image| {
                    (0..SIDE * SIDE)
                        .map(move |pixel| ((image * 31 + pixel * 17) % 23) as f32 / 23.0)
                });
                Ok(Batch {
                    shape: [self.batch, 1, SIDE, SIDE],
                    pixels: Pixels::Values(pixels.collect()),
                    labels: images.map(label).collect(),
                    soft_targets: None,
                })
            }))
        }
    }
    let start = Tiny {
        dropout: DropoutConfig::new(0.0).init(),
        ..Tiny::new()
    };
    let after_an_update = |batch: usize| {
        let config = FitConfig {
            epochs: 1,
            accumulate: 200 / batch,
            loss: LossConfig {
                class_weights: Some(ClassWeights::List(vec![0.5, 1.0, 20.0])),
                ..LossConfig::default()
            },
            ..config()
        };
        let mut network = start.clone();
        let data = FitData {
            train: &Sorted { batch },
            valid: None,
        };
        let mut trainer = Trainer::new(config).class_counts(vec![100, 85, 15]);
        let result = trainer.fit(&mut network, &data).unwrap();
        assert_eq!(result.updates, 1);
        let state = StateDict::of(&network).unwrap();
        state.get("fc.weight").unwrap().values.clone()
    };
    let (whole, parts) = (after_an_update(200), after_an_update(20));
    let before = StateDict::of(&start).unwrap();
    let before = &before.get("fc.weight").unwrap().values;
    let difference = |one: &[f32], other: &[f32]| {
        let pairs = one.iter().zip(other);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    let moved = difference(&whole, before);
    assert!(moved > 1e-3, "{moved}");
    let apart = difference(&whole, &parts) / moved;
    assert!(apart < 1e-5, "{apart:e} of the update");
}

#[test]
fn ends_where_it_is_told_to() {
    let _alone = alone();
    let stop = |stop| {
        fit(FitConfig {
            epochs: 50,
            stop,
            ..config()
        })
        .1
    };
    let target = stop(StopConfig {
        target_accuracy: Some(0.6),
        ..StopConfig::default()
    });
    assert_eq!(target.ended_by, EndedBy::TargetAccuracy);
    let reached = target.reached.unwrap();
    assert_eq!(reached.epoch, target.history.len());
    assert!(reached.accuracy >= 0.6 && reached.seconds > 0.0);
    let earlier = &target.history[..target.history.len() - 1];
    assert!(earlier.iter().all(|row| row.valid.unwrap().accuracy < 0.6));

    let patience = stop(StopConfig {
        patience: Some(2),
        ..StopConfig::default()
    });
    assert_eq!(patience.ended_by, EndedBy::Patience);
    let best = patience.best.unwrap().epoch;
    assert_eq!(patience.history.len(), best + 2);

    let minutes = stop(StopConfig {
        minutes: Some(1e-9),
        ..StopConfig::default()
    });
    assert_eq!(minutes.ended_by, EndedBy::Minutes);
    assert!(minutes.history.is_empty() && minutes.best.is_none());
}

/// Interrupts a training after every single update, and compares its end with that
/// of one that was left alone.
fn goes_on<M: Classifier>(make: impl Fn() -> M, average: AverageName) {
    let state = |network: &M| {
        let state = StateDict::of(&network.valid()).unwrap();
        state.to_safetensors(&[]).unwrap()
    };
    let config = FitConfig {
        accumulate: 2,
        average: AverageConfig {
            name: average,
            ..AverageConfig::default()
        },
        ..config()
    };
    let scratch = tempfile::tempdir().unwrap();
    let last =
        |folder: &str| std::fs::read(scratch.path().join(folder).join("last.safetensors")).unwrap();
    let start = |folder: &str, stop: &StopFlag| {
        let mut network = make();
        let result = Trainer::new(config.clone())
            .stop_when(stop)
            .in_folder(&scratch.path().join(folder))
            .unwrap()
            .fit(&mut network, &data())
            .unwrap();
        (network, result)
    };
    let (undisturbed, whole) = start("whole", &StopFlag::new());
    let mut starts = 0;
    let (network, result) = loop {
        starts += 1;
        assert!(starts < 100);
        // Every start finds the flag set after its first update.
        let stop = StopFlag::new();
        stop.set(2);
        let (network, result) = start("stopped", &stop);
        if result.ended_by == EndedBy::Epochs {
            break (network, result);
        }
        assert_eq!(result.ended_by, EndedBy::Interruption);
    };
    assert_eq!(starts as u64, whole.updates, "{average:?}");
    assert!(state(&network) == state(&undisturbed), "{average:?}");
    assert!(result.best_weights == whole.best_weights, "{average:?}");
    for (row, expected) in result.history.iter().zip(&whole.history) {
        assert_eq!((row.train, row.valid), (expected.train, expected.valid));
    }
    assert!(last("stopped") == last("whole"), "{average:?}");
    assert_eq!(result.sha256, whole.sha256);
    // Once more, with nothing left to do.
    let (_, again) = start("stopped", &StopFlag::new());
    assert!(last("stopped") == last("whole"), "{average:?}");
    assert_eq!(again.sha256, whole.sha256);
}

#[test]
fn goes_on_in_its_folder_to_the_same_bits() {
    let _alone = alone();
    for average in [AverageName::None, AverageName::Ema, AverageName::Swa] {
        goes_on(Tiny::new, average);
    }
}

/// A network of Kiln's with batch norm and dropout.
fn normed() -> Network {
    const TEXT: &str = r#"
        name = "normed"
        [[layers]]
        name = "conv"
        kind = "conv2d"
        channels = 4
        kernel = 3
        [[layers]]
        name = "bn"
        kind = "batch-norm"
        [[layers]]
        name = "dropout"
        kind = "dropout"
        p = 0.2
        [[layers]]
        name = "flatten"
        kind = "flatten"
        [[layers]]
        name = "fc"
        kind = "linear"
        features = "classes"
    "#;
    let spec = NetworkSpec::from_toml(TEXT, "normed.toml".as_ref(), CLASSES).unwrap();
    let spec = spec.seed(1);
    let device = Device::flex().autodiff();
    spec.build([1, SIDE, SIDE], &device).unwrap()
}

#[test]
fn statistics_of_batch_norms_go_on_to_the_same_bits() {
    let _alone = alone();
    for average in [AverageName::None, AverageName::Ema, AverageName::Swa] {
        goes_on(normed, average);
    }
}

/// With Burn's own batch norm, whose clones share their statistics.
#[derive(Module, Debug)]
struct BurnsNorm {
    norm: BatchNorm,
    fc: Linear,
}

impl BurnsNorm {
    fn new() -> Self {
        let Tiny { fc, .. } = Tiny::new();
        let device = Device::flex().autodiff();
        Self {
            norm: BatchNormConfig::new(1).init(&device),
            fc,
        }
    }
}

impl Classifier for BurnsNorm {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.fc.forward(self.norm.forward(images).flatten(1, 3))
    }
}

#[test]
fn burns_own_batch_norms_go_on_to_the_same_bits() {
    let _alone = alone();
    for average in [AverageName::None, AverageName::Ema] {
        goes_on(BurnsNorm::new, average);
    }
}

#[test]
fn averaged_statistics_of_burns_batch_norms_are_averaged() {
    let _alone = alone();
    let with = |decay| {
        let mut network = BurnsNorm::new();
        let average = AverageConfig {
            name: AverageName::Ema,
            decay: Some(decay),
            warmup: Some(false),
            ..AverageConfig::default()
        };
        let config = FitConfig {
            average,
            ..config()
        };
        let result = Trainer::new(config).fit(&mut network, &data()).unwrap();
        let best = result.best_weights.unwrap();
        best.get("norm.running_mean").unwrap().values[0]
    };
    // Slow enough to stay near those after the first update; as fast as they are.
    assert!(
        with(0.9999) < 0.6 * with(0.0),
        "{} {}",
        with(0.9999),
        with(0.0)
    );
}

#[test]
fn other_settings_and_images_do_not_go_on_in_a_folder() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let start = |config: FitConfig, train: &Stripes| {
        let mut network = Tiny::new();
        let data = FitData {
            train,
            valid: Some(&VALID),
        };
        let trainer = Trainer::new(config).in_folder(folder.path()).unwrap();
        { trainer }.fit(&mut network, &data)
    };
    start(config(), &TRAIN).unwrap();
    let mut other = config();
    other.optimizer.lr = Some(0.5);
    let error = start(other, &TRAIN).unwrap_err().to_string();
    assert!(error.contains("optimizer.lr was"), "{error}");
    let error = start(config(), &Stripes { images: 31 }).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("train_images was 30, and would be 31"),
        "{error}"
    );
    let more = FitConfig {
        epochs: 5,
        report_every: 7,
        ..config()
    };
    assert_eq!(start(more, &TRAIN).unwrap().history.len(), 5);
}

#[test]
fn impossible_settings_are_errors() {
    let _alone = alone();
    let error = |config: FitConfig| {
        let mut network = Tiny::new();
        let result = Trainer::new(config).fit(&mut network, &data());
        result.unwrap_err().to_string()
    };
    let zero = FitConfig {
        accumulate: 0,
        ..config()
    };
    assert!(error(zero).contains("accumulate = 0"));
    let mut none_kept = config();
    none_kept.checkpoint.keep_last = 0;
    assert!(error(none_kept).contains("checkpoint.keep_last = 0"));
    let mut frozen = config();
    frozen.optimizer.freeze = vec!["conv*".into()];
    assert!(error(frozen).contains("optimizer.freeze"));
}

#[test]
fn a_source_that_fails_ends_it() {
    let _alone = alone();
    struct Short;
    impl BatchSource for Short {
        fn images(&self) -> usize {
            40
        }
        fn batches(&self) -> usize {
            10
        }
        fn epoch_from(&self, epoch: u64, first: usize) -> EpochBatches<'_> {
            TRAIN.epoch_from(epoch, first)
        }
    }
    let mut network = Tiny::new();
    let data = FitData {
        train: &Short,
        valid: None,
    };
    let before = bytes(&network);
    let error = Trainer::new(config()).fit(&mut network, &data).unwrap_err();
    assert!(matches!(&error, TrainError::Source { .. }), "{error}");
    assert!(error.to_string().contains("ended after 8"), "{error}");
    assert_eq!(before, bytes(&network), "the network is as it was");
}
