//! The rows as tables.

use trainer::bench::{BenchConfig, Measurement, kernels_switch};

use super::{batch::BatchChoice, rows::Row};

/// What tells rows apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    Model,
    Mode,
    Backend,
    Threads,
    Batch,
}

impl Label {
    fn head(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Mode => "mode",
            Self::Backend => "backend",
            Self::Threads => "threads",
            Self::Batch => "batch",
        }
    }

    /// As far as it is known.
    fn of(self, row: &Row) -> String {
        let config = &row.config;
        match (self, row.rounds.first()) {
            // A file has a name in it.
            (Self::Model, Some(found)) => found.model.clone(),
            (Self::Model, None) => config.model.clone(),
            (Self::Mode, _) => config.mode.name().into(),
            (Self::Backend, Some(found)) => found.backend.to_string(),
            (Self::Backend, None) => config.backend.to_string(),
            (Self::Threads, Some(found)) => found.threads.to_string(),
            (Self::Threads, None) => config.threads.map_or("-".into(), |n| n.to_string()),
            (Self::Batch, _) => row.images().map_or("max".into(), |n| n.to_string()),
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Threads | Self::Batch)
    }
}

/// The tables of some rows: columns that tell them apart, as far as there are several
/// networks, backends and so on, and their widths.
pub struct Table {
    labels: Vec<(Label, usize)>,
    common: String,
    /// Whether there is a row already: nothing stands there before something is known.
    begun: bool,
}

impl Table {
    /// Of rows of which nothing is known yet. `rounds` are what each is measured.
    pub fn new(rows: &[Row], rounds: usize) -> Self {
        let several = |label: Label| {
            let mut texts = rows.iter().map(|row| label.of(row));
            let first = texts.next();
            texts.any(|text| Some(text) != first)
        };
        let has_max = rows.iter().any(|row| row.batch == BatchChoice::Max);
        let all = [
            (Label::Model, true),
            (Label::Mode, several(Label::Mode)),
            (Label::Backend, several(Label::Backend)),
            (Label::Threads, several(Label::Threads)),
            (Label::Batch, several(Label::Batch) || has_max),
        ];
        let labels: Vec<Label> = all.iter().filter(|l| l.1).map(|l| l.0).collect();
        let width = |label: Label| {
            let texts = rows.iter().map(|row| label.of(row).chars().count());
            let least = if label == Label::Batch && has_max {
                7
            } else {
                0
            };
            texts.max().unwrap_or(0).max(label.head().len()).max(least)
        };
        Self {
            common: rows
                .first()
                .map_or(String::new(), |row| common(&row.config, &labels, rounds)),
            labels: labels.iter().map(|&label| (label, width(label))).collect(),
            begun: false,
        }
    }

    /// What is common to all rows, and the heads of the columns.
    fn heading(&self) -> String {
        format!(
            "{}\n\n{}  {:<9}  {:>9}  {:>6}  {:>9}  {:>7}  {:>7}  {:>7}\n",
            self.common,
            self.labels(|label| label.head().into()),
            "image",
            "ms a step",
            "spread",
            "images/s",
            "GFLOP/s",
            "of peak",
            "peak MB",
        )
    }

    /// The row, or why there is none; before the first, the heading.
    pub fn row(&mut self, row: &Row) -> String {
        let mut text = match self.begun {
            true => String::new(),
            false => self.heading(),
        };
        self.begun = true;
        let labels = self.labels(|label| label.of(row));
        if let Some(failure) = &row.failure {
            text += &format!("{labels}  failed: {}\n", failure.message);
        } else if let Some(of) = row.found() {
            text += &format!("{labels}  {}\n", figures(&of));
        }
        text
    }

    /// Below the rows: the parts of the steps, why batches are the largest, and the devices.
    /// Nothing, if there are no rows.
    pub fn ending(&self, rows: &[Row]) -> String {
        if !self.begun {
            return String::new();
        }
        let found: Vec<(&Row, Measurement)> = rows
            .iter()
            .filter_map(|row| Some((row, row.found()?)))
            .collect();
        let mut text = String::new();
        let parts: String = found
            .iter()
            .filter_map(|(row, of)| self.parts(row, of))
            .collect();
        if !parts.is_empty() {
            text += &format!(
                "\n{}  {:>10}  {:>11}  {:>12}\n{parts}",
                self.labels(|label| label.head().into()),
                "forward ms",
                "backward ms",
                "optimizer ms",
            );
        }
        let mut notes = String::new();
        for row in rows {
            if let Some(largest) = row.largest.as_ref().filter(|found| found.batch > 0) {
                let names = self.labels.iter().map(|label| label.0);
                let names = names.filter(|&label| label != Label::Batch);
                let names: Vec<String> = names.map(|label| label.of(row)).collect();
                let (names, batch) = (names.join(", "), largest.batch);
                notes += &format!("{names}: {batch} images at most; {}\n", largest.ended_by);
            }
        }
        notes += &devices(found.iter().map(|(_, of)| of));
        if !notes.is_empty() {
            text += &format!("\n{notes}");
        }
        text
    }

    fn parts(&self, row: &Row, of: &Measurement) -> Option<String> {
        let parts = of.parts?;
        Some(format!(
            "{}  {:>10.2}  {:>11.2}  {:>12.2}\n",
            self.labels(|label| label.of(row)),
            parts.forward_ms,
            parts.backward_ms,
            parts.optimizer_ms,
        ))
    }

    fn labels(&self, text: impl Fn(Label) -> String) -> String {
        let cells = self.labels.iter().map(|&(label, width)| {
            let text = text(label);
            match label.is_number() {
                true => format!("{text:>width$}"),
                false => format!("{text:<width$}"),
            }
        });
        cells.collect::<Vec<_>>().join("  ")
    }
}

/// Of a row, what is behind its labels.
fn figures(of: &Measurement) -> String {
    let [channels, height, width] = of.image;
    let peak = of.peak_rss_mb.map_or("-".into(), |mb| format!("{mb:.0}"));
    format!(
        "{:<9}  {:>9.2}  {:>6}  {:>9.1}  {:>7.1}  {:>7}  {peak:>7}",
        format!("{channels}×{height}×{width}"),
        of.ms_per_step,
        percent(of.spread()),
        of.images_per_s,
        of.gflops,
        percent(of.gemm_share),
    )
}

/// `20 steps of train after 3 of warm-up, 64 images each`.
fn common(config: &BenchConfig, labels: &[Label], rounds: usize) -> String {
    let mut text = format!("{} steps", config.steps);
    if !labels.contains(&Label::Mode) {
        text += &format!(" of {}", config.mode.name());
    }
    text += &format!(" after {} of warm-up", config.warmup);
    if !labels.contains(&Label::Batch) {
        text += &match config.batch_size {
            1 => ", one image each".into(),
            images => format!(", {images} images each"),
        };
    }
    if rounds > 1 {
        text += &format!("; {rounds} rounds");
    }
    text
}

/// A line for each device, with the fastest matrix product that was measured on it.
fn devices<'a>(found: impl Iterator<Item = &'a Measurement>) -> String {
    let mut lines: Vec<(String, f64)> = Vec::new();
    for of in found {
        let kernels = kernels_switch(of.backend, of.kernels);
        let kernels = kernels.map_or(String::new(), |switch| format!(", kernels {switch}"));
        let device = format!("backend {}: {}{kernels}", of.backend, of.device);
        match lines.iter_mut().find(|line| line.0 == device) {
            Some(line) => line.1 = line.1.max(of.gemm_gflops),
            None => lines.push((device, of.gemm_gflops)),
        }
    }
    let line = |(device, gflops)| {
        format!("{device}; peak {gflops:.1} GFLOP/s (product of 1024×1024 matrices)\n")
    };
    lines.into_iter().map(line).collect()
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}
