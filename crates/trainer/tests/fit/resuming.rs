//! Going on in a folder.

use burn::{
    module::Module,
    nn::{BatchNorm, BatchNormConfig, Linear},
    tensor::{Device, Tensor},
};
use models::{Network, NetworkSpec, StateDict};
use trainer::{
    Classifier, EndedBy, EpochDone, FitConfig, FitData, StopFlag, Trainer,
    config::{AverageConfig, AverageName, ScheduleConfig, ScheduleName},
};

use crate::support::*;

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
fn swa_begins_where_it_began_when_more_epochs_follow() {
    let _alone = alone();
    let scratch = tempfile::tempdir().unwrap();
    let config = |epochs, start_epoch| FitConfig {
        epochs,
        average: AverageConfig {
            name: AverageName::Swa,
            start_epoch,
            ..AverageConfig::default()
        },
        schedule: ScheduleConfig {
            name: ScheduleName::Constant,
            ..ScheduleConfig::default()
        },
        ..config()
    };
    let fit = |folder: &str, config| {
        let mut trainer = Trainer::new(config)
            .in_folder(&scratch.path().join(folder))
            .unwrap();
        trainer.fit(&mut Tiny::new(), &data()).unwrap().history
    };
    // Of four epochs the fourth is averaged; of eight, by itself, the seventh.
    fit("grown", config(4, None));
    let grown = fit("grown", config(8, None));
    let whole = fit("whole", config(8, Some(4)));
    let losses = |rows: &[EpochDone]| rows.iter().map(|row| row.valid).collect::<Vec<_>>();
    assert_eq!(losses(&grown), losses(&whole));
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
