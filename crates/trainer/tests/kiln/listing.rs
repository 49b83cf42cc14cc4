//! `kiln runs`, and what shells and `man` are told.

use std::fs;

use serde_json::Value;

use crate::{
    bad_input::fails,
    support::{QUICK, kiln, kiln_with, newest, scratch, stderr, stdout, train},
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
    let good = [
        "--optimizer",
        "adam",
        "--lr",
        "0.003",
        "--set",
        "schedule.warmup_epochs=0.0",
    ];
    let words = ["--limit", "1000", "--epochs", "2"];
    let first = train(out.path(), &[&words[..], &good].concat());
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
    assert_eq!(of(&killed)["seconds"].to_string(), "0.0", "and not -0.0");
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
    // What has no value is last in both orders.
    let (killed, damaged) = (killed.to_str().unwrap(), damaged.to_str().unwrap());
    for (key, none) in [
        ("valid", &[killed, damaged][..]),
        ("test", &[killed, damaged]),
        ("parameters", &[killed, damaged]),
        ("model", &[damaged]),
        ("dataset", &[damaged]),
        ("seconds", &[damaged]),
    ] {
        for words in [&["--sort", key][..], &["--sort", key, "--reverse"]] {
            let mut last = names(words).split_off(4 - none.len());
            last.sort_by_key(|name| name == damaged);
            assert_eq!(last, none, "{words:?}");
        }
    }
    let (forth, back) = (
        names(&["--sort", "valid"]),
        names(&["--sort", "valid", "--reverse"]),
    );
    assert_eq!(back[..2], [second, first]);
    assert_eq!(back[2..], forth[2..]);
    // The two without a network were made last.
    assert_eq!(names(&[])[2..], [second, first]);
    assert_eq!(names(&["--reverse"])[..2], [first, second]);
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
        2,
        &["nowhere is not a run folder: there is nothing of that name"],
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

/// As root every folder can be read: there is nothing to see then.
#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_read_is_passed_over() {
    use std::os::unix::fs::PermissionsExt;

    let out = scratch();
    let run = train(out.path(), &QUICK);
    let closed = out.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&closed).is_ok() {
        return;
    }
    let output = kiln_with(&["runs", out.path().to_str().unwrap(), "--json"]);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let note = stderr(&output);
    assert!(
        note.starts_with("note: passed over: cannot read the folder "),
        "{note}"
    );
    let found: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["run"], run.to_str().unwrap());
}

/// A name that is no Unicode is shown as far as it can be.
#[cfg(target_os = "linux")]
#[test]
fn any_name_of_a_folder_has_json() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let out = scratch();
    let folder = out.path().join(OsStr::from_bytes(b"r\xff"));
    let output = kiln()
        .args(["train", "--backend", "flex", "--json", "--out"])
        .arg(&folder)
        .args(QUICK)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    for words in [&["runs"][..], &["eval"]] {
        let mut command = kiln();
        command.args(words).arg("--json");
        let output = match words[0] {
            "runs" => command.arg(out.path()),
            _ => command.arg(newest(&folder)),
        };
        let output = output.output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let object: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let object = object.get(0).unwrap_or(&object);
        let run = object["run"].as_str().unwrap();
        assert!(run.contains("/r\u{FFFD}/lenet5-"), "{run}");
    }
}

#[test]
fn shells_and_man_are_told_every_verb() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&kiln_with(&["completions", shell]));
        for word in ["lr-find", "compare", "batch-size", "version"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        // Nobody is to type these.
        for word in ["compare-backend", "--child", "-l child"] {
            assert!(!script.contains(word), "{shell}: {word}");
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
