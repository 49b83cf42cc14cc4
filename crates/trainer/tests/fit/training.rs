//! What a training does.

use burn::nn::DropoutConfig;
use data::{Batch, Pixels};
use models::StateDict;
use trainer::{
    BatchSource, EndedBy, EpochBatches, FitConfig, FitData, Trainer,
    config::{ClassWeights, LossConfig, StopConfig},
};

use crate::support::*;

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

/// A training freezes for itself, and not for the next one.
#[test]
fn what_was_frozen_learns_again() {
    let _alone = alone();
    let weight = |network: &Tiny| {
        StateDict::of(network)
            .unwrap()
            .get("fc.weight")
            .unwrap()
            .clone()
    };
    let mut network = Tiny::new();
    let before = weight(&network);
    let mut frozen = config();
    frozen.optimizer.freeze = vec!["fc.weight".into()];
    Trainer::new(frozen).fit(&mut network, &data()).unwrap();
    assert_eq!(weight(&network), before);
    Trainer::new(config()).fit(&mut network, &data()).unwrap();
    assert_ne!(weight(&network), before);
    // What its owner froze stays as it is.
    let mut network = Tiny::new();
    network.fc.weight = network.fc.weight.set_require_grad(false);
    Trainer::new(config()).fit(&mut network, &data()).unwrap();
    assert_eq!(weight(&network), before);
}
