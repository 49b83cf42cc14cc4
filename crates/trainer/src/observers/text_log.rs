use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    event::{EpochDone, Event, Observer, RunStarted, Scores, Validated},
    summary::{RunSummary, Status, Versions},
};

/// `log.txt`: what is worth reading of a run, a line each of local time (ISO 8601),
/// level (`INFO`, `WARN`, `ERROR`) and text. Steps are not.
#[derive(Debug)]
pub struct TextLog {
    file: File,
    path: PathBuf,
    epochs: usize,
}

#[derive(Debug, Clone, Copy)]
enum Level {
    Info,
    Warn,
    Error,
}

/// The time that a line of a log begins with.
pub(crate) fn time_of_line(line: &str) -> Option<chrono::DateTime<chrono::FixedOffset>> {
    chrono::DateTime::parse_from_rfc3339(line.split_whitespace().next()?).ok()
}

impl TextLog {
    /// Opens `path`, and goes on after what is in it. `resumed_at` is the number of
    /// steps done of a run that is taken up again.
    ///
    /// # Errors
    /// What the system says about `path`.
    pub fn open(path: &Path, resumed_at: Option<usize>) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let mut log = Self {
            file,
            path: path.into(),
            epochs: 0,
        };
        let Versions { kiln, burn } = Versions::current();
        log.note(&match resumed_at {
            None => format!("kiln {kiln}, Burn {burn}"),
            Some(steps) => format!("kiln {kiln}, Burn {burn}: resumed after step {steps}"),
        })?;
        Ok(log)
    }

    /// Writes a line of the level `INFO`; of a text of several lines each as one.
    ///
    /// # Errors
    /// What the system says.
    pub fn note(&mut self, text: &str) -> io::Result<()> {
        self.write(Level::Info, text)
    }

    /// One call of the system, so that a kill leaves whole lines.
    fn write(&mut self, level: Level, text: &str) -> io::Result<()> {
        let time = chrono::Local::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, false);
        let level = match level {
            Level::Info => "INFO ",
            Level::Warn => "WARN ",
            Level::Error => "ERROR",
        };
        let lines: String = text
            .lines()
            .map(|line| format!("{time} {level} {line}\n"))
            .collect();
        self.file
            .write_all(lines.as_bytes())
            .map_err(super::about(&self.path))
    }

    fn started(&mut self, run: &RunStarted) -> io::Result<()> {
        self.epochs = run.epochs;
        let [channels, height, width] = run.image;
        let form = run.form.map_or(String::new(), |form| format!(" ({form})"));
        let mut text = format!(
            "model {}{form}: {} parameters\n\
             data {}: {} training, {} validation and {} test images {channels}×{height}×{width}, \
             classes: {}\n\
             backend {}: {} ({})\n",
            run.model,
            run.parameters,
            run.dataset,
            run.train_images,
            run.valid_images,
            run.test_images,
            run.classes,
            run.backend,
            run.device,
            run.reason,
        );
        if let Some(weights) = &run.weights {
            text += &format!("weights {weights}\n");
        }
        text += &format!(
            "seed {}, epochs: {}, steps in an epoch: {}",
            run.seed, run.epochs, run.steps_per_epoch
        );
        self.note(&text)
    }

    fn epoch(&mut self, row: &EpochDone) -> io::Result<()> {
        let valid = row
            .valid
            .map_or(String::new(), |valid| format!("; valid {}", words(valid)));
        let best = if row.best { "; best so far" } else { "" };
        self.note(&format!(
            "epoch {} of {}: train {}{valid}; learning rate {:.3e}; {:.1} s{best}",
            row.epoch,
            self.epochs,
            words(row.train),
            row.lr,
            row.seconds,
        ))
    }

    fn ended(&mut self, summary: &RunSummary) -> io::Result<()> {
        let epochs = summary.epochs;
        let mut text = match summary.status {
            Status::Done => format!("done: epochs {epochs}"),
            Status::Interrupted => format!("interrupted: epochs {epochs} of {}", self.epochs),
        };
        if let Some(best) = summary.best_epoch {
            text += &format!("; best epoch {best}");
        }
        if let Some(test) = summary.test {
            text += &format!("; test {}", words(test));
        }
        text += &format!("; {:.1} s", summary.seconds);
        let level = match summary.status {
            Status::Done => Level::Info,
            Status::Interrupted => Level::Warn,
        };
        self.write(level, &text)
    }
}

fn words(Scores { loss, accuracy }: Scores) -> String {
    format!("loss {loss:.4}, accuracy {:.2} %", 100.0 * accuracy)
}

impl Observer for TextLog {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(run) => self.started(run),
            Event::Validated(Validated {
                global_step, valid, ..
            }) => self.note(&format!(
                "after step {global_step}: valid {}",
                words(*valid)
            )),
            Event::LastStep {
                global_step,
                before,
                after,
            } => self.note(&format!(
                "the batch of step {global_step}: {} before, {} after",
                words(*before),
                words(*after)
            )),
            Event::EpochDone(row) => self.epoch(row),
            Event::CheckpointWritten { updates, path, .. } => self.note(&format!(
                "checkpoint after {updates} updates: {}",
                path.display()
            )),
            Event::Warning { message } => self.write(Level::Warn, message),
            Event::RunEnded(summary) => self.ended(summary),
            Event::RunFailed { error } => self.write(Level::Error, error),
            Event::FitStarted(_)
            | Event::StepDone(_)
            | Event::FirstBatch(_)
            | Event::Parameters(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_time_level_and_text_and_nothing_is_lost_on_resume() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.txt");
        let scores = |loss| Scores {
            loss,
            accuracy: 0.5,
        };
        let row = EpochDone {
            epoch: 3,
            train: scores(1.25),
            valid: Some(scores(0.75)),
            lr: 0.05,
            seconds: 2.0,
            data_seconds: 0.0,
            best: true,
        };
        let mut log = TextLog::open(&path, None).unwrap();
        log.epochs = 7;
        log.on_event(&Event::EpochDone(row)).unwrap();
        let warned = Event::Warning {
            message: "one\ntwo".into(),
        };
        log.on_event(&warned).unwrap();
        drop(log);
        let mut log = TextLog::open(&path, Some(40)).unwrap();
        let error = "the device failed".into();
        log.on_event(&Event::RunFailed { error }).unwrap();

        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<(&str, &str)> = text
            .lines()
            .map(|line| {
                let (time, rest) = line.split_once(' ').unwrap();
                chrono::DateTime::parse_from_rfc3339(time).unwrap();
                rest.split_at(6)
            })
            .collect();
        let start = format!("kiln {}, Burn 0.22.1", env!("CARGO_PKG_VERSION"));
        let resumed = format!("{start}: resumed after step 40");
        assert_eq!(
            lines,
            [
                ("INFO  ", start.as_str()),
                (
                    "INFO  ",
                    "epoch 3 of 7: train loss 1.2500, accuracy 50.00 %; valid loss 0.7500, \
                     accuracy 50.00 %; learning rate 5.000e-2; 2.0 s; best so far"
                ),
                ("WARN  ", "one"),
                ("WARN  ", "two"),
                ("INFO  ", resumed.as_str()),
                ("ERROR ", "the device failed"),
            ]
        );
    }
}
