//! Every architecture goes through a whole run: an epoch, validation, the test,
//! weights written and read.
#![cfg(feature = "flex")]
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::sync::Arc;

use data::{Datasets, ImageDataset};
use models::ModelOptions;
use trainer::{
    Status, TrainConfig, Trainer,
    backend::{Backend, BackendChoice},
};

/// The first images of a data set.
fn first(images: &ImageDataset, count: usize) -> ImageDataset {
    let info = Arc::clone(images.info());
    let pixels = images.images(0..count).to_vec();
    ImageDataset::new(info, pixels, images.labels()[..count].to_vec()).unwrap()
}

#[test]
fn every_architecture_trains_an_epoch_on_small_grey_images() {
    let digits = data::load("mnist-mini").unwrap();
    let few = Datasets {
        train: first(&digits.train, 20),
        valid: Some(first(&digits.test, 5)),
        test: first(&digits.test, 10),
    };
    let out = tempfile::tempdir().unwrap();
    for architecture in models::architectures() {
        let width = if architecture.scalable { 0.125 } else { 1.0 };
        let config = TrainConfig {
            model: architecture.name.into(),
            network: ModelOptions {
                width,
                auxiliary_heads: architecture.name == "googlenet",
                ..ModelOptions::default()
            },
            backend: BackendChoice::Fixed(Backend::Flex),
            epochs: 1,
            batch_size: 10,
            ..TrainConfig::default()
        };
        let trainer = Trainer::with_datasets(config, few.clone()).unwrap();
        let summary = trainer.run(out.path()).unwrap();
        assert_eq!(summary.status, Status::Done, "{}", architecture.name);
        let test = summary.test.unwrap();
        assert!(test.loss.is_finite(), "{}: {test:?}", architecture.name);
    }
}
