//! `kiln schedule`, and schedules of runs.

use std::fs;

use serde_json::Value;

use crate::{
    bad_input::fails,
    support::{QUICK, kiln, newest, scratch, stderr, stdout, train},
};

#[test]
fn the_rates_are_those_of_the_run() {
    let out = scratch();
    let words = ["--schedule", "one-cycle", "--lr", "0.02", "--json"];
    let output = kiln()
        .args(["train", "--backend", "flex", "--out"])
        .arg(out.path())
        .args(QUICK)
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let events = stdout(&output);
    let steps = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let of_run: Vec<f64> = steps
        .filter(|event: &Value| event["event"] == "step_done")
        .map(|step| step["lr"].as_f64().unwrap())
        .collect();

    let run = newest(out.path());
    let output = kiln().arg("schedule").arg(&run).arg("--json").output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let rows: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
    let rates: Vec<f64> = rows.iter().map(|row| row["lr"].as_f64().unwrap()).collect();
    assert_eq!(rates, of_run);
    assert_eq!(rows[rows.len() - 1]["update"], rows.len() - 1);
    assert_eq!(rows[rows.len() / 2]["epoch"], 1.0);
}

#[test]
fn draws_and_tells() {
    let folder = scratch();
    let schedule = |words: &[&str]| {
        let output = kiln()
            .arg("schedule")
            .args(words)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}: {}", stderr(&output));
        stdout(&output)
    };
    // 4,500 of the 5,000 images train: 71 batches of 64.
    let told = schedule(&["--epochs", "2", "--lr", "3"]);
    assert!(told.contains("2 epochs of 71 updates"), "{told}");
    assert!(
        told.contains("after warm-up         36       0.51  3\n"),
        "{told}"
    );
    let svg = fs::read_to_string(folder.path().join("schedule.svg")).unwrap();
    assert!(svg.contains("<polyline") && svg.contains("cosine after a warm-up"));
    // Not over a file that was not named.
    fails(folder.path(), &["schedule"], 1, &["schedule.svg", "--out"]);
    fs::write(
        folder.path().join("my.toml"),
        "epochs = 4\n[schedule]\nname = \"step\"\nstep_epochs = 1.0\n",
    )
    .unwrap();
    let told = schedule(&["my.toml", "--out", "step.svg"]);
    assert!(
        told.contains("step after a warm-up of 0.5 epochs: 4 epochs"),
        "{told}"
    );
    // The named data set is not loaded for its number of images.
    let told = schedule(&["--dataset", "mnist", "--offline", "--out", "mnist.svg"]);
    assert!(told.contains("54000 images"), "{told}");
}

#[test]
fn impossible_schedules_are_refused() {
    let folder = scratch();
    let file = folder.path().join("my.toml");
    for (text, words, says) in [
        (
            "[schedule]\npower = 2.0",
            &["schedule", "my.toml"][..],
            &[
                "my.toml, line 2: schedule.power = 2",
                "cosine does not take it; it takes min_lr",
            ][..],
        ),
        (
            "[schedule]\nmin_lr = 0.01",
            &["schedule", "my.toml", "--lr", "0.001"],
            &["my.toml, line 2", "at most optimizer.lr, which is 0.001"],
        ),
        (
            "[schedule]\nname = \"plateau\"",
            &["train", "--config", "my.toml", "--valid", "0"],
            &["my.toml, line 2: schedule.name = plateau", "valid"],
        ),
        (
            "[loss]\nclass_weights = [1.0, 2.0]",
            &["train", "--config", "my.toml"],
            &[
                "my.toml, line 2: loss.class_weights",
                "10 classes, and has 2",
            ],
        ),
        (
            "",
            &["schedule", "--warmup-epochs", "15"],
            &[
                "--warmup-epochs: schedule.warmup_epochs = 15",
                "below the 15 epochs",
            ],
        ),
    ] {
        fs::write(&file, text).unwrap();
        fails(folder.path(), words, 2, says);
    }
}

#[test]
fn plateau_lowers_the_rate_of_a_run() {
    let out = scratch();
    let config = out.path().join("my.toml");
    // A loss must fall to a tenth of the best to be better: none does.
    fs::write(
        &config,
        "[schedule]\nname = \"plateau\"\npatience = 0\nthreshold = 0.9\nwarmup_epochs = 0.0\n",
    )
    .unwrap();
    let words = ["--limit", "300", "--epochs", "3", "--config"];
    let run = train(
        &out.path().join("runs"),
        &[&words[..], &[config.to_str().unwrap()]].concat(),
    );
    let history = fs::read_to_string(run.join("history.csv")).unwrap();
    let rates: Vec<&str> = history
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(5).unwrap())
        .collect();
    let rates: Vec<f64> = rates.iter().map(|rate| rate.parse().unwrap()).collect();
    assert_eq!(
        rates[..2],
        [0.05, 0.05],
        "the first loss is the best so far"
    );
    assert!((rates[2] - 0.005).abs() < 1e-9, "{rates:?}");
}
