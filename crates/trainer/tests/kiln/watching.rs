//! What a run writes of its course: log.txt and event files.

use std::fs;

use serde_json::Value;

use crate::support::{QUICK, kiln_with, newest, scratch, stderr, stdout, summary, train};

#[test]
fn a_run_writes_a_log_and_no_event_files_unless_asked() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let log = fs::read_to_string(run.join("log.txt")).unwrap();
    // Time, level, text.
    let texts: Vec<&str> = log
        .lines()
        .map(|line| line.split_once(" INFO  ").unwrap().1)
        .collect();
    let begins = |words: &str| texts.iter().any(|text| text.starts_with(words));
    for words in [
        "kiln ",
        "config {\"model\":\"lenet5\"",
        "model lenet5: 61706 parameters",
        "data mnist-mini: 270 training, 30 validation",
        "backend flex: CPU",
        "epoch 2 of 2: train loss ",
        "checkpoint after 10 updates: ",
        "done: epochs 2; best epoch ",
    ] {
        assert!(begins(words), "no `{words}` in {log}");
    }
    assert!(!run.join("tensorboard").exists());
}

#[test]
fn event_files_hold_steps_and_epochs() {
    let out = scratch();
    let file = out.path().join("my.toml");
    fs::write(&file, "[log]\ntext = false\n").unwrap();
    let words = ["--tensorboard", "--config", file.to_str().unwrap()];
    let run = train(&out.path().join("runs"), &[&QUICK[..], &words].concat());
    assert!(!run.join("log.txt").exists());
    let files: Vec<_> = fs::read_dir(run.join("tensorboard"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let name = files[0].file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("events.out.tfevents."), "{name}");
    let bytes = fs::read(&files[0]).unwrap();
    let count = |tag: &str| {
        let windows = bytes.windows(tag.len());
        windows.filter(|window| *window == tag.as_bytes()).count()
    };
    // 300 images less a tenth, in batches of 64, twice.
    assert_eq!([count("train/loss"), count("train/accuracy")], [10, 10]);
    assert_eq!([count("valid/loss"), count("epoch/train_loss")], [2, 2]);
    assert_eq!([count("test/loss"), count("config/text_summary")], [1, 1]);
    assert!(count("tensorboard = true") == 1, "the configuration");
    // The numbers are those of the summary.
    let loss = summary(&run)["test"]["loss"].as_f64().unwrap() as f32;
    let bits = loss.to_le_bytes();
    assert!(bytes.windows(4).any(|window| window == bits));
}

#[test]
fn a_failure_is_the_last_event_and_the_last_line_of_the_log() {
    let out = scratch();
    let folder = out.path().to_str().unwrap();
    let words = ["train", "--lr", "1e30", "--json", "--out", folder];
    let output = kiln_with(&[&words[..], &QUICK].concat());
    assert_eq!(output.status.code(), Some(1));
    let events = stdout(&output);
    let last: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    assert_eq!(last["event"], "run_failed");
    let error = last["error"].as_str().unwrap();
    assert!(error.starts_with("the loss is"), "{error}");
    assert!(stderr(&output).contains(error), "{}", stderr(&output));
    let log = fs::read_to_string(newest(out.path()).join("log.txt")).unwrap();
    let end = format!(" ERROR {error}\n");
    assert!(log.ends_with(&end), "{log}");
}

#[test]
fn histograms_without_tensorboard_are_refused() {
    let out = scratch();
    let file = out.path().join("my.toml");
    fs::write(&file, "[log]\nhistograms = true\n").unwrap();
    let output = kiln_with(&["train", "--config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    for words in ["my.toml, line 2", "log.histograms", "tensorboard = true"] {
        assert!(message.contains(words), "{message}");
    }
}

/// Without the feature it says which; with it, that there is no terminal here.
#[test]
fn a_dashboard_that_cannot_be_is_an_error_and_leaves_nothing() {
    let out = scratch();
    let runs = out.path().join("runs");
    let output = kiln_with(&["train", "--tui", "--out", runs.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let why = match cfg!(feature = "tui") {
        true => "it needs a terminal",
        false => "build with --features tui",
    };
    assert!(stderr(&output).contains(why), "{}", stderr(&output));
    assert!(!runs.exists());
}
