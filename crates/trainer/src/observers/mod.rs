//! Observers of a run: what a person sees, and what a program reads.

mod console;
mod dashboard;
mod json;
mod tensorboard;
pub(crate) mod text_log;

pub use console::Console;
pub use dashboard::{dashboard, leave_dashboard};
pub use json::Json;
pub use tensorboard::TensorBoard;
pub use text_log::TextLog;

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{RunDir, TrainError, config::TrainConfig, event::Observer};

/// The file of a [`TextLog`] in a run folder.
const TEXT_LOG: &str = "log.txt";
/// The folder of event files in a run folder.
const TENSORBOARD: &str = "tensorboard";

/// The observers that `config` asks for in `[log]`, which write into the run folder
/// `dir`. `resumed_at` is the number of steps that a run had done which is now taken
/// up again; their files then go on.
///
/// # Errors
/// [`TrainError::Io`] if a file cannot be made; as [`RunDir::trained_on`] if the
/// names of the classes cannot be read.
pub fn for_run(
    config: &TrainConfig,
    dir: &Path,
    resumed_at: Option<usize>,
) -> Result<Vec<Box<dyn Observer + Send>>, TrainError> {
    let mut observers: Vec<Box<dyn Observer + Send>> = Vec::new();
    if config.log.text {
        let path = dir.join(TEXT_LOG);
        let failed = |e| TrainError::io("write", &path)(e);
        let mut log = TextLog::open(&path, resumed_at).map_err(failed)?;
        let all = serde_json::to_string(config).map_err(|e| failed(e.into()))?;
        log.note(&format!("config {all}")).map_err(failed)?;
        observers.push(Box::new(log));
    }
    if config.log.tensorboard {
        let folder = dir.join(TENSORBOARD);
        let failed = |e| TrainError::io("write into", &folder)(e);
        let classes = RunDir::open(dir)?.trained_on()?.classes;
        let mut board = TensorBoard::create(&folder, resumed_at)
            .map_err(failed)?
            .with_classes(classes);
        if config.log.histograms {
            board = board.with_histograms();
        }
        board
            .text("config", &format!("```toml\n{}```", config.to_toml()?))
            .map_err(failed)?;
        observers.push(Box::new(board));
    }
    Ok(observers)
}

/// A reader of the output that has gone away (`kiln train | head`) is no reason
/// to lose the run.
fn unless_gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// For `map_err`: what the system says, with the file that it is about.
fn about(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    let path: PathBuf = path.into();
    move |e| io::Error::new(e.kind(), format!("{}: {e}", path.display()))
}
