//! `--csv`.

use std::{fs, path::Path};

use super::{MISSING, SHORT};
use crate::{
    bad_input::fails,
    support::{kiln, scratch, stderr, stdout},
};

/// Runs in `folder` and gives what is told.
fn told(folder: &Path, words: &[&str], code: i32) -> String {
    let output = kiln().args(words).current_dir(folder).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    stdout(&output)
}

/// The only file in a folder.
fn only_file(folder: &Path) -> std::path::PathBuf {
    let mut files = fs::read_dir(folder).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none());
    file
}

#[test]
fn rows_are_appended_to_the_table_of_the_device() {
    let folder = scratch();
    let here = [
        &SHORT[..],
        &["--model", "perceptron", "--batch", "2,3", "--csv", "tables"],
    ];
    let first = told(folder.path(), &here.concat(), 0);
    let path = only_file(&folder.path().join("tables"));
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("bench-") && name.ends_with(".csv"),
        "{name}"
    );
    let last = first.lines().last().unwrap();
    assert!(
        last.starts_with("appended to ") && last.ends_with(name),
        "{first}"
    );

    // A row that fails is none of a table.
    let backends = format!("flex,{MISSING}");
    let more = [
        "bench",
        "--backend",
        &backends,
        "--model",
        "perceptron",
        "--csv",
        "tables",
    ];
    told(
        folder.path(),
        &[&more[..], &["--steps", "1", "--json"]].concat(),
        2,
    );
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("date,kiln,burn,processor,device,backend,"),
        "{text}"
    );
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.starts_with("date,"))
            .count(),
        1
    );
    let column = lines[0]
        .split(',')
        .position(|name| name == "batch")
        .unwrap();
    // The device, "CPU, 1 thread", has a comma.
    let batches: Vec<&str> = lines[1..]
        .iter()
        .map(|line| line.split(',').nth(column + 1).unwrap())
        .collect();
    assert_eq!(batches, ["2", "3", "64"]);
}

#[test]
fn without_a_folder_it_is_the_working_one() {
    let folder = scratch();
    let words = [&SHORT[..], &["--model", "perceptron", "--csv"]].concat();
    told(folder.path(), &words, 0);
    let text = fs::read_to_string(only_file(folder.path())).unwrap();
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn another_table_is_refused_before_anything_is_measured() {
    let folder = scratch();
    let words = [&SHORT[..], &["--model", "perceptron", "--csv"]].concat();
    told(folder.path(), &words, 0);
    let path = only_file(folder.path());
    fs::write(&path, "date,speed\n2026,9\n").unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    fails(folder.path(), &words, 2, &[name, "`date,speed`", "--csv"]);
    assert_eq!(fs::read(&path).unwrap(), b"date,speed\n2026,9\n");
    let words = [&SHORT[..], &["--csv", name]].concat();
    fails(folder.path(), &words, 1, &["cannot write tables to", name]);
}
