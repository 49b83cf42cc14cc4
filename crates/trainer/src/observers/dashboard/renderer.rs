use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use burn::train::{
    Interrupter,
    logger::TrainingProgressLogger,
    metric::{
        MetricDefinition, MetricEntry, MetricId, NumericAttributes, NumericEntry, SerializedEntry,
    },
    renderer::{
        MetricState, MetricsRenderer, MetricsRendererTraining, tui::TuiMetricsRendererWrapper,
    },
};

use super::terminal;
use crate::{
    StopFlag,
    event::{EpochDone, Event, Observer, RunStarted, StepDone},
};

/// Who stops it from the dashboard has done as with Ctrl-C.
const SIGINT: usize = 2;

/// Burn's dashboard as an observer.
pub(super) struct Dashboard<'a, O> {
    screen: Option<TuiMetricsRendererWrapper>,
    /// What the dashboard's user asks for.
    asked: Interrupter,
    stop: &'a StopFlag,
    then: O,
    /// What `then` has not got yet.
    held: Vec<Event>,
    epoch: usize,
    images_done: usize,
    train_images: usize,
    valid_images: usize,
}

/// A curve of the dashboard: its name, its unit and whether more of it is better.
struct Metric(&'static str, Option<&'static str>, bool);

const LOSS: Metric = Metric("Loss", None, false);
const ACCURACY: Metric = Metric("Accuracy", Some("%"), true);
const LR: Metric = Metric("Learning rate", None, true);

impl<'a, O: Observer> Dashboard<'a, O> {
    pub fn new(stop: &'a StopFlag, then: O) -> Self {
        Self {
            screen: None,
            asked: Interrupter::new(),
            stop,
            then,
            held: Vec::new(),
            epoch: 0,
            images_done: 0,
            train_images: 0,
            valid_images: 0,
        }
    }

    fn started(&mut self, run: &RunStarted) -> io::Result<()> {
        let mut screen = TuiMetricsRendererWrapper::new(self.asked.clone(), None);
        terminal::hear_ctrl_c()?;
        for Metric(name, unit, higher_is_better) in [LOSS, ACCURACY, LR] {
            screen.register_metric(MetricDefinition {
                metric_id: id(name),
                name: Arc::new(name.into()),
                description: None,
                attributes: NumericAttributes {
                    unit: unit.map(Into::into),
                    higher_is_better,
                }
                .into(),
            });
        }
        let label = format!("{} on {}", run.model, run.dataset);
        screen.start(run.epochs, 1, None, Some(&label));
        self.train_images = run.train_images;
        self.valid_images = run.valid_images;
        self.screen = Some(screen);
        Ok(())
    }

    fn step(&mut self, step: &StepDone) {
        let Some(screen) = &mut self.screen else {
            return;
        };
        if self.epoch != step.epoch {
            self.epoch = step.epoch;
            self.images_done = 0;
            screen.start_split("train", self.train_images);
        }
        self.images_done += step.images;
        let (epoch, batch) = (step.epoch_so_far, step.batch);
        screen.update_train(state(LOSS, batch.loss, Some(epoch.loss)));
        let percent = |share: f64| 100.0 * share;
        screen.update_train(state(
            ACCURACY,
            percent(batch.accuracy),
            Some(percent(epoch.accuracy)),
        ));
        screen.update_train(state(LR, step.lr, None));
        screen.update_split(self.images_done);
    }

    fn epoch(&mut self, row: &EpochDone) {
        let Some(screen) = &mut self.screen else {
            return;
        };
        screen.end_split();
        if let Some(valid) = row.valid {
            screen.start_split("valid", self.valid_images);
            screen.update_valid(state(LOSS, valid.loss, None));
            screen.update_valid(state(ACCURACY, 100.0 * valid.accuracy, None));
            screen.update_split(self.valid_images);
            screen.end_split();
        }
        screen.update_epoch(row.epoch);
    }

    /// Frees the terminal, and hands on what was held.
    fn close(&mut self) -> io::Result<()> {
        if let Some(screen) = self.screen.take() {
            // Dropping it panics if its user asked it to.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(screen)));
        }
        terminal::leave()?;
        self.held
            .drain(..)
            .try_for_each(|event| self.then.on_event(&event))
    }
}

fn id(name: &str) -> MetricId {
    MetricId::new(Arc::new(name.into()))
}

/// A number now, and over the epoch so far if that is another.
fn state(Metric(name, unit, _): Metric, now: f64, epoch: Option<f64>) -> MetricState {
    let unit = unit.map_or(String::new(), |unit| format!(" {unit}"));
    let number = |value: f64| match value {
        small if small != 0.0 && small.abs() < 0.01 => format!("{small:.3e}{unit}"),
        other => format!("{other:.4}{unit}"),
    };
    let text = match epoch {
        Some(epoch) => format!("epoch {} - batch {}", number(epoch), number(now)),
        None => number(now),
    };
    let entry = MetricEntry::new(id(name), SerializedEntry::new(text, now.to_string()));
    MetricState::Numeric(entry, Some(NumericEntry::Value(now)))
}

impl<O: Observer> Observer for Dashboard<'_, O> {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        // The dashboard's "stop immediately" is a panic out of any call to it.
        let shown = catch_unwind(AssertUnwindSafe(|| match event {
            Event::RunStarted(run) => self.started(run),
            Event::StepDone(step) => {
                self.step(step);
                Ok(())
            }
            Event::EpochDone(row) => {
                self.epoch(row);
                Ok(())
            }
            _ => Ok(()),
        }));
        shown.map_err(|_| io::Error::other("the run was killed from the dashboard"))??;
        if self.asked.should_stop() {
            self.stop.set(SIGINT);
        }
        if !matches!(
            event,
            Event::StepDone(_) | Event::FirstBatch(_) | Event::Parameters(_)
        ) {
            self.held.push(event.clone());
        }
        match event {
            Event::RunEnded(_) | Event::RunFailed { .. } => self.close(),
            _ => Ok(()),
        }
    }
}

impl<O> Drop for Dashboard<'_, O> {
    /// An error of another observer leaves the terminal as it was, too.
    fn drop(&mut self) {
        if let Some(screen) = self.screen.take() {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(screen)));
        }
        let _ = terminal::leave();
    }
}
