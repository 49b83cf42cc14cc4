//! `kiln runs`.

mod compare;

use std::{
    cmp::Ordering,
    path::{Path, PathBuf},
    process::ExitCode,
};

use trainer::{ListedRun, RunList, RunState, list_runs};
use wildmatch::WildMatch;

use super::{columns::aligned, print};

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
    /// test-loss, valid-loss, seconds, parameters (the lowest first), model, dataset; runs that have
    /// no such value come last
    #[arg(
        long,
        value_name = "KEY",
        default_value = "began",
        hide_possible_values = true
    )]
    sort: Key,
    /// The other way round; runs without a value stay last
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
        let RunList {
            mut runs,
            passed_over,
        } = match self.folder.is_none() && !folder.exists() {
            // Nothing has been trained here yet.
            true => RunList::default(),
            false => list_runs(folder)?,
        };
        for problem in passed_over {
            tell!("note: passed over: {problem}");
        }
        let none = runs.is_empty();
        let matches = |pattern: &Option<String>, name: &Option<String>| match pattern {
            Some(pattern) => WildMatch::new(pattern).matches(name.as_deref().unwrap_or_default()),
            None => true,
        };
        runs.retain(|run| matches(&self.model, &run.model) && matches(&self.dataset, &run.dataset));
        runs.sort_by(|a, b| self.sort.order(a, b, self.reverse));
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
    /// What has no such value comes last, also in the other order.
    fn order(self, a: &ListedRun, b: &ListedRun, reverse: bool) -> Ordering {
        let highest = |value: fn(&ListedRun) -> Option<f64>| {
            last_if_none(value(a), value(b), !reverse, f64::total_cmp)
        };
        let lowest = |value: fn(&ListedRun) -> Option<f64>| {
            last_if_none(value(a), value(b), reverse, f64::total_cmp)
        };
        let text = |value: fn(&ListedRun) -> Option<&str>| {
            last_if_none(value(a), value(b), reverse, Ord::cmp)
        };
        match self {
            Self::Began => last_if_none(a.began, b.began, !reverse, Ord::cmp),
            Self::Test => highest(|run| Some(run.test?.accuracy)),
            Self::Valid => highest(|run| Some(run.valid?.accuracy)),
            Self::TestLoss => lowest(|run| Some(run.test?.loss)),
            Self::ValidLoss => lowest(|run| Some(run.valid?.loss)),
            // How long a run took that cannot be read is not known.
            Self::Seconds => lowest(|run| (run.state != RunState::Damaged).then_some(run.seconds)),
            Self::Parameters => lowest(|run| Some(run.parameters? as f64)),
            Self::Model => text(|run| run.model.as_deref()),
            Self::Dataset => text(|run| run.dataset.as_deref()),
        }
    }
}

/// The order of two values by `compare`, or against it; one that is not there is the last in
/// both.
fn last_if_none<T>(
    a: Option<T>,
    b: Option<T>,
    against: bool,
    compare: fn(&T, &T) -> Ordering,
) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if against => compare(&b, &a),
        (Some(a), Some(b)) => compare(&a, &b),
        (a, b) => a.is_none().cmp(&b.is_none()),
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
