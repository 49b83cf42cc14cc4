//! What the tests of the program share.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

/// A folder that is gone after the test.
pub fn scratch() -> TempDir {
    tempfile::tempdir().expect("a folder for the test")
}

/// The built program, as `kiln` and not through cargo.
pub fn kiln() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kiln"));
    command.env_remove("CARGO_PKG_NAME");
    command
}

/// Sends a signal, `INT` or the like, to a program: by the shell's own `kill`, for a program of
/// that name is not on every machine.
pub fn send(signal: &str, child: &Child) {
    let words = format!("kill -{signal} {}", child.id());
    let sent = Command::new("sh").args(["-c", &words]).status();
    assert!(sent.expect("a shell").success(), "{words}");
}

/// Runs `kiln` with these words.
pub fn kiln_with(words: &[&str]) -> Output {
    kiln().args(words).output().expect("kiln can be started")
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("standard output is UTF-8")
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("standard error is UTF-8")
}

/// Trains into `out` and gives the run folder.
pub fn train(out: &Path, words: &[&str]) -> PathBuf {
    let output = kiln()
        .args(["train", "--backend", "flex", "--quiet", "--out"])
        .arg(out)
        .args(words)
        .output()
        .expect("kiln can be started");
    assert!(output.status.success(), "{words:?}: {}", stderr(&output));
    newest(out)
}

/// The run folder with the last name in `out`.
pub fn newest(out: &Path) -> PathBuf {
    let entries = fs::read_dir(out).expect("the folder of runs");
    entries
        .map(|entry| entry.expect("an entry").path())
        .max()
        .expect("a run")
}

pub fn summary(run: &Path) -> Value {
    let text = fs::read_to_string(run.join("summary.json")).expect("a summary");
    serde_json::from_str(&text).expect("a summary is JSON")
}

/// A run that takes a moment.
pub const QUICK: [&str; 4] = ["--limit", "300", "--epochs", "2"];
