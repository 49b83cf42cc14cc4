//! The folder of a run: no verb writes over it, and what is damaged in it is told.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    bad_input::fails,
    support::{QUICK, kiln, scratch, stderr, train},
};

fn files(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(run)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.is_file());
    let named = |path: std::path::PathBuf| (path.display().to_string(), fs::read(path).unwrap());
    files.map(named).collect()
}

#[test]
fn no_verb_writes_into_the_folder_of_a_run() {
    let folder = scratch();
    let runs = [1, 2].map(|_| train(&folder.path().join("runs"), &QUICK));
    let before = runs.each_ref().map(|run| files(run));
    let [one, other] = runs.each_ref().map(|run| run.to_str().unwrap());
    let file = |name: &str| runs[1].join(name).to_str().unwrap().to_string();
    let (weights, svg, png) = (file("best.safetensors"), file("curves.svg"), file("p.png"));
    for words in [
        &["report", other, "--out", &weights][..],
        &["report", other, "--out", &file("config.toml")],
        &["report", one, other, "--out", &file("report.html")],
        &["export", one, "--out", &weights],
        &["lr-find", "--limit", "200", "--steps", "20", "--out", &svg],
        &["schedule", "--out", &svg],
        &["schedule", one, "--out", &svg],
        &["eval", one, "--picture", &svg],
        &["predict", one, "--random", "4", "--out", &png],
        &["features", one, "--test-image", "0", "--out", &png],
        &[
            "features",
            "--kernel",
            "sobel",
            "--test-image",
            "0",
            "--out",
            &png,
        ],
        &["saliency", one, "--test-image", "0", "--out", &png],
    ] {
        fails(folder.path(), words, 1, &["in the folder of a run"]);
    }
    // A report is made of the other files, and may be made anew.
    let output = kiln()
        .args(["report", other, "--out", &file("report.html")])
        .output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    for (run, mut before) in runs.iter().zip(before) {
        let mut after = files(run);
        let report = run.join("report.html").display().to_string();
        assert_eq!(
            before.remove(&report).is_some(),
            after.remove(&report).is_some()
        );
        assert_eq!(before, after);
    }
}

/// What is left out would be the default, of which the run knew nothing.
#[test]
fn a_configuration_that_was_cut_off_is_told() {
    let folder = scratch();
    let run = train(&folder.path().join("runs"), &QUICK);
    let config = run.join("config.toml");
    let whole = fs::read_to_string(&config).unwrap();
    let name = run.to_str().unwrap();
    let middle = whole.find("[schedule]").unwrap();
    for (text, left_out) in [("", "`model`"), (&whole[..middle], "`schedule`")] {
        fs::write(&config, text).unwrap();
        let says = ["config.toml: there is no ", left_out, "cut off"];
        for words in [
            &["eval", name][..],
            &["export", name],
            &["features", name, "--test-image", "0"],
            &["train", "--resume", name],
        ] {
            fails(folder.path(), words, 2, &says);
        }
    }
    fs::write(&config, whole).unwrap();
    let output = kiln().args(["eval", name]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

/// It has the digests of the weights.
#[test]
fn weights_are_not_used_beside_a_summary_that_nobody_can_read() {
    let folder = scratch();
    let run = train(&folder.path().join("runs"), &QUICK);
    fs::write(run.join("summary.json"), "").unwrap();
    let name = run.to_str().unwrap();
    for verb in ["eval", "export"] {
        fails(folder.path(), &[verb, name], 2, &["summary.json: "]);
    }
}
