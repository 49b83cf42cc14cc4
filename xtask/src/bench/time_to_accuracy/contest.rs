//! Who trains, and one training.

use std::{fs, path::PathBuf, process::Command, time::Instant};

use anyhow::{Context, bail};
use serde_json::Value;

use super::{Task, scratch};
use crate::program;

/// The script that trains with PyTorch, in the repository.
const PEER: &str = "xtask/peers/torch_time_to_accuracy.py";
/// The course of the learning rate ends with them.
const EPOCHS: &str = "5";
const HELD_OUT: &str = "5000";

/// What trains: a program.
pub enum Contestant {
    /// Kiln on `flex`.
    Kiln(PathBuf),
    /// PyTorch eager, by a Python that has it.
    Torch(PathBuf),
}

/// What a training found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The epoch that reached the target.
    pub epochs: usize,
    /// Of training and validation up to its end.
    pub seconds: f64,
    /// Of the process, from its start to its end.
    pub process_seconds: f64,
    /// Shares that were told.
    pub valid: f64,
    pub test: f64,
    /// PyTorch's version, if it is PyTorch's training.
    pub torch: Option<String>,
}

impl Contestant {
    /// As tables name it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Kiln(_) => "kiln",
            Self::Torch(_) => "torch",
        }
    }

    /// The command, as one types it who has the programs in the path and the data in DIR.
    pub fn command(&self, task: &Task, seed: u64) -> String {
        let words = self.words(task, "DIR", seed);
        match self {
            Self::Kiln(_) => format!("kiln {}", words.join(" ")),
            Self::Torch(_) => format!("python {PEER} {}", words.join(" ")),
        }
    }

    /// What stands behind the program, but for what it prints and where it writes.
    fn words(&self, task: &Task, data: &str, seed: u64) -> Vec<String> {
        let (target, threads) = (task.target.to_string(), task.threads.to_string());
        let seed = seed.to_string();
        let words: Vec<&str> = match self {
            Self::Kiln(_) => vec![
                "train",
                "--model",
                "lenet5",
                "--dataset",
                "mnist",
                "--data-dir",
                data,
                "--offline",
                "--epochs",
                EPOCHS,
                "--valid",
                HELD_OUT,
                "--backend",
                "flex",
                // It would take its part of the time of the process.
                "--no-report",
            ],
            Self::Torch(_) => vec![data, "--epochs", EPOCHS, "--target", &target],
        };
        let mut words: Vec<String> = words.into_iter().map(Into::into).collect();
        if let Self::Kiln(_) = self {
            words.extend(["--set".into(), format!("stop.target_accuracy={target}")]);
        }
        words.extend(["--seed", &seed, "--threads", &threads].map(Into::into));
        words
    }

    /// Trains, in a process of its own.
    pub fn train(&self, task: &Task, seed: u64) -> anyhow::Result<Found> {
        let runs = scratch();
        let data = task.data.display().to_string();
        let mut command = match self {
            Self::Kiln(path) => {
                let mut kiln = program::measuring(path);
                kiln.args(self.words(task, &data, seed));
                kiln.args(["--json", "--out"]).arg(&runs);
                kiln
            }
            Self::Torch(python) => {
                let mut peer = Command::new(python);
                peer.arg(crate::root().join(PEER));
                peer.args(self.words(task, &data, seed));
                peer
            }
        };
        let start = Instant::now();
        let said = program::said(&mut command);
        let process_seconds = start.elapsed().as_secs_f64();
        if runs.exists() {
            fs::remove_dir_all(&runs)?;
        }
        let said = said?;
        let last = said.lines().last().context("it printed nothing")?;
        let last: Value = serde_json::from_str(last).context("its last line is no JSON")?;
        let found = match self {
            Self::Kiln(_) => of_kiln(&last),
            Self::Torch(_) => of_torch(&last),
        };
        found?
            .with_context(|| format!("another result than expected: {last}"))
            .map(|found| Found {
                process_seconds,
                ..found
            })
    }
}

/// Of the event that ends a run. `None` if something is missing.
fn of_kiln(ended: &Value) -> anyhow::Result<Option<Found>> {
    if ended["event"] != "run_ended" || ended["status"] != "done" {
        bail!("the run did not come to its end: {ended}");
    }
    let reached = &ended["reached"];
    if reached.is_null() {
        bail!(not_reached(&ended["valid"]["accuracy"]));
    }
    let found = || {
        Some(Found {
            epochs: reached["epoch"].as_u64()? as usize,
            seconds: reached["seconds"].as_f64()?,
            process_seconds: 0.0,
            valid: reached["accuracy"].as_f64()?,
            test: ended["test"]["accuracy"].as_f64()?,
            torch: None,
        })
    };
    Ok(found())
}

fn of_torch(told: &Value) -> anyhow::Result<Option<Found>> {
    if told["reached"] == false {
        bail!(not_reached(&told["valid"]));
    }
    let found = || {
        Some(Found {
            epochs: told["epochs"].as_u64()? as usize,
            seconds: told["seconds"].as_f64()?,
            process_seconds: 0.0,
            valid: told["valid"].as_f64()?,
            test: told["test"].as_f64()?,
            torch: told["torch"].as_str().map(Into::into),
        })
    };
    Ok(found())
}

fn not_reached(valid: &Value) -> String {
    let told = 100.0 * valid.as_f64().unwrap_or(f64::NAN);
    format!("not reached in {EPOCHS} epochs, with {told:.2} % of the held-out images")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        Task {
            data: "/here/data".into(),
            target: 0.99,
            threads: 2,
        }
    }

    #[test]
    fn commands_name_no_place_of_this_machine() {
        let [kiln, torch] = [
            Contestant::Kiln("/a/kiln".into()),
            Contestant::Torch("/b/py".into()),
        ]
        .map(|who| who.command(&task(), 3));
        assert_eq!(
            kiln,
            "kiln train --model lenet5 --dataset mnist --data-dir DIR --offline --epochs 5 \
             --valid 5000 --backend flex --no-report --set stop.target_accuracy=0.99 --seed 3 \
             --threads 2"
        );
        assert_eq!(
            torch,
            "python xtask/peers/torch_time_to_accuracy.py DIR --epochs 5 --target 0.99 --seed 3 \
             --threads 2"
        );
    }

    #[test]
    fn what_is_told_is_read() {
        let kiln = serde_json::json!({
            "event": "run_ended", "status": "done", "test": {"loss": 0.03, "accuracy": 0.9905},
            "reached": {"epoch": 3, "accuracy": 0.9912, "seconds": 9.5},
        });
        let found = of_kiln(&kiln).unwrap().unwrap();
        assert_eq!((found.epochs, found.seconds), (3, 9.5));
        assert_eq!((found.valid, found.test), (0.9912, 0.9905));
        let torch = serde_json::json!({
            "torch": "2.15.0", "reached": true, "epochs": 4, "seconds": 30.5, "valid": 0.9904,
            "test": 0.99,
        });
        let found = of_torch(&torch).unwrap().unwrap();
        assert_eq!((found.epochs, found.torch.as_deref()), (4, Some("2.15.0")));
        assert_eq!(
            of_torch(&serde_json::json!({"reached": true})).unwrap(),
            None
        );
    }

    #[test]
    fn a_target_that_is_not_reached_is_a_failure() {
        let kiln = serde_json::json!({
            "event": "run_ended", "status": "done", "valid": {"accuracy": 0.9871},
        });
        let torch = serde_json::json!({"reached": false, "valid": 0.9871});
        for error in [of_kiln(&kiln).unwrap_err(), of_torch(&torch).unwrap_err()] {
            assert_eq!(
                error.to_string(),
                "not reached in 5 epochs, with 98.71 % of the held-out images"
            );
        }
        let interrupted = serde_json::json!({"event": "run_ended", "status": "interrupted"});
        assert!(of_kiln(&interrupted).is_err());
    }
}
