//! The runs in a folder.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde::Serialize;

use crate::{
    RunDir, RunSummary, Scores, Status, TrainError, observers::text_log::time_of_line,
    path_text::lossy, run_dir::LOCK,
};

/// What has become of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// It came to its end.
    Done,
    /// It was asked to stop; `--resume` goes on.
    Interrupted,
    /// A process trains in it.
    Running,
    /// It was killed, or ended by an error.
    Unfinished,
    /// Its configuration or its summary cannot be read.
    Damaged,
}

impl RunState {
    /// As it stands in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Interrupted => "interrupted",
            Self::Running => "running",
            Self::Unfinished => "unfinished",
            Self::Damaged => "damaged",
        }
    }
}

/// A run as a row of a table.
#[derive(Debug, Clone, Serialize)]
pub struct ListedRun {
    /// Its folder.
    #[serde(serialize_with = "lossy")]
    pub run: PathBuf,
    /// What has become of it.
    pub state: RunState,
    /// When it began or last went on, as its files say.
    #[serde(skip)]
    pub began: Option<SystemTime>,
    /// The network. `None` of a damaged run.
    pub model: Option<String>,
    /// The data set.
    pub dataset: Option<String>,
    /// The seed.
    pub seed: Option<u64>,
    /// Epochs that are over.
    pub epochs: usize,
    /// Epochs that were asked for.
    pub of_epochs: Option<usize>,
    /// Of the best epoch on the validation images.
    pub valid: Option<Scores>,
    /// Of the best epoch on the test set.
    pub test: Option<Scores>,
    /// Seconds of training and validation.
    pub seconds: f64,
    /// Number of trainable parameters, once it has ended.
    pub parameters: Option<usize>,
    /// The device, once it has ended.
    pub device: Option<String>,
    /// What cannot be read of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What [`list_runs`] finds.
#[derive(Debug, Default)]
pub struct RunList {
    /// The runs, the newest first.
    pub runs: Vec<ListedRun>,
    /// Why folders below were passed over: they cannot be read, or are gone by now.
    pub passed_over: Vec<TrainError>,
}

/// Runs lie in folders, sweeps, and folders of sweeps.
const DEPTH: usize = 4;

/// The runs in `folder` and the folders in it, or the run that it is itself; the newest
/// first. A run that cannot be read is one of them, with what is wrong.
///
/// # Errors
/// [`TrainError::NotARun`] if there is no such folder, [`TrainError::Io`] if it cannot be
/// read.
pub fn list_runs(folder: &Path) -> Result<RunList, TrainError> {
    if !folder.is_dir() {
        // The error says whether it is a file, or nothing at all.
        RunDir::open(folder)?;
    }
    let (mut found, mut passed_over) = (Vec::new(), Vec::new());
    collect(folder, DEPTH, &mut found, &mut passed_over)?;
    let mut runs: Vec<ListedRun> = found.iter().map(listed).collect();
    // Of the same second, by name.
    runs.sort_by(|a, b| b.began.cmp(&a.began).then_with(|| a.run.cmp(&b.run)));
    Ok(RunList { runs, passed_over })
}

fn collect(
    folder: &Path,
    depth: usize,
    found: &mut Vec<RunDir>,
    passed_over: &mut Vec<TrainError>,
) -> Result<(), TrainError> {
    if let Ok(run) = RunDir::open(folder) {
        found.push(run);
        return Ok(());
    }
    if depth == 0 {
        return Ok(());
    }
    let read = |e| TrainError::io("read the folder", folder)(e);
    for entry in fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        // A link may lead back to where it lies.
        if path.is_dir()
            && !path.is_symlink()
            && let Err(error) = collect(&path, depth - 1, found, passed_over)
        {
            // The other folders have their runs all the same.
            passed_over.push(error);
        }
    }
    Ok(())
}

fn listed(run: &RunDir) -> ListedRun {
    let config = run.saved_config();
    let summary = run.summary();
    let history = run.history();
    let mut problems = Vec::new();
    for problem in [
        config.as_ref().err(),
        summary.as_ref().err(),
        history.as_ref().err(),
    ] {
        problems.extend(problem.map(ToString::to_string));
    }
    let (config, summary) = (config.ok(), summary.ok().flatten());
    let rows = history.ok().flatten().unwrap_or_default();
    let best = rows.iter().rev().find(|row| row.best);
    let of_summary = summary.as_ref();
    ListedRun {
        run: run.path().into(),
        state: state(run, of_summary, !problems.is_empty()),
        began: began(run),
        model: of_summary
            .map(|summary| summary.model.clone())
            .or_else(|| config.as_ref().map(|config| config.model.clone())),
        dataset: config.as_ref().map(|config| config.dataset.clone()),
        seed: config.as_ref().map(|config| config.seed),
        epochs: rows.last().map_or(0, |row| row.epoch),
        of_epochs: config.map(|config| config.epochs),
        valid: best.and_then(|row| row.valid),
        test: of_summary.and_then(|summary| summary.test),
        seconds: match of_summary {
            Some(summary) => summary.seconds,
            // The `sum` of nothing is -0.
            None => rows.iter().fold(0.0, |sum, row| sum + row.seconds),
        },
        parameters: of_summary.map(|summary| summary.parameters),
        device: of_summary.map(|summary| summary.device.clone()),
        problem: (!problems.is_empty()).then(|| problems.join("; ")),
    }
}

fn state(run: &RunDir, summary: Option<&RunSummary>, damaged: bool) -> RunState {
    match summary.map(|summary| summary.status) {
        _ if damaged => RunState::Damaged,
        _ if in_use(run.path()) => RunState::Running,
        Some(Status::Done) => RunState::Done,
        Some(Status::Interrupted) => RunState::Interrupted,
        None => RunState::Unfinished,
    }
}

/// Whether a process holds the lock. The lock is not kept.
fn in_use(run: &Path) -> bool {
    let lock = File::open(run.join(LOCK));
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// The time of the first line of the log; without one, that of the configuration, which is
/// written when a run begins, and again when it goes on.
fn began(run: &RunDir) -> Option<SystemTime> {
    let log = run.text("log.txt").ok().flatten().unwrap_or_default();
    let first = log.lines().next().and_then(time_of_line).map(Into::into);
    first.or_else(|| {
        run.path()
            .join("config.toml")
            .metadata()
            .ok()?
            .modified()
            .ok()
    })
}
