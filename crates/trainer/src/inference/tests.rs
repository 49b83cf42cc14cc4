//! What the network of a run gets here is what it got when the run was scored.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::{fs, path::Path};

use data::{Store, augment::Image, folder};
use tempfile::TempDir;

use super::*;
use crate::{Experiment, Plan, load_datasets};

/// With steps that change images that are scored too.
const CONFIG: &str = "model = \"lenet-small\"\nepochs = 1\nlimit = 200\nvalid = 50\n\
    backend = \"flex\"\nbatch_size = 32\n[[augment]]\nname = \"random-rotation\"\ndegrees = 9\n\
    [[augment]]\nname = \"center-crop\"\nsize = 24\n[[augment]]\nname = \"resize\"\nsize = 28\n\
    [[augment]]\nname = \"normalize\"\nmean = [0.2]\n";

fn trained(out: &Path) -> Inference {
    let config = TrainConfig::from_toml(CONFIG, Path::new("test")).unwrap();
    Experiment::new(config).unwrap().run(out).unwrap();
    let run = fs::read_dir(out).unwrap().next().unwrap().unwrap().path();
    Inference::open(RunDir::open(&run).unwrap(), InferenceOptions::default()).unwrap()
}

fn digits() -> data::Datasets {
    data::load("mnist-mini").unwrap()
}

fn folder_for_test() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn an_image_file_gets_the_logits_of_the_test_image_that_it_holds() {
    let out = folder_for_test();
    let inference = trained(&out.path().join("runs"));
    // As the loop scores it.
    let mut config = inference.config().clone();
    let store = Store::new(None);
    let datasets = load_datasets(&config, &store, &mut |_| {}).unwrap();
    config.epochs = 1;
    let plan = Plan::new(config, datasets).unwrap();
    let mut expected = Vec::new();
    for batch in plan.test.epoch(0).take(2) {
        expected.extend(inference.logits(batch.unwrap()).unwrap());
    }

    let test = digits().test;
    let options = inference.folder_options();
    let images: Vec<Image> = (0..64)
        .map(|at| {
            let file = out.path().join(format!("{at}.png"));
            let pixels = image::GrayImage::from_raw(28, 28, test.image(at).to_vec());
            pixels.unwrap().save(&file).unwrap();
            folder::read_image(&file, &options).unwrap()
        })
        .collect();
    let found = inference.predict(&images).unwrap();
    let found: Vec<f32> = found.into_iter().flat_map(|image| image.logits).collect();
    assert_eq!(found, expected);
    // The steps and the given mean are at work.
    let image = Image::new(test.image(0).to_vec(), [1, 28, 28]);
    let batch = inference.loader(test, vec![0]).unwrap().epoch(0).next();
    let values = batch.unwrap().unwrap().values();
    let mut cropped = image.clone();
    inference.pipeline().apply(&mut cropped, 1, 2, 3);
    assert_ne!(cropped, image);
    let of_byte = |byte: u8| (f32::from(byte) / 255.0 - 0.2) / inference.info().std[0];
    let expected: Vec<f32> = cropped.pixels().iter().copied().map(of_byte).collect();
    assert_eq!(values, expected);
}

#[test]
fn parts_are_those_that_the_run_saw() {
    let out = folder_for_test();
    let inference = trained(out.path());
    let part = |name: &str, part| inference.part(name, digits(), part);
    let count = |found: Result<_, TrainError>| {
        let (_, indices): (data::ImageDataset, Vec<usize>) = found.unwrap();
        indices.len()
    };
    assert_eq!(count(part("mnist-mini", Part::Train)), 150);
    assert_eq!(count(part("mnist-mini", Part::Valid)), 50);
    assert_eq!(count(part("mnist-mini", Part::Test)), 1000);
    assert_eq!(count(part("another", Part::Train)), 5000);
    let error = part("another", Part::Valid).unwrap_err();
    assert!(matches!(error, TrainError::NoValidation { .. }), "{error}");

    let summary = fs::read_to_string(inference.run().path().join("summary.json")).unwrap();
    let summary: crate::RunSummary = serde_json::from_str(&summary).unwrap();
    for (name, scores) in [(Part::Valid, summary.valid), (Part::Test, summary.test)] {
        let (images, indices) = part("mnist-mini", name).unwrap();
        let loader = inference.loader(images, indices).unwrap();
        let found = inference.evaluate(&loader).unwrap().scores();
        let scores = scores.unwrap();
        assert_eq!(found.accuracy, scores.accuracy, "{name:?}");
        // Batches are summed otherwise in validation.
        assert!((found.loss - scores.loss).abs() < 1e-6, "{name:?}");
    }
}

#[test]
fn images_of_another_shape_are_an_error() {
    let out = folder_for_test();
    let inference = trained(out.path());
    // As many pixels.
    let wrong = Image::new(vec![0; 28 * 28], [1, 14, 56]);
    let error = inference.predict(&[wrong]).unwrap_err().to_string();
    assert!(error.contains("[1, 14, 56]"), "{error}");
    assert_eq!(inference.predict(&[]).unwrap(), []);
}

#[test]
fn ink_on_paper_is_noticed() {
    let out = folder_for_test();
    let inference = trained(out.path());
    let test = digits().test;
    let digit = Image::new(test.image(5).to_vec(), [1, 28, 28]);
    assert!(!inference.is_unlike_training(&digit));
    assert!(inference.is_unlike_training(&digit.inverted()));
}
