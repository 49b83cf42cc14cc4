//! `--batch-size max`. Only Linux tells what memory there is.
#![cfg(target_os = "linux")]

use serde_json::Value;

use super::{SHORT, as_json, measured};
use crate::support::{kiln_with, stderr, stdout};

#[test]
fn the_largest_batch_is_found_within_the_memory() {
    let words = ["--model", "lenet5", "--batch", "4,max", "--memory", "90"];
    let found = as_json(&words);
    assert_eq!(found.len(), 2);
    assert!(found[0]["batch"] == 4 && found[0]["largest_batch"].is_null());
    let largest = &found[1]["largest_batch"];
    let batch = found[1]["batch"].as_u64().unwrap();
    assert!(batch > 64 && largest["batch"] == batch, "{largest}");
    let ended_by = largest["ended_by"].as_str().unwrap();
    assert!(ended_by.contains("90 MB"), "{ended_by}");
    let trials = largest["trials"].as_array().unwrap();
    let tried: Vec<u64> = trials
        .iter()
        .map(|t| t["batch"].as_u64().unwrap())
        .collect();
    assert_eq!(tried[..7], [1, 2, 4, 8, 16, 32, 64]);
    let of_batch = trials.iter().find(|trial| trial["batch"] == batch).unwrap();
    assert!(of_batch["error"].is_null(), "{of_batch}");
    assert!(
        of_batch["peak_rss_mb"].as_f64().unwrap() <= 92.0,
        "{of_batch}"
    );
}

#[test]
fn a_table_says_what_ended_the_search() {
    let told = measured(&[
        "--model=perceptron",
        "--batch=max",
        "--memory=60",
        "--mode=infer",
    ]);
    let line = told.lines().find(|line| line.starts_with("perceptron: "));
    let line = line.unwrap_or_else(|| panic!("no such line: {told}"));
    assert!(
        line.contains(" images at most; ") && line.contains("60 MB"),
        "{line}"
    );
}

#[test]
fn where_nothing_is_possible_the_row_fails() {
    let words = [
        "--model", "lenet5", "--batch", "8,max", "--memory", "1", "--json",
    ];
    let output = kiln_with(&[&SHORT[..], &words].concat());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), "error: 1 of 2 rows failed\n");
    let found: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
    assert!(found[0]["ms_per_step"].as_f64().unwrap() > 0.0);
    assert!(found[1]["batch"].is_null() && found[1]["backend"] == "flex");
    let error = found[1]["error"].as_str().unwrap();
    assert!(error.contains("more than the 1 MB"), "{error}");
}
