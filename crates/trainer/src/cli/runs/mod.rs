//! `kiln runs`.

mod compare;

use std::{
    cmp::Ordering,
    path::{Path, PathBuf},
    process::ExitCode,
};

use trainer::{ListedRun, list_runs};
use wildmatch::WildMatch;

use super::print;

/// The folder of runs that `kiln train` writes to.
const FOLDER: &str = "runs";

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: List,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Put the figures of runs beside each other, and the keys in which their configurations differ
    Compare(compare::Args),
}

#[derive(clap::Args)]
struct List {
    /// Folder of runs, sweeps, or folders of them [default: runs]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Order of the rows: began (the newest first), test, valid (accuracies, the highest first),
    /// test-loss, valid-loss, seconds, parameters (the lowest first), model, dataset
    #[arg(
        long,
        value_name = "KEY",
        default_value = "began",
        hide_possible_values = true
    )]
    sort: Key,
    /// The other way round
    #[arg(long)]
    reverse: bool,
    /// Only runs of these networks, with * for anything and ? for a character
    #[arg(long, value_name = "PATTERN")]
    model: Option<String>,
    /// Only runs on these data sets, with * for anything and ? for a character
    #[arg(long, value_name = "PATTERN")]
    dataset: Option<String>,
    /// Only the first rows
    #[arg(long, short = 'n', value_name = "N")]
    number: Option<usize>,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

/// What runs are ordered by.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Key {
    Began,
    Test,
    Valid,
    TestLoss,
    ValidLoss,
    Seconds,
    Parameters,
    Model,
    Dataset,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.verb {
            Some(Verb::Compare(args)) => args.run(),
            None => self.list.run(),
        }
    }
}

impl List {
    fn run(self) -> anyhow::Result<ExitCode> {
        let folder = self.folder.as_deref().unwrap_or(Path::new(FOLDER));
        let mut runs = match self.folder.is_none() && !folder.exists() {
            // Nothing has been trained here yet.
            true => Vec::new(),
            false => list_runs(folder)?,
        };
        let none = runs.is_empty();
        let matches = |pattern: &Option<String>, name: &Option<String>| match pattern {
            Some(pattern) => WildMatch::new(pattern).matches(name.as_deref().unwrap_or_default()),
            None => true,
        };
        runs.retain(|run| matches(&self.model, &run.model) && matches(&self.dataset, &run.dataset));
        runs.sort_by(|a, b| self.sort.order(a, b));
        if self.reverse {
            runs.reverse();
        }
        runs.truncate(self.number.unwrap_or(usize::MAX));
        print(&match (self.json, runs.is_empty()) {
            (true, _) => format!("{}\n", serde_json::to_string(&runs)?),
            (false, true) if none => format!("there is no run in {}\n", folder.display()),
            (false, true) => format!("no run in {} is like that\n", folder.display()),
            (false, false) => table(&runs, folder),
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Key {
    /// What has no such value comes last.
    fn order(self, a: &ListedRun, b: &ListedRun) -> Ordering {
        let by = |value: fn(&ListedRun) -> Option<f64>, high_first: bool| {
            let sign = if high_first { -1.0 } else { 1.0 };
            let key = |run| value(run).map_or(f64::INFINITY, |value| sign * value);
            key(a).total_cmp(&key(b))
        };
        match self {
            // As they are listed.
            Self::Began => Ordering::Equal,
            Self::Test => by(|run| Some(run.test?.accuracy), true),
            Self::Valid => by(|run| Some(run.valid?.accuracy), true),
            Self::TestLoss => by(|run| Some(run.test?.loss), false),
            Self::ValidLoss => by(|run| Some(run.valid?.loss), false),
            Self::Seconds => by(|run| Some(run.seconds), false),
            Self::Parameters => by(|run| Some(run.parameters? as f64), false),
            Self::Model => a.model.cmp(&b.model),
            Self::Dataset => a.dataset.cmp(&b.dataset),
        }
    }
}

fn table(runs: &[ListedRun], folder: &Path) -> String {
    let name = |run: &ListedRun| match run.run.strip_prefix(folder) {
        Ok(below) if below != Path::new("") => below.display().to_string(),
        _ => run.run.display().to_string(),
    };
    let text = |text: &Option<String>| text.clone().unwrap_or("-".into());
    let percent = |scores: Option<trainer::Scores>| {
        scores.map_or("-".into(), |s| format!("{:.2} %", 100.0 * s.accuracy))
    };
    let mut rows = vec![
        [
            "run", "model", "data", "seed", "epochs", "valid", "test", "time", "state",
        ]
        .map(String::from),
    ];
    rows.extend(runs.iter().map(|run| {
        [
            name(run),
            text(&run.model),
            text(&run.dataset),
            run.seed.map_or("-".into(), |seed| seed.to_string()),
            match run.of_epochs {
                Some(all) => format!("{}/{all}", run.epochs),
                None => run.epochs.to_string(),
            },
            percent(run.valid),
            percent(run.test),
            format!("{:.1} s", run.seconds),
            run.state.name().into(),
        ]
    }));
    let mut out = aligned(&rows, &[3, 4, 5, 6, 7]);
    for run in runs {
        if let Some(problem) = &run.problem {
            out += &format!("{}: {problem}\n", name(run));
        }
    }
    out
}

/// Rows of as many cells, `right` being the columns of numbers.
fn aligned<const N: usize>(rows: &[[String; N]], right: &[usize]) -> String {
    let widths: [usize; N] = std::array::from_fn(|at| {
        let cells = rows.iter().map(|row| row[at].chars().count());
        cells.max().unwrap_or(0)
    });
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).enumerate();
        let cells = cells.map(|(at, (cell, width))| match right.contains(&at) {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}
