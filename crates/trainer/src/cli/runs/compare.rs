use std::{path::PathBuf, process::ExitCode};

use trainer::{BesideRow, RunDir, RunsBeside, TrainError};

use crate::cli::{
    columns::{aligned, cut},
    print,
};

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
    let row = |row: &BesideRow| {
        let cells = row.cells.iter().zip(&row.best).map(|(cell, best)| {
            let text = cut(cell.as_deref().unwrap_or("-"), WIDEST);
            if *best { text + " *" } else { text }
        });
        std::iter::once(row.label.clone()).chain(cells).collect()
    };
    let mut names = vec![String::new()];
    names.extend(beside.names.clone());
    let mut rows: Vec<Vec<String>> = vec![names];
    rows.extend(beside.figures.iter().map(row));
    let figures = rows.len();
    rows.extend(beside.settings.iter().map(row));
    let text = aligned(&rows, &[]);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(figures, "");
    if beside.settings.is_empty() {
        lines.push("their configurations are the same");
    }
    lines.join("\n") + "\n"
}
