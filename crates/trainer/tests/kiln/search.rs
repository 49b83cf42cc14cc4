//! `kiln lr-find` and `kiln sweep`.

use std::{
    fs,
    path::Path,
    process::{Output, Stdio},
    thread::sleep,
    time::Duration,
};

use serde_json::Value;

use crate::{
    bad_input::fails,
    support::{kiln, newest, scratch, send, stderr, stdout, summary},
};

fn in_folder(folder: &Path, words: &[&str]) -> Output {
    let output = kiln().args(words).current_dir(folder).output();
    output.expect("kiln can be started")
}

fn works(folder: &Path, words: &[&str]) -> String {
    let output = in_folder(folder, words);
    assert!(output.status.success(), "{words:?}: {}", stderr(&output));
    stdout(&output)
}

#[test]
fn lr_find_suggests_a_rate_that_trains() {
    let folder = scratch();
    // More steps than an epoch of 5 batches has, and two batches an update.
    let words = [
        "lr-find",
        "--limit",
        "300",
        "--steps",
        "60",
        "--from",
        "1e-5",
        "--set",
        "accumulate=2",
    ];
    let told = works(folder.path(), &words);
    assert!(told.contains("128 an update"), "{told}");
    let svg = fs::read_to_string(folder.path().join("lr-find.svg")).unwrap();
    assert!(svg.contains("<polyline") && svg.contains("lenet5 on mnist-mini"));
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing but the picture");
    // Not over a file that was not named.
    fails(folder.path(), &words, 1, &["lr-find.svg", "--out"]);

    let json = works(folder.path(), &[&words[..], &["--json"]].concat());
    let found: Value = serde_json::from_str(&json).unwrap();
    let points = found["points"].as_array().unwrap();
    assert!(points.len() > 20 && points.len() <= 60);
    assert_eq!(points[0]["lr"], 1e-5);
    assert_eq!(points[0]["loss"], points[0]["smoothed"]);
    let lr = found["lr"].as_f64().unwrap();
    assert!((1e-3..1.0).contains(&lr), "{lr}");
    let command = found["train"].as_str().unwrap();
    let expected = format!("kiln train --limit 300 --set accumulate=2 --lr {lr:.2e}");
    assert_eq!(command, expected);
    assert!(told.contains(&expected), "{told}");
    // The same, to the last bit: the seed decides.
    let again = works(folder.path(), &[&words[..], &["--json"]].concat());
    assert_eq!(again, json);
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let told = works(folder.path(), &[&words[..], &["--epochs", "1"]].concat());
    assert!(told.contains("best epoch: 1"), "{told}");
}

#[test]
fn lr_find_says_that_nothing_is_learnt() {
    let folder = scratch();
    let words = [
        "lr-find", "--limit", "300", "--to", "1e-6", "--steps", "30", "--json",
    ];
    let found: Value = serde_json::from_str(&works(folder.path(), &words)).unwrap();
    assert_eq!(
        (&found["lr"], &found["train"]),
        (&Value::Null, &Value::Null)
    );
    let why = found["no_suggestion"].as_str().unwrap();
    assert!(why.contains("varies between batches"), "{why}");
    assert_eq!(found["end"], "steps");
    for (words, says) in [
        (["--from", "0"], ["--from = 0", "above 0"]),
        (
            ["--to", "1e-9"],
            ["--to = 0.000000001", "above that of --from"],
        ),
        (["--steps", "5"], ["--steps = 5", "at least 20"]),
        (
            ["--set", "optimizer.freeze=[\"no\"]"],
            ["optimizer.freeze[0]", "no parameter"],
        ),
    ] {
        fails(
            folder.path(),
            &[&["lr-find"], &words[..]].concat(),
            2,
            &says,
        );
    }
}

const GRID: &str = "seeds = [1]\n[config]\nmodel = \"mlp\"\nlimit = 300\nepochs = 2\n\
                    backend = \"flex\"\n[grid]\noptimizer.lr = [0.1, 1e30]\n";

#[test]
fn a_sweep_does_what_is_left_and_ranks_all() {
    let folder = scratch();
    let file = folder.path().join("my.toml");
    fs::write(&file, GRID).unwrap();
    fails(
        folder.path(),
        &["sweep", "my.toml", "--table"],
        2,
        &["sweeps/my", "no sweep.json"],
    );
    let told = works(folder.path(), &["sweep", "my.toml"]);
    assert!(told.contains("2 trials × 1 seed = 2 runs\n"), "{told}");
    assert!(
        told.contains("2/2  diverged in epoch 1  seed 1  optimizer.lr="),
        "{told}"
    );
    assert!(told.contains("best: trial 1, optimizer.lr=0.1\n"), "{told}");

    // More of both: what is done is not done again.
    let sweep = folder.path().join("sweeps/my");
    let before = fs::metadata(sweep.join("trial-001-seed-1/summary.json")).unwrap();
    fs::write(
        &file,
        GRID.replace("[1]", "[1, 2]").replace("[0.1,", "[0.2, 0.1,"),
    )
    .unwrap();
    let told = works(folder.path(), &["sweep", "my.toml"]);
    assert!(
        told.contains("3 trials × 2 seeds = 6 runs, 2 of them done"),
        "{told}"
    );
    let after = fs::metadata(sweep.join("trial-001-seed-1/summary.json")).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());

    let csv = fs::read_to_string(sweep.join("sweep.csv")).unwrap();
    assert_eq!(csv.lines().count(), 7, "{csv}");
    let json = works(folder.path(), &["sweep", "my.toml", "--json", "--table"]);
    let object: Value = serde_json::from_str(&json).unwrap();
    let best = &object["ranking"][0];
    let accuracy = |seed: usize| {
        let trial = best["trial"].as_u64().unwrap();
        let run = sweep.join(format!("trial-{trial:03}-seed-{seed}"));
        summary(&run)["valid"]["accuracy"].as_f64().unwrap()
    };
    let (one, two) = (accuracy(1), accuracy(2));
    let mean = best["valid_accuracy"]["mean"].as_f64().unwrap();
    let std = best["valid_accuracy"]["std"].as_f64().unwrap();
    assert!((mean - (one + two) / 2.0).abs() < 1e-12);
    assert!((std - (one - two).abs() / 2_f64.sqrt()).abs() < 1e-12);
    assert_eq!(object["ranking"][2]["diverged"], 2);
    let table = works(folder.path(), &["sweep", "my.toml", "--table"]);
    assert!(
        table.starts_with("trial  optimizer.lr  valid accuracy"),
        "{table}"
    );

    // A run of a sweep is a run: the same configuration gives the same bytes.
    let config = sweep.join("trial-001-seed-2/config.toml");
    let words = [
        "train",
        "--quiet",
        "--out",
        "runs",
        "--config",
        config.to_str().unwrap(),
    ];
    works(folder.path(), &words);
    let run = newest(&folder.path().join("runs"));
    assert_eq!(
        summary(&run)["sha256"],
        summary(&sweep.join("trial-001-seed-2"))["sha256"]
    );

    for (text, says) in [
        (GRID.to_string(), "seed 2 would be left out"),
        (
            GRID.replace("[1]", "[1, 2]")
                .replace("epochs = 2", "epochs = 3"),
            "epochs was 2",
        ),
    ] {
        fs::write(&file, text).unwrap();
        fails(
            folder.path(),
            &["sweep", "my.toml"],
            2,
            &["sweeps/my", says, "--out DIR"],
        );
    }
}

#[test]
fn trials_are_checked_before_the_first_run() {
    let folder = scratch();
    for (change, says) in [
        (
            "optimizer.lrr = [1]",
            "my.toml, line 9: optimizer: there is no key `lrr`",
        ),
        (
            "valid = [0.1, 0]",
            "my.toml, line 9: valid = 0: a sweep chooses by",
        ),
        (
            "network.width = [0.5]",
            "my.toml, line 9: network.width = 0.5: ",
        ),
        (
            "optimizer.freeze = [[], [\"no.*\"]]",
            "optimizer.freeze[0] = \"no.*\": no parameter",
        ),
        (
            "augment = [[], [{ name = \"random-crop\", size = 99 }]]",
            "my.toml, line 9: augment[0].size = 99: ",
        ),
    ] {
        fs::write(folder.path().join("my.toml"), format!("{GRID}{change}\n")).unwrap();
        fails(folder.path(), &["sweep", "my.toml"], 2, &[says]);
    }
}

/// Stopped by a signal and killed, it goes on, and ends as one that was never stopped.
#[cfg(unix)]
#[test]
fn a_stopped_sweep_goes_on() {
    let folder = scratch();
    let file = folder.path().join("my.toml");
    fs::write(
        &file,
        GRID.replace("epochs = 2", "epochs = 30")
            .replace("1e30", "0.05"),
    )
    .unwrap();
    works(folder.path(), &["sweep", "my.toml", "--out", "whole"]);
    let words = ["sweep", "my.toml", "--out", "stopped"];
    for (signal, code) in [("INT", Some(130)), ("KILL", None)] {
        let mut child = kiln();
        child.args(words).current_dir(folder.path());
        child.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().expect("kiln can be started");
        let run = folder.path().join("stopped/trial-001-seed-1/checkpoints");
        while !run.exists() && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(5));
        }
        send(signal, &child);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), code, "{}", stderr(&output));
        if code.is_some() {
            let told = stdout(&output);
            let expected = "go on: kiln sweep my.toml --out stopped\n";
            assert!(
                told.contains("of 2 runs are done\n") && told.contains(expected),
                "{told}"
            );
        }
    }
    works(folder.path(), &words);
    for run in ["trial-001-seed-1", "trial-002-seed-1"] {
        let of = |sweep: &str| summary(&folder.path().join(sweep).join(run));
        let (whole, stopped) = (of("whole"), of("stopped"));
        for key in ["sha256", "valid", "test", "best_epoch"] {
            assert_eq!(whole[key], stopped[key], "{run}: {key}");
        }
    }
}
