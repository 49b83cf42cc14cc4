//! Runs that start from the weights of a file.

use std::{fs, path::Path};

use models::StateDict;
use serde_json::Value;

use crate::{
    bad_input::fails,
    support::{QUICK, kiln, newest, scratch, stderr, stdout, summary, train},
    weights::{run, tensors, write},
};

/// Steps too small to change a float show what a run starts from.
const STILL: [&str; 2] = ["--lr", "1e-37"];

#[test]
fn a_run_starts_from_a_file() {
    let folder = scratch();
    let file = folder.path().join("start.safetensors");
    write(&file, models::lenet5(10), [1, 28, 28]);
    let from = ["--weights", file.to_str().unwrap()];
    let runs = folder.path().join("runs");
    let run_dir = train(&runs, &[&QUICK[..], &STILL, &from].concat());
    let last = run_dir.join("last.safetensors");
    assert_eq!(tensors(&last), tensors(&file));
    let anew = train(&runs, &[&QUICK[..], &STILL].concat());
    assert_ne!(tensors(&anew.join("last.safetensors")), tensors(&file));

    let config = fs::read_to_string(run_dir.join("config.toml")).unwrap();
    assert!(
        config.contains(&format!("weights = {:?}", from[1])),
        "{config}"
    );
    assert!(!config.contains("partial_weights"), "{config}");
    // From its own configuration, the same again.
    let config = run_dir.join("config.toml");
    let again = train(&runs, &["--config", config.to_str().unwrap()]);
    let read = |run: &Path| fs::read(run.join("best.safetensors")).unwrap();
    assert!(read(&again) == read(&run_dir));
    assert_eq!(
        fs::read_to_string(run_dir.join("weights.json")).unwrap(),
        fs::read_to_string(again.join("weights.json")).unwrap()
    );
    // And a word if the file is another by then, unless it is asked for.
    let other = StateDict::read(&last).unwrap();
    fs::write(&file, other.to_safetensors(&[("of", "another")]).unwrap()).unwrap();
    let words = ["train", "--quiet", "--config", config.to_str().unwrap()];
    for (words, warns) in [
        (words.to_vec(), true),
        ([&words[..], &from].concat(), false),
    ] {
        let output = kiln()
            .args(&words)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let error = stderr(&output);
        assert!(output.status.success(), "{error}");
        let warning = "start.safetensors has changed since that run: its SHA-256 was";
        assert_eq!(error.contains(warning), warns, "{error}");
    }
    // What a run has learnt, it has in its own folder.
    fs::remove_file(&file).unwrap();
    run(folder.path(), &["eval", run_dir.to_str().unwrap()]);
    let words = ["--config", config.to_str().unwrap(), "--out", "other"];
    fails(
        folder.path(),
        &words,
        2,
        &["start.safetensors: cannot be read"],
    );
}

#[test]
fn a_run_takes_a_part_and_lists_the_rest() {
    let folder = scratch();
    let file = folder.path().join("start.safetensors");
    write(&file, models::lenet5(10), [1, 28, 28]);
    let words = [
        "--model",
        "lenet-small",
        "--weights",
        "start.safetensors",
        "--out",
        "runs",
    ];
    let words = [&["train", "--backend", "flex"], &QUICK[..], &STILL, &words].concat();
    let shape = "conv2.weight is [16, 6, 5, 5], the network has [12, 6, 5, 5]";
    fails(
        folder.path(),
        &words,
        1,
        &["lenet-small", shape, "partial_weights = true"],
    );

    let words = [&words[..], &["--partial"]].concat();
    let text = run(folder.path(), &words);
    for says in [
        "weights  start.safetensors: 4 tensors taken, 6 start anew, 5 of them not of the last \
         layer\n",
        "\n         starts anew: conv2.weight, [12, 6, 5, 5]; the file has [16, 6, 5, 5]\n",
    ] {
        assert!(text.contains(says), "no {says} in {text}");
    }
    let text = run(folder.path(), &[&words[..], &["--json"]].concat());
    let started: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let weights = &started["weights"];
    assert_eq!(weights["taken"], 4);
    assert_eq!(weights["not_taken"]["shapes"].as_array().unwrap().len(), 6);
    let run_dir = newest(&folder.path().join("runs"));
    assert_eq!(summary(&run_dir)["weights"], *weights);
    assert_eq!(weights["sha256"].as_str().unwrap().len(), 64);
    // Also where nothing but the result is asked for.
    let quiet = [&words[..], &["--quiet"]].concat();
    let output = kiln()
        .args(quiet)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(!stdout(&output).contains("anew"));
    let starts = "starts anew: conv2.weight, [12, 6, 5, 5]";
    assert!(stderr(&output).contains(starts), "{}", stderr(&output));
    let (old, new) = (tensors(&file), tensors(&run_dir.join("last.safetensors")));
    assert_eq!(new["conv1.weight"], old["conv1.weight"]);
    assert_eq!(new["conv2.weight"].0, [12, 6, 5, 5]);
}

#[test]
fn a_start_that_cannot_be_is_known_before_training() {
    let folder = scratch();
    let missing = ["--weights", "none.safetensors"];
    fails(
        folder.path(),
        &missing,
        2,
        &["none.safetensors: cannot be read"],
    );
    fails(
        folder.path(),
        &["--partial"],
        2,
        &["--partial: partial_weights = true"],
    );
    write(
        &folder.path().join("a.safetensors"),
        models::perceptron(10),
        [1, 28, 28],
    );
    let words = ["--weights", "a.safetensors", "--partial"];
    fails(
        folder.path(),
        &words,
        1,
        &["a.safetensors does not hold", "nothing of it fits"],
    );
}
