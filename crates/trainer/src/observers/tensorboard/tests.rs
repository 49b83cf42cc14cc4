//! The files against TensorBoard's own: tests/golden/event_file.py made them.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::{path::Path, process::Command, sync::Arc};

use models::{StateDict, StateTensor};
use serde::Deserialize;

use super::{
    file::write_record,
    proto::{Event as Message, Value, What},
    reader::{Read, from_hex, read, records},
    *,
};
use crate::event::RunStarted;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/event_file.py");
const EVENTS: &[u8] = include_bytes!("../../../tests/golden/event_file.events");

#[derive(Deserialize)]
struct Golden {
    /// Of the histogram.
    values: Vec<f32>,
    text: String,
    /// In hexadecimal digits.
    png: String,
    /// What TensorBoard reads.
    read: Read,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../tests/golden/event_file.json")).unwrap()
}

/// The reader of these tests, held to TensorBoard's.
#[test]
fn an_event_file_of_tensorboard_is_read_as_by_tensorboard() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("events.out.tfevents.1"), EVENTS).unwrap();
    assert_eq!(read(folder.path()), golden().read);
}

#[test]
fn events_are_the_bytes_that_tensorboards_package_writes() {
    let golden = golden();
    let image = Value::Image {
        height: 1,
        width: 2,
        png: from_hex(&golden.png),
    };
    let histogram = Value::Histogram(Histogram::of(&golden.values).unwrap());
    let one = |tag: &str, value| What::Summary(vec![(tag.into(), value)]);
    let scalars = |loss| {
        What::Summary(vec![
            ("train/loss".into(), Value::Scalar(loss)),
            ("lr".into(), Value::Scalar(0.0)),
        ])
    };
    let events = [
        (1.5, 0, What::FileVersion),
        (2.5, 1, scalars(2.5)),
        (301.5, 300, scalars(0.1)),
        (70_001.5, 70_000, scalars(9.0)),
        (2.0, 301, What::SessionStart),
        (302.5, 301, scalars(0.25)),
        (3.0, 1, one("images/first_batch", image)),
        (4.0, 2, one("weights/conv1.weight", histogram)),
        (5.0, 0, one("config/text_summary", Value::Text(golden.text))),
    ];
    let mut bytes = Vec::new();
    for ((wall_time, step, what), theirs) in events.into_iter().zip(records(EVENTS)) {
        let event = Message {
            wall_time,
            step,
            what,
        };
        assert_eq!(event.encode(), theirs, "step {step}");
        write_record(&mut bytes, &event.encode()).unwrap();
    }
    assert_eq!(bytes, EVENTS);
}

/// A run of 3 epochs of 2 steps that was killed in its third and resumed at its third step.
fn resumed_run(folder: &Path) {
    let mut board = TensorBoard::create(folder, None).unwrap();
    board.text("config", "epochs = 3").unwrap();
    board.on_event(&started()).unwrap();
    board.on_event(&Event::FirstBatch(first_batch())).unwrap();
    for step in 1..=5 {
        board.on_event(&step_done(step, 1.0)).unwrap();
        if step % 2 == 0 {
            board.on_event(&epoch_done(step / 2, 1.0)).unwrap();
        }
    }
    // A second file, although it is the same process and perhaps the same second.
    let mut board = TensorBoard::create(folder, Some(3))
        .unwrap()
        .with_histograms()
        .with_classes(vec!["cat".into(), "dog".into()]);
    board.on_event(&started()).unwrap();
    for step in 4..=6 {
        board.on_event(&step_done(step, 0.5)).unwrap();
        if step % 2 == 0 {
            board.on_event(&epoch_done(step / 2, 0.5)).unwrap();
            board.on_event(&parameters(step / 2)).unwrap();
        }
    }
    assert!(board.wants_parameters() && board.wants_first_batch());
}

#[test]
fn a_resumed_run_is_read_without_the_steps_done_twice() {
    let folder = tempfile::tempdir().unwrap();
    resumed_run(folder.path());
    let read = read(folder.path());
    let losses = [(1, 1.0), (2, 1.0), (3, 1.0), (4, 0.5), (5, 0.5), (6, 0.5)];
    assert_eq!(read.scalars["train/loss"], losses);
    let rates = [1, 2, 3, 4, 5, 6].map(|step| (step, 0.125 * step as f64));
    assert_eq!(read.scalars["lr"], rates);
    let epochs = [(2, 1.0), (4, 0.5), (6, 0.5)];
    for tag in ["epoch/train_loss", "valid/loss"] {
        assert_eq!(read.scalars[tag], epochs, "{tag}");
    }
    assert_eq!(read.scalars["not_finite/fc.bias"], [(4, 1.0), (6, 1.0)]);
    assert_eq!(
        read.texts["config/text_summary"],
        [(0, "epochs = 3".into())]
    );
    let bars = &read.histograms["weights/fc.weight"];
    assert_eq!(bars.iter().map(|bar| bar.0).collect::<Vec<_>>(), [4, 6]);
    assert_eq!(bars[0].1.0, [-1.0, 2.0, 3.0, 1.5, 5.25]);
    assert_eq!(read.histograms["weights/fc.bias"][0].1.0[2], 1.0);
    assert!(!read.histograms.contains_key("weights/none"));
}

#[test]
fn the_first_batch_is_a_grid_of_16_images_without_normalisation() {
    let folder = tempfile::tempdir().unwrap();
    resumed_run(folder.path());
    let (step, height, width, hex) = &read(folder.path()).images["images/first_batch"][0];
    let picture = image::load_from_memory(&from_hex(hex)).unwrap().to_rgb8();
    assert_eq!(*step, 0);
    // Four columns of 72 pixels and margins; below each image a caption.
    assert_eq!((*width, *height), (4 * 78 + 6, 4 * (78 + 13) + 6));
    assert_eq!(picture.dimensions(), (*width as u32, *height as u32));
    for at in 0..16_u8 {
        let (x, y) = (6 + 78 * (u32::from(at) % 4), 6 + 91 * (u32::from(at) / 4));
        assert_eq!(picture.get_pixel(x, y).0, [10 * at, 0, 255], "image {at}");
    }
}

#[test]
fn a_first_batch_that_is_none_is_an_error_and_one_without_colours_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let mut board = TensorBoard::create(folder.path(), None).unwrap();
    let mut batch = first_batch();
    batch.values.pop();
    let error = board.on_event(&Event::FirstBatch(batch)).unwrap_err();
    assert!(error.to_string().contains("[17, 3, 1, 1]"), "{error}");
    let mut batch = first_batch();
    batch.std[1] = 0.0;
    assert!(board.on_event(&Event::FirstBatch(batch)).is_err());
    let batch = FirstBatch {
        shape: [1, 2, 1, 1],
        values: vec![0.0; 2],
        mean: vec![0.0; 2],
        std: vec![1.0; 2],
        labels: vec![0],
    };
    board.on_event(&Event::FirstBatch(batch)).unwrap();
    assert!(read(folder.path()).images.is_empty());
}

/// Where Python has TensorBoard, it reads the same; elsewhere the reader of these tests
/// stands for it, which the first test holds to it.
#[test]
fn tensorboard_reads_what_is_written() {
    let has = |python: &str| {
        let mut command = Command::new(python);
        let output = command.args(["-c", "import tensorboard"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    let Some(python) = ["python3", "python"].into_iter().find(|python| has(python)) else {
        eprintln!("no Python with tensorboard in PATH: not compared");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    resumed_run(folder.path());
    let mut command = Command::new(python);
    let output = command.arg(SCRIPT).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let theirs: Read = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(theirs, read(folder.path()));
}

fn started() -> Event {
    Event::RunStarted(RunStarted {
        run: "run".into(),
        model: "lenet5".into(),
        form: None,
        parameters: 4,
        weights: None,
        dataset: "pets".into(),
        image: [3, 1, 1],
        classes: 2,
        train_images: 34,
        valid_images: 1,
        test_images: 1,
        backend: "flex".into(),
        device: "CPU".into(),
        reason: "asked for".into(),
        seed: 1,
        epochs: 3,
        steps_per_epoch: 2,
    })
}

fn step_done(step: usize, loss: f64) -> Event {
    let scores = Scores {
        loss,
        accuracy: 0.5,
    };
    Event::StepDone(StepDone {
        epoch: step.div_ceil(2),
        step: 2 - step % 2,
        global_step: step,
        images: 17,
        batch: scores,
        epoch_so_far: scores,
        lr: 0.125 * step as f64,
    })
}

fn epoch_done(epoch: usize, loss: f64) -> Event {
    let scores = Scores {
        loss,
        accuracy: 0.5,
    };
    Event::EpochDone(EpochDone {
        epoch,
        train: scores,
        valid: Some(scores),
        lr: 0.1,
        seconds: 1.0,
        data_seconds: 0.5,
        best: true,
    })
}

/// 17 images of a pixel: red 10 × number, green 0, blue 255.
fn first_batch() -> FirstBatch {
    let (mean, std) = ([0.5_f32, 0.25, 0.125], [0.25_f32, 0.5, 1.0]);
    let image = |at: u8| {
        let bytes = [10 * (at % 16), 0, 255];
        let value = move |c: usize| (f32::from(bytes[c]) / 255.0 - mean[c]) / std[c];
        (0..3).map(value)
    };
    FirstBatch {
        shape: [17, 3, 1, 1],
        values: (0..17).flat_map(image).collect(),
        mean: mean.into(),
        std: std.into(),
        labels: (0..17).map(|at| at % 2).collect(),
    }
}

fn parameters(epoch: usize) -> Event {
    let mut values = StateDict::default();
    for (name, numbers) in [
        ("fc.weight", vec![-1.0, 0.5, 2.0]),
        ("fc.bias", vec![f32::NAN, 1.0]),
        ("none", vec![]),
    ] {
        let shape = vec![numbers.len()];
        values.insert(
            name,
            StateTensor {
                shape,
                values: numbers,
            },
        );
    }
    Event::Parameters(Parameters {
        epoch,
        updates: 2 * epoch,
        values: Arc::new(values),
    })
}
