//! `kiln runs`, and what shells and `man` are told.

use std::fs;

use serde_json::Value;

use crate::{
    bad_input::fails,
    support::{QUICK, kiln_with, scratch, stderr, stdout, train},
};

fn listed(words: &[&str]) -> Vec<Value> {
    let output = kiln_with(&[&["runs"], words, &["--json"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

#[test]
fn runs_are_listed_sorted_and_put_beside_each_other() {
    let out = scratch();
    let folder = out.path().to_str().unwrap();
    let first = train(out.path(), &QUICK);
    let deeper = out.path().join("deeper");
    let words = [&QUICK[..], &["--model", "mlp", "--lr", "0.0001"]].concat();
    let second = train(&deeper, &words);
    // One that was killed before its first epoch, and one that cannot be read.
    let killed = out.path().join("killed");
    fs::create_dir(&killed).unwrap();
    fs::copy(first.join("config.toml"), killed.join("config.toml")).unwrap();
    let damaged = out.path().join("damaged");
    fs::create_dir(&damaged).unwrap();
    fs::write(damaged.join("config.toml"), "epochs = \"many\"\n").unwrap();

    let all = listed(&[folder]);
    assert_eq!(all.len(), 4);
    let of = |name: &std::path::Path| {
        let found = all.iter().find(|run| run["run"] == name.to_str().unwrap());
        found.unwrap()
    };
    assert_eq!(
        (&of(&first)["state"], &of(&first)["epochs"]),
        (&"done".into(), &2.into())
    );
    let summary = crate::support::summary(&first);
    assert_eq!(of(&first)["test"], summary["test"]);
    assert_eq!(of(&first)["valid"], summary["valid"]);
    assert_eq!(of(&killed)["state"], "unfinished");
    assert_eq!(of(&damaged)["state"], "damaged");
    let problem = of(&damaged)["problem"].as_str().unwrap();
    assert!(problem.contains("epochs"), "{problem}");

    // The perceptron has hardly moved.
    let names = |words: &[&str]| -> Vec<String> {
        let rows = listed(&[&[folder], words].concat());
        let names = rows.iter().map(|run| run["run"].as_str().unwrap().into());
        names.collect()
    };
    let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
    let sorted = names(&["--sort", "valid"]);
    assert_eq!(sorted[..2], [first, second]);
    assert_eq!(
        names(&["--sort", "valid", "--reverse"])[2..],
        [second, first]
    );
    assert_eq!(names(&["--model", "ml?"]), [second]);
    assert_eq!(
        names(&["--model", "lenet*", "-n", "1", "--sort", "test"]),
        [first]
    );
    assert_eq!(names(&["--dataset", "cifar*"]).len(), 0);
    assert_eq!(listed(&[first]).len(), 1);

    let output = kiln_with(&["runs", folder]);
    let text = stdout(&output);
    assert!(
        text.starts_with("run ") && text.contains("deeper/"),
        "{text}"
    );
    assert!(
        text.contains("unfinished") && text.contains("damaged: "),
        "{text}"
    );

    let output = kiln_with(&["runs", "compare", first, second]);
    let text = stdout(&output);
    let line = |label: &str| text.lines().find(|line| line.starts_with(label)).unwrap();
    assert!(line("Test accuracy").contains(" *"), "{text}");
    assert!(line("model").contains("\"lenet5\"") && line("model").contains("\"mlp\""));
    assert!(line("optimizer.lr").contains("0.0001"), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("seed")), "{text}");
    let output = kiln_with(&["runs", "compare", first, first]);
    assert!(stdout(&output).contains("configurations are the same"));
}

#[test]
fn what_cannot_be_listed_is_said() {
    let out = scratch();
    fails(
        out.path(),
        &["runs", "nowhere"],
        1,
        &["cannot read the folder nowhere"],
    );
    fails(out.path(), &["runs", "compare", "a"], 2, &["RUN"]);
    fails(
        out.path(),
        &["runs", "compare", "a", "b"],
        2,
        &["a is not a run folder"],
    );
    fails(out.path(), &["runs", "--sort", "luck"], 2, &["--sort"]);
    let folder = out.path().to_str().unwrap();
    let output = kiln_with(&["runs", folder]);
    assert!(output.status.success());
    assert!(stdout(&output).starts_with("there is no run in "));
    assert_eq!(listed(&[folder]).len(), 0);
}

#[test]
fn shells_and_man_are_told_every_verb() {
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&kiln_with(&["completions", shell]));
        for word in ["lr-find", "compare", "batch-size"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let out = scratch();
    let folder = out.path().join("man");
    let output = kiln_with(&["completions", "--man", folder.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    for (page, word) in [
        ("kiln.1", "kiln\\-train(1)"),
        ("kiln-train.1", "batch\\-size"),
        ("kiln-data-fetch.1", "Options"),
    ] {
        let text = fs::read_to_string(folder.join(page)).unwrap();
        assert!(
            text.to_lowercase().contains(&word.to_lowercase()),
            "{page}: {word}"
        );
    }
    assert!(!folder.join("kiln-compare-backend.1").exists());
    fails(out.path(), &["completions", "tcsh"], 2, &["zsh"]);
}
