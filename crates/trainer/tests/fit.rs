//! The loop as a library: networks, batches, losses and observers of one's own.
#![cfg(feature = "flex")]
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::{
    module::Module,
    nn::{Dropout, DropoutConfig, Linear, LinearConfig},
    tensor::{Device, Int, Tensor},
};
use data::{Batch, Pixels};
use models::StateDict;
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

#[test]
fn goes_on_in_its_folder_to_the_same_bits() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    for average in [AverageName::None, AverageName::Ema, AverageName::Swa] {
        let config = FitConfig {
            accumulate: 2,
            average: AverageConfig {
                name: average,
                ..AverageConfig::default()
            },
            ..config()
        };
        let (undisturbed, whole) = fit(config.clone());
        let path = folder.path().join(format!("{average:?}"));
        let mut starts = 0;
        let (network, result) = loop {
            starts += 1;
            assert!(starts < 100);
            // Every start finds the flag set after its first update.
            let stop = StopFlag::new();
            stop.set(2);
            let mut network = Tiny::new();
            let result = Trainer::new(config.clone())
                .stop_when(&stop)
                .in_folder(&path)
                .unwrap()
                .fit(&mut network, &data())
                .unwrap();
            if result.ended_by == EndedBy::Epochs {
                break (network, result);
            }
            assert_eq!(result.ended_by, EndedBy::Interruption);
        };
        assert_eq!(starts as u64, whole.updates, "{average:?}");
        assert!(bytes(&network) == bytes(&undisturbed), "{average:?}");
        assert_eq!(result.best_weights, whole.best_weights, "{average:?}");
        for (row, expected) in result.history.iter().zip(&whole.history) {
            assert_eq!((row.train, row.valid), (expected.train, expected.valid));
        }
        let digests = result.sha256.unwrap();
        assert!(digests.best.is_some() && digests.last.len() == 64);
    }
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
