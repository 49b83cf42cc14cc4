use std::{path::PathBuf, process::ExitCode};

use trainer::{BesideRow, RunDir, RunsBeside, TrainError};

use crate::cli::print;

#[derive(clap::Args)]
pub struct Args {
    /// Run folders
    #[arg(value_name = "RUN", num_args = 2.., required = true)]
    runs: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A value that is longer is cut: lists and tables of a configuration.
const WIDEST: usize = 44;

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let runs: Result<Vec<_>, TrainError> =
            self.runs.iter().map(|run| RunDir::open(run)).collect();
        let beside = RunsBeside::of(&runs?);
        print(&match self.json {
            true => format!("{}\n", serde_json::to_string(&beside)?),
            false => table(&beside),
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Figures with a `*` at the best, then keys.
fn table(beside: &RunsBeside) -> String {
    let cell = |row: &BesideRow, at: usize| {
        let text = row.cells[at].as_deref().unwrap_or("-");
        let text = match text.chars().count() > WIDEST {
            true => text.chars().take(WIDEST - 1).chain(['…']).collect(),
            false => text.to_string(),
        };
        match row.best.get(at) {
            Some(true) => text + " *",
            _ => text,
        }
    };
    let rows = || beside.figures.iter().chain(&beside.settings);
    let labels = rows().map(|row| row.label.chars().count()).max();
    let labels = labels.unwrap_or(0);
    let widths: Vec<usize> = (0..beside.names.len())
        .map(|at| {
            let cells = rows().map(|row| cell(row, at).chars().count()).max();
            cells.unwrap_or(0).max(beside.names[at].chars().count())
        })
        .collect();
    let line = |label: &str, cells: Vec<String>| {
        let cells = cells.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        let line = format!("{label:<labels$}  {}", cells.join("  "));
        format!("{}\n", line.trim_end())
    };
    let all = 0..beside.names.len();
    let mut text = line("", beside.names.clone());
    for row in &beside.figures {
        text += &line(&row.label, all.clone().map(|at| cell(row, at)).collect());
    }
    text += match beside.settings.is_empty() {
        true => "\ntheir configurations are the same\n",
        false => "\n",
    };
    for row in &beside.settings {
        text += &line(&row.label, all.clone().map(|at| cell(row, at)).collect());
    }
    text
}
