//! What cannot be trained.

use trainer::{BatchSource, EpochBatches, FitConfig, FitData, TrainError, Trainer};

use crate::support::*;

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
