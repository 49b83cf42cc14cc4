use std::{
    io::{self, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    event::{EpochDone, Event, FitStarted, Observer, RunStarted, Scores, StepDone, Validated},
    fit::EndedBy,
    run_dir::{REPORT, Weights},
    shell::in_shell,
    summary::{RunSummary, Status},
};

/// What a person sees of a run: a line about the run, a live bar for each epoch
/// (on a terminal), a table with a row an epoch, and the result.
#[derive(Debug)]
pub struct Console<W> {
    out: W,
    program: String,
    detail: Detail,
    bar: Option<ProgressBar>,
    epoch_started: Instant,
    images_done: usize,
    epochs: usize,
    steps: usize,
    run: PathBuf,
}

/// How much a [`Console`] shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// The result alone.
    Result,
    /// The table as well.
    Table,
    /// The live bar as well.
    Bar,
}

impl<W: Write> Console<W> {
    /// Writes a table and the result to `out`. `program` is how the user calls
    /// `kiln`, for the command that is suggested in the end.
    pub fn new(out: W, program: impl Into<String>) -> Self {
        Self {
            out,
            program: program.into(),
            detail: Detail::Table,
            bar: None,
            epoch_started: Instant::now(),
            images_done: 0,
            epochs: 0,
            steps: 0,
            run: PathBuf::new(),
        }
    }

    /// Draws a live bar on standard error as well. `out` should be a terminal.
    #[must_use]
    pub fn with_bar(mut self) -> Self {
        self.detail = Detail::Bar;
        self
    }

    /// Writes nothing but the result to `out`; to standard error, which tensors of a
    /// file of weights were not taken.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.detail = Detail::Result;
        self
    }

    fn started(&mut self, run: &RunStarted) -> io::Result<()> {
        self.run.clone_from(&run.run);
        if self.detail == Detail::Result {
            return match &run.weights {
                Some(weights) if !weights.not_taken.is_empty() => {
                    writeln!(io::stderr(), "{weights}")
                }
                _ => Ok(()),
            };
        }
        let [channels, height, width] = run.image;
        writeln!(
            self.out,
            "model    {model}{form}, {parameters} parameters\n\
             data     {dataset}: {train} training, {valid} validation and {test} test images \
             {channels}×{height}×{width}, {classes} {class}",
            model = run.model,
            form = run
                .form
                .map_or(String::new(), |form| format!(" ({form} form)")),
            parameters = run.parameters,
            dataset = run.dataset,
            train = run.train_images,
            valid = run.valid_images,
            test = run.test_images,
            classes = run.classes,
            class = if run.classes == 1 { "class" } else { "classes" },
        )?;
        writeln!(
            self.out,
            "backend  {}: {} ({})",
            run.backend, run.device, run.reason
        )?;
        if let Some(weights) = &run.weights {
            // What was not taken stands below.
            let text = weights.to_string().replace('\n', "\n         ");
            writeln!(self.out, "weights  {text}")?;
        }
        writeln!(self.out, "run      {}", run.run.display())
    }

    fn fit(&mut self, fit: &FitStarted) -> io::Result<()> {
        self.epochs = fit.epochs;
        self.steps = fit.steps_per_epoch;
        if self.detail == Detail::Result {
            return Ok(());
        }
        if let Some(resumed) = &fit.resumed {
            let within = match resumed.batches {
                0 => String::new(),
                batches => format!(" and {batches} of {} steps", self.steps),
            };
            writeln!(
                self.out,
                "resumed  after {} of {} epochs{within}, from {}",
                resumed.epochs,
                self.epochs,
                resumed.checkpoint.display()
            )?;
        }
        writeln!(
            self.out,
            "\nepoch  train loss  train acc  valid loss  valid acc  learning rate     time"
        )
    }

    fn step(&mut self, step: &StepDone) {
        if self.detail != Detail::Bar {
            return;
        }
        if self.bar.is_none() {
            self.epoch_started = Instant::now();
            self.images_done = 0;
            let bar = ProgressBar::with_draw_target(
                Some(self.steps as u64),
                ProgressDrawTarget::stderr(),
            );
            bar.set_style(
                ProgressStyle::with_template("{prefix} {bar:24} {pos:>3}/{len}  {msg}  {eta} left")
                    .expect("the template is right")
                    .progress_chars("━╸ "),
            );
            bar.set_prefix(format!("epoch {}/{}", step.epoch, self.epochs));
            self.bar = Some(bar);
        }
        self.images_done += step.images;
        if let Some(bar) = &self.bar {
            // The first step is over before the bar exists: its time is not known.
            let after_first = self.images_done - step.images.min(self.images_done);
            let seconds = self
                .epoch_started
                .elapsed()
                .max(Duration::from_micros(1))
                .as_secs_f64();
            let Scores { loss, accuracy } = step.epoch_so_far;
            let speed = after_first as f64 / seconds;
            bar.set_message(format!(
                "loss {loss:.4}  acc {:.2} %  {speed:.0} images/s",
                100.0 * accuracy
            ));
            bar.set_position(step.step as u64);
        }
    }

    /// A line beside the bar, if there is one.
    fn line(&mut self, text: &str) -> io::Result<()> {
        let (detail, out) = (self.detail, &mut self.out);
        let mut write = || match detail {
            Detail::Result => Ok(()),
            _ => writeln!(out, "{text}"),
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn epoch(&mut self, row: &EpochDone) -> io::Result<()> {
        self.clear_bar();
        if self.detail == Detail::Result {
            return Ok(());
        }
        let scores = |scores: Option<Scores>| match scores {
            Some(Scores { loss, accuracy }) => {
                format!("{loss:>10.4}  {:>7.2} %", 100.0 * accuracy)
            }
            None => format!("{:>10}  {:>9}", "-", "-"),
        };
        writeln!(
            self.out,
            "{epoch:>5}  {train}  {valid}  {lr:>13.3e}  {seconds:>5.1} s{best}",
            epoch = row.epoch,
            train = scores(Some(row.train)),
            valid = scores(row.valid),
            lr = row.lr,
            seconds = row.seconds,
            best = if row.best { "  best so far" } else { "" },
        )
    }

    fn ended(&mut self, summary: &RunSummary) -> io::Result<()> {
        self.clear_bar();
        if self.detail != Detail::Result {
            writeln!(self.out)?;
        }
        if summary.status == Status::Interrupted {
            writeln!(
                self.out,
                "interrupted after {} of {} epochs; the weights as they are: {}\n\
                 go on: {} train --resume {}",
                summary.epochs,
                self.epochs,
                self.run.join(Weights::Last.file_name()).display(),
                self.program,
                in_shell(self.run.display())
            )?;
        }
        match (summary.ended_by, summary.reached) {
            (EndedBy::TargetAccuracy, Some(reached)) => writeln!(
                self.out,
                "target reached: validation accuracy {:.2} % in epoch {}, after {:.1} s",
                100.0 * reached.accuracy,
                reached.epoch,
                reached.seconds
            )?,
            (EndedBy::Patience, _) => writeln!(
                self.out,
                "stopped early after {} of {} epochs: stop.patience was over",
                summary.epochs, self.epochs
            )?,
            (EndedBy::Steps, _) => writeln!(
                self.out,
                "stopped after {} update{}: stop.steps were done",
                summary.updates,
                if summary.updates == 1 { "" } else { "s" }
            )?,
            (EndedBy::Minutes, _) => writeln!(
                self.out,
                "stopped after {} of {} epochs: stop.minutes were over",
                summary.epochs, self.epochs
            )?,
            _ => {}
        }
        if let Some(best) = summary.best_epoch {
            let valid = summary.valid.map_or(String::new(), |valid| {
                format!(
                    " (validation: loss {:.4}, accuracy {:.2} %)",
                    valid.loss,
                    100.0 * valid.accuracy
                )
            });
            writeln!(self.out, "best epoch: {best}{valid}")?;
        }
        if let Some(test) = summary.test {
            writeln!(
                self.out,
                "test: loss {:.4}, accuracy {:.2} % of {} images, after {:.1} s of training",
                test.loss,
                100.0 * test.accuracy,
                summary.test_images,
                summary.seconds
            )?;
        }
        writeln!(self.out, "run: {}", self.run.display())?;
        let report = self.run.join(REPORT);
        if report.is_file() {
            writeln!(self.out, "report: {}", report.display())?;
        }
        if summary.best_epoch.is_some() {
            writeln!(
                self.out,
                "next: {} eval {}",
                self.program,
                in_shell(self.run.display())
            )?;
        }
        Ok(())
    }

    /// On standard error, above the bar.
    fn warn(&self, message: &str) {
        // That nobody reads it is no reason to stop.
        let write = || drop(writeln!(io::stderr(), "warning: {message}"));
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn clear_bar(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl<W: Write> Observer for Console<W> {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        let written = match event {
            Event::RunStarted(run) => self.started(run),
            Event::FitStarted(fit) => self.fit(fit),
            Event::StepDone(step) => {
                self.step(step);
                Ok(())
            }
            Event::Validated(Validated {
                global_step, valid, ..
            }) => self.line(&format!(
                "after step {global_step}: validation loss {:.4}, accuracy {:.2} %",
                valid.loss,
                100.0 * valid.accuracy
            )),
            Event::LastStep {
                global_step,
                before,
                after,
            } => {
                self.clear_bar();
                self.line(&format!(
                    "the batch of step {global_step}: loss {:.4} before the update, {:.4} after it",
                    before.loss, after.loss
                ))
            }
            Event::EpochDone(row) => self.epoch(row),
            Event::RunEnded(summary) => self.ended(summary),
            Event::Warning { message } => {
                self.warn(message);
                Ok(())
            }
            // Who runs the run says why.
            Event::RunFailed { .. } => {
                self.clear_bar();
                Ok(())
            }
            Event::CheckpointWritten { .. } | Event::FirstBatch(_) | Event::Parameters(_) => Ok(()),
        };
        super::unless_gone(written.and_then(|()| self.out.flush()))
    }
}

impl<W> Drop for Console<W> {
    /// A run that fails leaves no half-drawn bar.
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
