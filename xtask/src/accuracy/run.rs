//! One run of a recipe, in a process of its own.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{ExitStatus, Stdio},
};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use super::{recipe::Recipe, results::Row};
use crate::{bench::machine::Machine, numbers::duration, program};

/// What stands behind the program, but for folders.
fn words(recipe: &str, seed: u64) -> [String; 5] {
    ["train", "--recipe", recipe, "--seed", &seed.to_string()].map(Into::into)
}

/// How a run ended that did not fail.
pub enum Ended {
    Done(Box<Row>),
    /// By Ctrl-C or the like: whoever sent it wants no other run either.
    Interrupted,
}

/// Trains, and tells of every epoch. The run folder lies in `folder`.
///
/// # Errors
/// Why the run failed.
pub fn run(
    kiln: &Path,
    recipe: &Recipe,
    seed: u64,
    data_dir: Option<&Path>,
    folder: &Path,
    machine: &Machine,
) -> anyhow::Result<Ended> {
    let words = words(&recipe.name, seed);
    let mut command = program::measuring(kiln);
    command
        .args(&words)
        .args(["--json", "--out"])
        .arg(folder)
        .stdout(Stdio::piped());
    if let Some(data) = data_dir {
        command.arg("--data-dir").arg(data);
    }
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {}", kiln.display()))?;
    let stdout = child.stdout.take().context("its output is not piped")?;
    let mut told = Told::default();
    for line in BufReader::new(stdout).lines() {
        if let Some(epoch) = told.hear(&line?)? {
            println!("  {epoch}");
        }
    }
    let status = child.wait()?;
    told.end(status, recipe, seed, machine, &words)
}

/// What a run tells, event by event.
#[derive(Default)]
struct Told {
    epochs: u64,
    ended: Option<Value>,
    failed: Option<String>,
}

impl Told {
    /// Hears an event; of an epoch, gives what there is to show.
    fn hear(&mut self, line: &str) -> anyhow::Result<Option<String>> {
        let event: Value = serde_json::from_str(line)
            .with_context(|| format!("a line that is no event: {line}"))?;
        match event["event"].as_str() {
            Some("run_started") => self.epochs = event["epochs"].as_u64().unwrap_or(0),
            Some("run_failed") => self.failed = event["error"].as_str().map(Into::into),
            Some("epoch_done") => {
                let of = |part: &str| event[part]["accuracy"].as_f64();
                let valid = of("valid").map(|share| format!(", valid {:.2} %", 100.0 * share));
                return Ok(Some(format!(
                    "epoch {} of {}: train {:.2} %{}; {}",
                    event["epoch"],
                    self.epochs,
                    100.0 * of("train").unwrap_or(f64::NAN),
                    valid.unwrap_or_default(),
                    duration(event["seconds"].as_f64().unwrap_or(0.0)),
                )));
            }
            Some("run_ended") => self.ended = Some(event),
            _ => {}
        }
        Ok(None)
    }

    /// What came of it.
    fn end(
        self,
        status: ExitStatus,
        recipe: &Recipe,
        seed: u64,
        machine: &Machine,
        words: &[String],
    ) -> anyhow::Result<Ended> {
        if let Some(error) = self.failed {
            bail!(error);
        }
        let Some(ended) = self.ended else {
            bail!("kiln ended with {status} before a result; what it wrote of why stands above");
        };
        if ended["status"] == "interrupted" {
            return Ok(Ended::Interrupted);
        }
        ensure!(status.success(), "kiln ended with {status}");
        let row = row(&ended, recipe, seed, machine, words);
        row.with_context(|| format!("another result than expected: {ended}"))
            .map(|row| Ended::Done(Box::new(row)))
    }
}

/// The row of a run that came to its end. `None` if something is missing.
fn row(
    ended: &Value,
    recipe: &Recipe,
    seed: u64,
    machine: &Machine,
    words: &[String],
) -> Option<Row> {
    let text = |value: &Value| value.as_str().map(String::from);
    let whole = |value: &Value| value.as_u64().map(|number| number as usize);
    Some(Row {
        date: machine.date.clone(),
        recipe: recipe.name.clone(),
        model: text(&ended["model"])?,
        dataset: text(&ended["dataset"])?,
        seed: ended["seed"].as_u64().filter(|told| *told == seed)?,
        epochs: whole(&ended["epochs"])?,
        best_epoch: whole(&ended["best_epoch"]),
        valid_accuracy: ended["valid"]["accuracy"].as_f64(),
        test_accuracy: ended["test"]["accuracy"].as_f64()?,
        test_loss: ended["test"]["loss"].as_f64()?,
        seconds: (ended["seconds"].as_f64()? * 10.0).round() / 10.0,
        cpu: machine.cpu.clone(),
        cores: machine.cores,
        kiln: machine.kiln.clone(),
        burn: machine.burn.clone(),
        backend: text(&ended["backend"])?,
        device: text(&ended["device"])?,
        dataset_note: String::new(),
        recipe_sha256: recipe.sha256.clone(),
        command: format!("kiln {}", words.join(" ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            date: "2026-03-14".into(),
            cpu: "A".into(),
            cores: 2,
            kiln: "0.1.0".into(),
            burn: "0.22.1".into(),
        }
    }

    fn end(lines: &[&str]) -> anyhow::Result<Ended> {
        let recipe = Recipe::parse("mine", "dataset = \"mnist\"").unwrap();
        let mut told = Told::default();
        for line in lines {
            told.hear(line)?;
        }
        let words = words("mine", 3);
        told.end(ExitStatus::default(), &recipe, 3, &machine(), &words)
    }

    // As `kiln train --json` prints it, cut.
    const ENDED: &str = r#"{"event":"run_ended","status":"done","model":"mlp","dataset":"mnist",
        "backend":"flex","device":"CPU, 2 threads","seed":3,"epochs":2,"best_epoch":2,
        "seconds":84.17,"valid":{"loss":0.1,"accuracy":0.97},"test":{"loss":0.09,"accuracy":0.98}}"#;

    #[test]
    fn a_run_becomes_a_row() {
        let Ended::Done(row) = end(&[ENDED]).unwrap() else {
            panic!("it was not interrupted")
        };
        assert_eq!((row.seed, row.epochs, row.test_accuracy), (3, 2, 0.98));
        assert_eq!(row.seconds, 84.2);
        assert_eq!(row.command, "kiln train --recipe mine --seed 3");
    }

    #[test]
    fn epochs_are_told() {
        let mut told = Told::default();
        told.hear(r#"{"event":"run_started","epochs":15}"#).unwrap();
        let epoch = r#"{"event":"epoch_done","epoch":2,"train":{"loss":1,"accuracy":0.5},
                        "valid":{"loss":1,"accuracy":0.25},"seconds":64.0}"#;
        assert_eq!(
            told.hear(epoch).unwrap().as_deref(),
            Some("epoch 2 of 15: train 50.00 %, valid 25.00 %; 1 min 4 s")
        );
    }

    #[test]
    fn what_fails_says_why_and_an_interruption_is_none() {
        let problem = |lines: &[&str]| end(lines).err().unwrap().to_string();
        assert_eq!(
            problem(&[r#"{"event":"run_failed","error":"no such file"}"#]),
            "no such file"
        );
        assert!(problem(&[]).contains("before a result"));
        assert!(problem(&["hello"]).contains("no event: hello"));
        // A loss that is no number is `null` in JSON.
        assert!(problem(&[&ENDED.replace("0.09", "null")]).contains("another result"));
        assert!(problem(&[&ENDED.replace("\"seed\":3", "\"seed\":4")]).contains("another result"));
        let interrupted = end(&[&ENDED.replace("done", "interrupted")]).unwrap();
        assert!(matches!(interrupted, Ended::Interrupted));
    }
}
