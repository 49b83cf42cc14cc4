//! What is left of measurements: rows in tables, and the exit code.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use trainer::{
    TrainError,
    bench::{CsvFolder, CsvRow},
};

use super::child::Failure;

/// The tables that rows are appended to, if any are.
pub struct Tables {
    folder: Option<CsvFolder>,
    files: Vec<PathBuf>,
    /// What cannot be kept must not take what was measured with it.
    error: Option<TrainError>,
}

impl Tables {
    /// Looks that rows can be appended, as far as that is known.
    pub fn of<R: CsvRow>(folder: Option<&Path>) -> Result<Self, TrainError> {
        let folder = folder.map(CsvFolder::new);
        if let Some(folder) = &folder {
            folder.check::<R>()?;
        }
        Ok(Self {
            folder,
            files: Vec::new(),
            error: None,
        })
    }

    pub fn append<R: CsvRow>(&mut self, rows: &[R]) {
        let Some(folder) = &self.folder else { return };
        match folder.append(rows) {
            Ok(files) => self.files.extend(files),
            Err(error) => self.error = self.error.take().or(Some(error)),
        }
    }

    /// The files, as a line.
    pub fn line(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for name in self.files.iter().map(|file| file.display().to_string()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        match names.is_empty() {
            true => String::new(),
            false => format!("appended to {}\n", names.join(", ")),
        }
    }

    /// What went wrong first.
    pub fn end(self) -> Result<(), TrainError> {
        self.error.map_or(Ok(()), Err)
    }
}

/// Tells on standard error what failed of `all`, and with which code that ends: 0 if nothing
/// did, 2 if it was bad usage, else 1.
pub fn exit_of(failures: &[&Failure], all: usize, what: &str) -> ExitCode {
    let Some(first) = failures.first() else {
        return ExitCode::SUCCESS;
    };
    match all {
        1 => tell!("error: {}", first.message),
        _ => tell!("error: {} of {all} {what} failed", failures.len()),
    }
    let code = failures.iter().map(|failure| failure.code).max();
    ExitCode::from(code.unwrap_or(1))
}
