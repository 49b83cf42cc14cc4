//! `--threads`: how many the CPU computes with.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    bad_input::fails,
    support::{QUICK, kiln, kiln_with, newest, scratch, stderr, stdout, summary, train},
};

/// The device of a run, as its summary tells.
fn device(run: &Path) -> Value {
    summary(run)["device"].clone()
}

#[test]
fn a_run_computes_with_the_threads_that_were_asked_for() {
    let out = scratch();
    let words = [&QUICK[..], &["--model", "mlp", "--threads", "1"]].concat();
    let run = train(out.path(), &words);
    assert_eq!(device(&run), "CPU, 1 thread");
    let config = fs::read_to_string(run.join("config.toml")).unwrap();
    assert!(config.contains("\nthreads = 1\n"), "{config}");
    let path = run.to_str().unwrap();

    // With those of the run, or others.
    for (words, threads) in [(&[][..], 1), (&["--threads", "3"][..], 3)] {
        let told = kiln_with(&[&["eval", path, "--json"], words].concat());
        let told: Value = serde_json::from_str(&stdout(&told)).unwrap();
        let plural = if threads == 1 { "" } else { "s" };
        assert_eq!(told["device"], format!("CPU, {threads} thread{plural}"));
    }

    // Threads are no part of what a step does: a run goes on with another number.
    let words = ["--resume", path, "--epochs", "3", "--threads", "2"];
    let output = kiln_with(&words);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(device(&run), "CPU, 2 threads");
    assert_eq!(summary(&run)["epochs"], 3);
}

#[test]
fn the_environment_counts_where_nothing_is_asked_for() {
    let out = scratch();
    let run = |words: &[&str]| {
        let mut kiln = kiln();
        kiln.args(["--backend", "flex", "--quiet", "--model", "perceptron"]);
        kiln.args(QUICK).args(words).arg("--out").arg(out.path());
        let output = kiln.env("RAYON_NUM_THREADS", "3").output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        device(&newest(out.path()))
    };
    assert_eq!(run(&["--seed", "1"]), "CPU, 3 threads");
    assert_eq!(run(&["--seed", "2", "--threads", "2"]), "CPU, 2 threads");
}

#[test]
fn a_sweep_and_a_range_test_take_them_too() {
    let folder = scratch();
    let grid = "[config]\nmodel = \"perceptron\"\nlimit = 300\nepochs = 1\nbackend = \"flex\"\n\
                threads = 2\n[grid]\noptimizer.lr = [0.1]\n";
    fs::write(folder.path().join("my.toml"), grid).unwrap();
    let works = |words: &[&str]| {
        let output = kiln().args(words).current_dir(folder.path()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{words:?}: {}", stderr(&output));
        stdout(&output)
    };
    works(&["sweep", "my.toml", "--threads", "1", "--quiet"]);
    let folders = fs::read_dir(folder.path().join("sweeps/my")).unwrap();
    let run = folders
        .map(|entry| entry.unwrap().path())
        .find(|path| path.join("summary.json").exists());
    assert_eq!(device(&run.unwrap()), "CPU, 1 thread");
    let told = works(&[
        "lr-find",
        "--backend",
        "flex",
        "--limit",
        "300",
        "--steps",
        "20",
        "--threads",
        "3",
    ]);
    assert!(told.contains("backend  flex: CPU, 3 threads"), "{told}");
}

#[test]
fn a_number_that_cannot_be_is_named() {
    let folder = scratch();
    fs::write(folder.path().join("my.toml"), "threads = 1025\n").unwrap();
    fs::write(
        folder.path().join("grid.toml"),
        "[config]\nlimit = 300\nthreads = 0\n[grid]\noptimizer.lr = [0.1]\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("good.toml"),
        "[config]\nlimit = 300\n[grid]\noptimizer.lr = [0.1]\n",
    )
    .unwrap();
    for (words, says) in [
        (
            &["--threads", "0"][..],
            "--threads: threads = 0: it must be",
        ),
        (
            &["lr-find", "--threads", "2000"],
            "--threads: threads = 2000",
        ),
        (&["--threads", "two"], "--threads"),
        (&["--config", "my.toml"], "my.toml, line 1: threads = 1025"),
        (&["sweep", "grid.toml"], "grid.toml, line 3: threads = 0"),
        (
            &["sweep", "good.toml", "--threads", "0"],
            "--threads = 0: it must be",
        ),
    ] {
        fails(folder.path(), words, 2, &[says]);
    }
}
