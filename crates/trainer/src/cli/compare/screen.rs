use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use trainer::{
    backend::Backend,
    compare::{CompareObserver, Compared, Row, StepTrace},
};

use super::{super::print, table};

/// What a person sees of a comparison: a live bar on a terminal, and rows.
pub struct Screen {
    quiet: bool,
    bar: Option<ProgressBar>,
    reference: Option<Backend>,
    tolerance: f64,
    target: Option<f64>,
}

impl Screen {
    pub fn new(quiet: bool, tolerance: f64, target: Option<f64>) -> Self {
        Self {
            quiet,
            bar: None,
            reference: None,
            tolerance,
            target,
        }
    }

    /// That the reader has gone is told when the comparison ends.
    fn print(&self, text: &str) {
        if !self.quiet {
            let _ = print(text);
        }
    }
}

impl CompareObserver for Screen {
    fn model_started(&mut self, compared: &Compared, reference: Backend) {
        self.print(&table::heading(compared, reference));
        self.reference = Some(reference);
    }

    fn backend_started(&mut self, backend: Backend, steps: usize) {
        if self.quiet || !stderr().is_terminal() {
            return;
        }
        let style = ProgressStyle::with_template(
            "{prefix:<8} {bar:30} step {pos} of {len}  loss {msg}  {per_sec}",
        );
        let bar = ProgressBar::new(steps as u64)
            .with_style(style.expect("the template is constant"))
            .with_prefix(backend.name());
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.tick();
        self.bar = Some(bar);
    }

    fn step_done(&mut self, step: &StepTrace) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{:.4}", step.loss));
            bar.set_position(step.step as u64);
        }
    }

    fn backend_ended(&mut self, row: &Row) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.print(&table::row(row));
    }

    fn model_ended(&mut self, compared: &Compared) {
        if let Some(reference) = self.reference {
            self.print(&table::agreement(
                compared,
                reference,
                self.tolerance,
                self.target,
            ));
            self.print("\n");
        }
    }
}
