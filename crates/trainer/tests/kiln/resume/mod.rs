//! A run that is stopped, in whatever way, and goes on.
#![cfg(unix)]

mod changed;
mod stopped;

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::support::{kiln, summary};

/// Everything that has a state: augmentation, dropout, momentum, accumulated
/// gradients, averaged weights, a schedule that goes by the loss.
const EVERYTHING: &str = r#"
model = "mlp"
dataset = "mnist-mini"
backend = "flex"
limit = 700
batch_size = 25
accumulate = 3
epochs = 3

[optimizer]
name = "sgd"
lr = 0.05

[schedule]
name = "plateau"
patience = 0
threshold = 0.5

[average]
name = "ema"
decay = 0.9

[checkpoint]
every_updates = 2
keep_last = 3
"#;

fn start(config: &Path, out: &Path) -> Command {
    let mut command = kiln();
    command.args(["train", "--quiet", "--config"]).arg(config);
    command.arg("--out").arg(out);
    command
}

fn resume(run: &Path) -> Command {
    let mut command = kiln();
    command.args(["train", "--quiet", "--resume"]).arg(run);
    command
}

fn spawn(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().expect("kiln can be started")
}

/// What must not depend on when a run was stopped: the bytes of the weights, and
/// history and summary but for seconds and memory.
fn outcome(run: &Path) -> Vec<(String, Vec<u8>)> {
    let mut outcome = Vec::new();
    for file in [
        "best.safetensors",
        "last.safetensors",
        "evaluation.json",
        "predictions.csv",
    ] {
        outcome.push((file.to_string(), fs::read(run.join(file)).unwrap()));
    }
    let history = fs::read_to_string(run.join("history.csv")).unwrap();
    let rows = history.lines().map(|row| {
        let cells: Vec<_> = row.split(',').collect();
        cells[..cells.len() - 2].join(",") + "\n"
    });
    outcome.push(("history.csv".into(), rows.collect::<String>().into()));
    let mut summary = summary(run);
    for of_the_moment in ["seconds", "peak_rss_mb"] {
        summary.as_object_mut().unwrap().remove(of_the_moment);
    }
    outcome.push(("summary.json".into(), summary.to_string().into()));
    outcome
}

fn assert_same(run: &Path, expected: &[(String, Vec<u8>)]) {
    for ((name, found), (_, expected)) in outcome(run).iter().zip(expected) {
        assert!(found == expected, "{name} of {} differs", run.display());
    }
}

/// A checkpoint is being written: its folder has the name of one that is not whole.
fn is_writing(run: &Path) -> bool {
    let Ok(entries) = fs::read_dir(run.join("checkpoints")) else {
        return false;
    };
    entries
        .filter_map(Result::ok)
        .any(|entry| entry.file_name().to_string_lossy().ends_with(".part"))
}
