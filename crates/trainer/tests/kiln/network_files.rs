//! Networks in files: trained, scored, repeated.

use std::{fs, path::Path};

use crate::{
    bad_input::fails,
    support::{kiln, kiln_with, scratch, stderr, stdout, summary, train},
};
use serde_json::Value;

const ONE_EPOCH: [&str; 6] = ["--limit", "600", "--epochs", "1", "--batch-size", "16"];

fn example(name: &str) -> String {
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/networks");
    format!("{assets}/{name}.toml")
}

fn eval(run: &Path) -> Value {
    let output = kiln_with(&["eval", run.to_str().unwrap(), "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

#[test]
fn the_examples_train_and_score_as_they_did() {
    let out = scratch();
    for (name, parameters) in [("tiny", 105_866), ("residual", 22_010)] {
        let folder = out.path().join(name);
        let run = train(
            &folder,
            &[&ONE_EPOCH[..], &["--model", &example(name)]].concat(),
        );
        let file_name = run.file_name().unwrap().to_str().unwrap();
        assert!(
            file_name.starts_with(&format!("{name}-mnist-mini-")),
            "{file_name}"
        );
        let summary = summary(&run);
        assert_eq!(
            (&summary["model"], &summary["parameters"]),
            (&name.into(), &parameters.into())
        );
        // That of a guess.
        let loss = summary["test"]["loss"].as_f64().unwrap();
        assert!(loss < 10f64.ln(), "{name} has not learnt: {summary:#}");
        let eval = eval(&run);
        assert_eq!(
            (&eval["test"], &eval["model"]),
            (&summary["test"], &name.into())
        );
    }
}

/// The run folder has all that it takes.
#[test]
fn a_run_outlives_its_file() {
    let folder = scratch();
    let file = folder.path().join("My Net.toml");
    let text = fs::read_to_string(example("tiny")).unwrap();
    // Without a name, it is called as the file is.
    fs::write(&file, text.replace("name = \"tiny\"\n", "")).unwrap();
    let out = folder.path().join("runs");
    let words = [&ONE_EPOCH[..], &["--model", file.to_str().unwrap()]].concat();
    let first = train(&out, &words);
    let name = first.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("my-net-mnist-mini-"), "{name}");

    let config = first.join("config.toml");
    let config = config.to_str().unwrap();
    let again = train(&folder.path().join("again"), &["--config", config]);
    for file in ["config.toml", "network.toml", "best.safetensors"] {
        let read = |run: &Path| fs::read(run.join(file)).unwrap();
        assert!(read(&first) == read(&again), "{file} differs");
    }

    // Another network under the same name: the same run it is not.
    let repeat = |words: &[&str]| {
        let output = kiln()
            .args(["train", "--quiet", "--config", config, "--out"])
            .arg(folder.path().join("third"))
            .args(words)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        stderr(&output)
    };
    assert_eq!(repeat(&[]), "");
    fs::write(&file, text.replace("channels = 16", "channels = 8")).unwrap();
    let warning = repeat(&[]);
    let copy = first.join("network.toml");
    let copy = copy.to_str().unwrap();
    assert!(
        warning.contains("My Net.toml has changed") && warning.contains(copy),
        "{warning}"
    );

    fs::remove_file(&file).unwrap();
    fails(
        folder.path(),
        &["--config", config],
        2,
        &[
            "My Net.toml",
            "No such file",
            "the run kept a copy: --model",
            copy,
        ],
    );
    assert_eq!(repeat(&["--model", copy]), "");
    let eval = eval(&first);
    assert_eq!(
        (&eval["test"], &eval["model"]),
        (&summary(&first)["test"], &"My Net".into())
    );

    fs::remove_file(copy).unwrap();
    fails(
        folder.path(),
        &["eval", first.to_str().unwrap()],
        2,
        &["is not a run folder: there is no network.toml in it"],
    );
}

#[test]
fn bad_files_are_refused_before_anything_is_done() {
    let folder = scratch();
    let net = folder.path().join("net.toml");
    let tiny = fs::read_to_string(example("tiny")).unwrap();
    // From 1.
    let line_of = |text: &str| tiny.lines().position(|line| line == text).unwrap() + 1;
    let key = line_of("p = 0.25");
    let pool = line_of("name = \"pool1\"") - 1;
    for (text, says) in [
        (
            tiny.replace("p = 0.25", "probability = 0.25"),
            [
                format!("net.toml, line {key}: layer `dropout`: "),
                "there is no key `probability`".into(),
            ],
        ),
        (
            tiny.replace("kernel = 2", "kernel = 64"),
            [
                format!("net.toml, line {pool}: tiny, layer `pool1`"),
                "28 pixels".into(),
            ],
        ),
        (
            tiny.replace("\"classes\"", "9"),
            ["9 logits".into(), "10 classes".into()],
        ),
        ("[[layers".into(), ["net.toml".into(), "line 1".into()]),
    ] {
        fs::write(&net, text).unwrap();
        let says: Vec<&str> = says.iter().map(String::as_str).collect();
        // A data set that is not there would be asked for later.
        fails(
            folder.path(),
            &["--model", "net.toml", "--offline"],
            2,
            &says,
        );
        fs::write(folder.path().join("a.toml"), "model = \"./net.toml\"").unwrap();
        fails(folder.path(), &["--config", "a.toml"], 2, &says);
    }
    fails(
        folder.path(),
        &["--model", "none.toml"],
        2,
        &["cannot read the network none.toml"],
    );
    fails(folder.path(), &["--model", "./none"], 2, &["./none"]);

    fs::write(&net, tiny).unwrap();
    for (option, says) in [
        ("width = 0.5", "network.width = 0.5: tiny: "),
        ("form = \"small\"", "network.form = small: tiny: "),
        (
            "auxiliary_heads = true",
            "network.auxiliary_heads = true: tiny: ",
        ),
        ("dropout = 1.0", "network.dropout = 1: tiny: "),
    ] {
        let says = &format!("a.toml, line 3: {says}");
        let config = format!("model = \"net.toml\"\n[network]\n{option}\n");
        fs::write(folder.path().join("a.toml"), config).unwrap();
        fails(folder.path(), &["--config", "a.toml"], 2, &[says]);
    }
}

#[test]
fn dropout_and_initialisation_go_over_the_file() {
    let folder = scratch();
    let config = folder.path().join("a.toml");
    let loss = |network: &str| {
        let text = format!("model = {:?}\n{network}", example("tiny"));
        fs::write(&config, text).unwrap();
        let words = ["--config", config.to_str().unwrap()];
        let run = train(
            &folder.path().join("runs"),
            &[&ONE_EPOCH[..], &words].concat(),
        );
        summary(&run)["test"]["loss"].as_f64().unwrap()
    };
    let own = loss("");
    assert_eq!(loss("[network]\ndropout = 0.25"), own);
    assert_ne!(loss("[network]\ndropout = 0.0"), own);
    assert_ne!(
        loss("[network.init]\nconv = { name = \"xavier-normal\" }"),
        own
    );
}
