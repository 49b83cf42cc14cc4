//! Training for some steps, and validation between steps.

use std::fs;

use serde_json::Value;

use crate::support::{QUICK, kiln, newest, scratch, stderr, stdout, summary, train};

fn events(words: &[&str]) -> (std::path::PathBuf, Vec<Value>, tempfile::TempDir) {
    let out = scratch();
    let output = kiln()
        .args(["train", "--backend", "flex", "--json", "--out"])
        .arg(out.path())
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let lines = stdout(&output);
    let events = lines.lines().map(|l| serde_json::from_str(l).unwrap());
    (newest(out.path()), events.collect(), out)
}

fn of<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|e| e["event"] == name).collect()
}

/// The tutorials' single step: the loss of a batch falls by it.
#[test]
fn one_step_shows_the_loss_before_and_after() {
    // Without warm-up, so that the step is more than nothing.
    let words = ["--steps", "1", "--set", "schedule.warmup_epochs=0.0"];
    let (run, events, _out) = events(&[&QUICK[..], &words].concat());
    let steps = of(&events, "step_done");
    assert_eq!(steps.len(), 1);
    let last = of(&events, "last_step");
    assert_eq!((last.len(), &last[0]["global_step"]), (1, &1.into()));
    assert_eq!(last[0]["before"], steps[0]["batch"]);
    let loss = |when: &str| last[0][when]["loss"].as_f64().unwrap();
    assert!(loss("after") < loss("before"), "{}", last[0]);
    let summary = summary(&run);
    assert_eq!(summary["ended_by"], "steps");
    assert_eq!(
        (&summary["updates"], &summary["status"]),
        (&1.into(), &"done".into())
    );
    assert!(summary["test"].is_null() && run.join("last.safetensors").is_file());
}

/// And goes on from there, to the same bytes as one that was never stopped.
#[test]
fn a_run_of_some_steps_goes_on() {
    let out = scratch();
    let every = ["--set", "evaluation.every_steps=2"];
    let words = [&QUICK[..], &["--batch-size", "60"], &every].concat();
    let whole = train(&out.path().join("whole"), &words);
    let begun = train(
        &out.path().join("begun"),
        &[&words[..], &["--steps", "3"]].concat(),
    );
    let output = kiln()
        .args(["train", "--quiet", "--steps", "1000", "--resume"])
        .arg(&begun)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    for file in ["best.safetensors", "last.safetensors", "validation.csv"] {
        let bytes = |run: &std::path::Path| fs::read(run.join(file)).unwrap();
        assert_eq!(bytes(&whole), bytes(&begun), "{file}");
    }
    // 270 images in batches of 60 are 5 steps an epoch, of which the last is the epoch's own.
    let rows = fs::read_to_string(whole.join("validation.csv")).unwrap();
    let steps: Vec<&str> = rows
        .lines()
        .skip(1)
        .map(|l| &l[..l.find(',').unwrap()])
        .collect();
    assert_eq!(steps, ["2", "4", "6", "8"]);
}

#[test]
fn validation_between_steps_changes_nothing_of_the_training() {
    let words = [&QUICK[..], &["--model", "mlp", "--batch-size", "60"]].concat();
    let every = [&words[..], &["--set", "evaluation.every_steps=1"]].concat();
    let (plain, _, _out) = events(&words);
    let (validated, events, _other) = events(&every);
    let weights = |run: &std::path::Path| fs::read(run.join("last.safetensors")).unwrap();
    assert_eq!(weights(&plain), weights(&validated));
    let found = of(&events, "validated");
    assert_eq!(found.len(), 8);
    assert!(found[0]["valid"]["loss"].as_f64().unwrap() > 0.0);
    assert!(!plain.join("validation.csv").exists());

    let page = |run: &std::path::Path| fs::read_to_string(run.join("report.html")).unwrap();
    let chart = "aria-label=\"Validation accuracy by update: valid from ";
    assert!(page(&validated).contains(chart) && !page(&plain).contains(chart));
    // A damaged file is pointed out, and the rest is shown.
    fs::write(validated.join("validation.csv"), "step\n1\n").unwrap();
    let output = kiln().arg("report").arg(&validated).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let told = page(&validated);
    assert!(told.contains("alidation.csv: line 2 has no `epoch`"));
    assert!(told.contains("aria-label=\"Accuracy by epoch"));
}
