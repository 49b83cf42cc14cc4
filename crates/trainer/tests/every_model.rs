//! Every architecture goes through a whole run: an epoch, validation, the test,
//! weights written and read.
#![cfg(feature = "flex")]
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::{path::Path, sync::Arc};

use data::{DatasetInfo, Datasets, ImageDataset};
use models::{Architecture, ModelOptions};
use trainer::{
    Experiment, RunDir, Status, TrainConfig, Weights,
    backend::{Backend, BackendChoice},
    config::OptimizerConfig,
};

/// The first images of a data set.
fn first(images: &ImageDataset, count: usize) -> ImageDataset {
    let info = Arc::clone(images.info());
    let pixels = images.images(0..count).to_vec();
    ImageDataset::new(info, pixels, images.labels()[..count].to_vec()).unwrap()
}

/// Images of shape 3×96×96 in three classes, which differ in colour and pattern.
fn made_up(count: usize) -> ImageDataset {
    let info = DatasetInfo {
        name: "made-up".into(),
        classes: ["a", "b", "c"].map(String::from).to_vec(),
        channels: 3,
        height: 96,
        width: 96,
        mean: vec![0.5; 3],
        std: vec![0.3; 3],
    };
    let labels: Vec<u16> = (0..count).map(|image| image as u16 % 3).collect();
    let pixel = |image: usize, at: usize| ((at * (7 + image % 3) + image * 31) % 256) as u8;
    let pixels = (0..count).flat_map(|image| (0..info.image_len()).map(move |at| pixel(image, at)));
    ImageDataset::new(Arc::new(info.clone()), pixels.collect(), labels).unwrap()
}

/// Trains an epoch, and looks at what the run left in `out`.
fn trains(architecture: &'static Architecture, width: f64, images: Datasets, out: &Path) {
    let name = architecture.name;
    let config = TrainConfig {
        model: name.into(),
        network: ModelOptions {
            width: if architecture.scalable { width } else { 1.0 },
            auxiliary_heads: name == "googlenet",
            ..ModelOptions::default()
        },
        backend: BackendChoice::Fixed(Backend::Flex),
        epochs: 1,
        batch_size: 10,
        // Nothing but gradients changes the weights.
        optimizer: OptimizerConfig {
            weight_decay: Some(0.0),
            ..OptimizerConfig::default()
        },
        ..TrainConfig::default()
    };
    let (image, classes) = (images.test.info().shape(), images.test.info().classes.len());
    let model = architecture.model(classes).options(config.network.clone());
    let expected = model.summary(image).unwrap();
    let trainer = Experiment::with_datasets(config, images).unwrap();
    let device = &trainer.plan().selected.device;
    let initial = trainer.plan().spec.build(image, device).unwrap();
    let initial = initial.state_dict().unwrap();

    let summary = trainer.run(out).unwrap();
    assert_eq!(summary.status, Status::Done, "{name}");
    assert_eq!(summary.parameters, expected.parameters(), "{name}");
    let test = summary.test.unwrap();
    assert!(test.loss.is_finite(), "{name}: {test:?}");

    let run = std::fs::read_dir(out).unwrap().next().unwrap().unwrap();
    let best = RunDir::open(&run.path()).unwrap();
    let best = best.state_dict(Weights::Best).unwrap();
    assert_eq!(best.len(), initial.len(), "{name}");
    for (tensor, start) in initial.iter().filter(|(t, _)| t.ends_with(".weight")) {
        let end = best.get(tensor).unwrap();
        assert_eq!(end.shape, start.shape, "{name}: {tensor}");
        assert!(end.values != start.values, "{name}: {tensor} did not learn");
    }
}

#[test]
fn every_architecture_trains_an_epoch_on_small_grey_images() {
    let digits = data::load("mnist-mini").unwrap();
    let few = Datasets {
        train: first(&digits.train, 20),
        valid: Some(first(&digits.test, 5)),
        test: first(&digits.test, 10),
    };
    for architecture in models::architectures() {
        let out = tempfile::tempdir().unwrap();
        trains(architecture, 0.125, few.clone(), out.path());
    }
}

#[test]
fn a_published_form_of_every_family_trains_an_epoch_on_large_images() {
    let few = Datasets {
        train: made_up(6),
        valid: Some(made_up(3)),
        test: made_up(3),
    };
    let mut families: Vec<&str> = Vec::new();
    for architecture in models::architectures().filter(|known| known.forms) {
        if families.contains(&architecture.family) {
            continue;
        }
        families.push(architecture.family);
        let out = tempfile::tempdir().unwrap();
        trains(architecture, 0.0625, few.clone(), out.path());
        let run = std::fs::read_dir(out.path()).unwrap().next().unwrap();
        let config = RunDir::open(&run.unwrap().path()).unwrap().config();
        assert_eq!(config.unwrap().network.form, models::Form::ImageNet);
    }
    assert_eq!(families.len(), 5, "{families:?}");
}
