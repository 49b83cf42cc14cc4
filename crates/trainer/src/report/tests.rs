//! Pages of runs that no program here trains in a moment: many classes, large images,
//! many epochs.

use std::{path::Path, sync::Arc};

use data::{DatasetInfo, ImageDataset};
use tempfile::TempDir;

use super::*;
use crate::{
    Event, Experiment, Observer, TestPrediction,
    config::Tta,
    event::{EpochDone, Scores},
    metrics::Counts,
};

/// Every second image of a class is taken for some other, mostly.
fn scored(folder: &TempDir, classes: usize, side: usize, images: usize) -> (RunDir, ImageDataset) {
    let info = Arc::new(DatasetInfo {
        name: "noise".into(),
        classes: (0..classes)
            .map(|class| format!("class <{class}>"))
            .collect(),
        channels: 3,
        height: side,
        width: side,
        mean: vec![0.5; 3],
        std: vec![0.25; 3],
    });
    // Noise, which no format makes smaller.
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    });
    let pixels = noise.take(images * info.image_len()).collect();
    let labels: Vec<u16> = (0..images).map(|image| (image % classes) as u16).collect();
    let mut counts = Counts::new(classes);
    for (image, &label) in labels.iter().enumerate() {
        let label = usize::from(label);
        let taken = match image / classes % 2 {
            0 => label,
            _ => (label + 1 + image % 5) % classes,
        };
        let mut logits = vec![0.0; classes];
        logits[taken] = 1.0 + (image % 13) as f32;
        counts.add(&logits, &[label], 1.0);
    }
    let (evaluation, predictions) = counts.evaluation(Tta::None);
    let run = RunDir::at(folder.path()).unwrap();
    run.write_config(&TrainConfig::default()).unwrap();
    run.write_dataset(&info).unwrap();
    run.write_evaluation(&evaluation).unwrap();
    run.write_predictions(&predictions).unwrap();
    (run, ImageDataset::new(info, pixels, labels).unwrap())
}

fn history(epochs: usize) -> Vec<EpochDone> {
    let scores = |epoch: usize| Scores {
        loss: 3.0 / epoch as f64,
        accuracy: 1.0 - 0.9 / epoch as f64,
    };
    (1..=epochs)
        .map(|epoch| EpochDone {
            epoch,
            train: scores(epoch),
            valid: Some(scores(epoch)),
            lr: 0.1 / epoch as f64,
            seconds: 1.0,
            data_seconds: 0.1,
            best: true,
        })
        .collect()
}

#[test]
fn a_page_of_anything_is_below_two_megabytes() {
    for (classes, side, images) in [
        (10, 28, 5000),
        (100, 32, 10_000),
        (10, 224, 400),
        (300, 8, 3000),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (run, test) = scored(&folder, classes, side, images);
        run.write_history(&history(5000)).unwrap();
        let html = Report::of_run(run, &test).to_html().unwrap();
        assert!(
            html.len() < 2_000_000,
            "{classes} classes: {} bytes",
            html.len()
        );
        assert!(html.contains("class &lt;3&gt;") && !html.contains("class <3>"));
        // The heat map, or why there is none; and images of mistakes.
        assert_eq!(html.contains("class=\"matrix"), classes <= 100);
        assert_eq!(html.contains("too many for a table"), classes > 100);
        assert!(html.matches("<img src=\"data:image/").count() > 60);
        assert_eq!(html.contains("more left out"), images / classes > 24);
    }
}

#[test]
fn a_page_on_many_runs_of_anything_is_below_two_megabytes() {
    for (classes, images) in [(100, 5000), (300, 3000)] {
        let folder = tempfile::tempdir().unwrap();
        let (run, _) = scored(&folder, classes, 8, images);
        run.write_history(&history(1000)).unwrap();
        let store = |_: Option<&Path>| Store::new(Some(folder.path())).offline(true);
        let html = Report::of_runs(&vec![run; 30], &store).to_html().unwrap();
        assert!(
            html.len() < 2_000_000,
            "{classes} classes: {} bytes",
            html.len()
        );
    }
}

#[test]
fn no_run_is_too_little() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunDir::at(folder.path()).unwrap();
    let store = |_: Option<&Path>| Store::new(Some(folder.path())).offline(true);
    let html = Report::of_runs(std::slice::from_ref(&run), &store)
        .to_html()
        .unwrap();
    for words in [
        "No epoch was finished",
        "There is no config.toml",
        "There is no summary.json",
    ] {
        assert!(html.contains(words), "{words}");
    }
    let html = Report::of_runs(&[run.clone(), run], &store)
        .to_html()
        .unwrap();
    assert!(html.contains("2 runs"));
    let (run, test) = scored(&folder, 10, 28, 40);
    assert!(
        run.predictions()
            .unwrap()
            .unwrap()
            .iter()
            .any(TestPrediction::is_right)
    );
    let html = Report::of_run(run, &test).to_html().unwrap();
    assert!(
        html.contains("There is no best.safetensors") && html.contains("mistakes of the test set")
    );
}

/// Keeps the warnings.
struct Warnings<'a>(&'a mut Vec<String>);

impl Observer for Warnings<'_> {
    fn on_event(&mut self, event: &Event) -> std::io::Result<()> {
        if let Event::Warning { message } = event {
            self.0.push(message.clone());
        }
        Ok(())
    }
}

#[test]
fn a_page_that_cannot_be_written_ends_no_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("report.html/in the way")).unwrap();
    let config = "limit = 100\nepochs = 1\nbackend = \"flex\"";
    let config = TrainConfig::from_toml(config, Path::new("test")).unwrap();
    let mut warnings = Vec::new();
    let experiment = Experiment::new(config)
        .unwrap()
        .observe(Warnings(&mut warnings));
    let summary = experiment.run_in(folder.path()).unwrap();
    assert!(summary.test.is_some());
    assert!(warnings[0].starts_with("cannot write ") && warnings[0].contains("kiln report "));
    assert_eq!(warnings.len(), 1);
}
