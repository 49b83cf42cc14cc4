//! The folder of a run: no verb writes over it, and what is damaged in it is told.

use std::{collections::BTreeMap, fs, path::Path};

use trainer::TrainConfig;

use crate::{
    bad_input::fails,
    support::{QUICK, kiln, scratch, stderr, summary, train},
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

#[test]
fn weights_that_were_changed_are_not_scored() {
    let folder = scratch();
    let run = train(&folder.path().join("runs"), &QUICK);
    let best = run.join("best.safetensors");
    let mut bytes = fs::read(&best).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(best, bytes).unwrap();
    let words = ["eval", run.to_str().unwrap()];
    fails(folder.path(), &words, 1, &["is not what the run wrote"]);
}

#[test]
fn eval_refuses_what_is_not_a_run() {
    let folder = scratch();
    fs::create_dir(folder.path().join("empty")).unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    fails(folder.path(), &["eval"], 2, &["<RUN>"]);
    fails(
        folder.path(),
        &["eval", "nothing"],
        2,
        &["nothing is not a run folder"],
    );
    fails(
        folder.path(),
        &["eval", "file"],
        2,
        &["file is not a run folder"],
    );
    fails(
        folder.path(),
        &["eval", "empty"],
        2,
        &["no config.toml in it"],
    );
    let config = TrainConfig::default().to_toml().unwrap();
    fs::write(folder.path().join("empty/config.toml"), &config).unwrap();
    fails(
        folder.path(),
        &["eval", "empty"],
        2,
        &["no dataset.json in it"],
    );
    fs::write(folder.path().join("empty/dataset.json"), "{").unwrap();
    fails(folder.path(), &["eval", "empty"], 2, &["dataset.json: "]);
    let run = train(&folder.path().join("runs"), &QUICK);
    fs::remove_file(run.join("best.safetensors")).unwrap();
    fails(
        folder.path(),
        &["eval", run.to_str().unwrap()],
        2,
        &["no best.safetensors in it\n"],
    );
    // As a run is left that was interrupted in its first epoch.
    let mut interrupted = summary(&run);
    interrupted["best_epoch"] = serde_json::Value::Null;
    fs::write(run.join("summary.json"), interrupted.to_string()).unwrap();
    for verb in ["eval", "export"] {
        let words = [verb, run.to_str().unwrap()];
        let says = ["no best.safetensors in it: no epoch was finished; --which last"];
        fails(folder.path(), &words, 2, &says);
        let output = kiln()
            .args(words)
            .args(["--which", "last"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    let config = config.replace("epochs = 15", "epochs = 0");
    fs::write(folder.path().join("empty/config.toml"), config).unwrap();
    fails(folder.path(), &["eval", "empty"], 2, &["epochs"]);
}

#[test]
fn eval_refuses_weights_that_do_not_fit() {
    let folder = scratch();
    let run = train(
        folder.path(),
        &[&QUICK[..], &["--model", "lenet5"]].concat(),
    );
    let weights = run.join("best.safetensors");
    let good = fs::read(&weights).unwrap();
    let name = run.to_str().unwrap();
    for length in [0, 7, 500, good.len() - 1] {
        fs::write(&weights, &good[..length]).unwrap();
        fails(
            folder.path(),
            &["eval", name],
            1,
            &["best.safetensors", "not a whole safetensors file"],
        );
    }
    // Weights of another architecture.
    fs::write(&weights, &good).unwrap();
    let config = fs::read_to_string(run.join("config.toml")).unwrap();
    let edit = |model: &str| {
        let config = config.replace("model = \"lenet5\"", &format!("model = \"{model}\""));
        fs::write(run.join("config.toml"), config).unwrap();
    };
    edit("convnet");
    fails(
        folder.path(),
        &["eval", name],
        1,
        &["best.safetensors", "fc1.weight", "[120, 400]", "[120, 256]"],
    );
    edit("mlp");
    fails(
        folder.path(),
        &["eval", name],
        1,
        &["best.safetensors", "fc1.weight"],
    );
}
