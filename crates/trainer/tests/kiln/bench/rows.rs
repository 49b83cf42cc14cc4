//! Several rows: lists, rounds, and what happens when one fails.

use serde_json::{Value, json};

use super::{MISSING, as_json, measured};
use crate::support::{kiln_with, stderr, stdout};

#[test]
fn lists_are_combined() {
    let words = "bench --backend flex --model mlp,perceptron --batch 2,4 --threads 1,2 \
                 --mode train,infer --steps 2 --warmup 1 --json";
    let words: Vec<&str> = words.split_whitespace().collect();
    let output = kiln_with(&words);
    let found: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
    let keys = ["model", "mode", "threads", "batch"];
    let told: Vec<Value> = found
        .iter()
        .map(|of| json!(keys.map(|key| of[key].clone())))
        .collect();
    let mut expected = Vec::new();
    for model in ["mlp", "perceptron"] {
        for mode in ["train", "infer"] {
            for threads in [1, 2] {
                expected.extend([2, 4].map(|batch| json!([model, mode, threads, batch])));
            }
        }
    }
    assert_eq!(told, expected);
}

#[test]
fn of_several_rounds_the_median_counts() {
    let found = as_json(&["--model", "perceptron", "--batch", "2", "--rounds", "3"]);
    let rounds = found[0]["ms_rounds"].as_array().unwrap();
    let mut rounds: Vec<f64> = rounds.iter().map(|ms| ms.as_f64().unwrap()).collect();
    rounds.sort_by(f64::total_cmp);
    assert_eq!((found.len(), rounds.len()), (1, 3));
    assert_eq!(found[0]["ms_per_step"], rounds[1]);
    let told = measured(&["--model", "perceptron", "--rounds", "2"]);
    assert!(
        told.lines().next().unwrap().ends_with("; 2 rounds"),
        "{told}"
    );
}

#[test]
fn a_row_that_fails_leaves_the_others() {
    let backends = format!("{MISSING},flex");
    let words = [
        "bench",
        "--model",
        "mlp,perceptron",
        "--backend",
        &backends,
        "--batch",
        "2",
    ];
    let words = [&words[..], &["--steps", "2", "--threads", "1"]].concat();
    let output = kiln_with(&[&words[..], &["--json"]].concat());
    // What is not compiled in is bad usage.
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr(&output), "error: 2 of 4 rows failed\n");
    let found: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
    let of = |at: usize, key: &str| found[at][key].clone();
    assert_eq!(found.len(), 4);
    for (at, model) in [(0, "mlp"), (2, "perceptron")] {
        assert_eq!(
            (of(at, "model"), of(at + 1, "model")),
            (model.into(), model.into())
        );
        assert_eq!(
            (of(at, "backend"), of(at + 1, "backend")),
            (MISSING.into(), "flex".into())
        );
        assert_eq!((of(at, "batch"), of(at, "threads")), (2.into(), 1.into()));
        let error = of(at, "error");
        let says = format!("add `--features {MISSING}`");
        assert!(error.as_str().unwrap().contains(&says), "{error}");
        assert!(of(at, "ms_per_step").is_null() && of(at + 1, "error").is_null());
        assert!(of(at + 1, "ms_per_step").as_f64().unwrap() > 0.0);
    }

    let output = kiln_with(&words);
    assert_eq!(output.status.code(), Some(2));
    let told = stdout(&output);
    assert_eq!(told.matches("  failed: backend `").count(), 2, "{told}");
    assert_eq!(
        told.lines().filter(|line| line.contains("×")).count(),
        3,
        "{told}"
    );
}

#[test]
fn a_single_row_that_fails_is_an_error() {
    let words = ["bench", "--model", "perceptron", "--backend", MISSING];
    let output = kiln_with(&words);
    assert_eq!(
        (output.status.code(), stdout(&output).as_str()),
        (Some(2), "")
    );
    let error = stderr(&output);
    assert!(
        error.starts_with("error: backend `") && error.contains("--features"),
        "{error}"
    );
    let output = kiln_with(&[&words[..], &["--json"]].concat());
    assert_eq!(output.status.code(), Some(2));
    let found: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
    assert!(
        found.len() == 1 && found[0]["error"].is_string(),
        "{found:?}"
    );
}

/// What was measured before is told.
#[cfg(unix)]
#[test]
fn a_signal_ends_it_with_what_there_is() {
    use std::{
        io::{BufRead, BufReader, Read},
        process::Stdio,
    };

    let words = [
        "bench",
        "--model",
        "perceptron,vgg11",
        "--backend",
        "flex",
        "--threads",
        "1",
    ];
    let mut child = crate::support::kiln()
        .args(words)
        .args(["--steps", "2000", "--batch", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("perceptron") {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "it has ended");
    }
    crate::support::send("TERM", &child);
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert!(
        rest.contains("backend flex: CPU, 1 thread") && !rest.contains("vgg11"),
        "{rest}"
    );
    assert_eq!(child.wait().unwrap().code(), Some(143));
}
