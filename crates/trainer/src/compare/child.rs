//! A backend's process: that its memory is its own, and its faults.

use std::{
    ffi::OsString,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
};

use super::trace::{Finished, StepTrace};
use crate::last_words;

/// Starts what computes: a program and the words before the folder that tells what to do.
#[derive(Debug, Clone)]
pub struct Prober {
    /// The program.
    pub program: PathBuf,
    /// Its first words.
    pub words: Vec<OsString>,
}

impl Prober {
    /// Has a process compute what `folder` says. `Err` is why there is no result.
    pub(super) fn probe(
        &self,
        folder: &Path,
        on_step: &mut dyn FnMut(&StepTrace),
    ) -> Result<Finished, String> {
        let mut child = Command::new(&self.program)
            .args(&self.words)
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("cannot start {}: {e}", self.program.display()))?;
        let said = hear(&mut child);
        let mut last_step = 0;
        if let Some(steps) = child.stdout.take() {
            // Other lines are of a driver that takes standard output for its own.
            for line in BufReader::new(steps).split(b'\n').map_while(Result::ok) {
                if let Ok(step) = serde_json::from_slice::<StepTrace>(&line) {
                    last_step = step.step;
                    on_step(&step);
                }
            }
        }
        let status = child.wait().map_err(|e| e.to_string())?;
        let said = said.map_or_else(String::new, |said| said.join().unwrap_or_default());
        if !status.success() {
            return Err(reason(status, &said, last_step));
        }
        Finished::read(folder).map_err(|e| e.to_string())
    }
}

/// What the process says on standard error, in a thread, so that it never waits to be heard.
fn hear(child: &mut Child) -> Option<thread::JoinHandle<String>> {
    let mut errors = child.stderr.take()?;
    let listen = move || {
        let mut said = Vec::new();
        match errors.read_to_end(&mut said) {
            Ok(_) | Err(_) => String::from_utf8_lossy(&said).into_owned(),
        }
    };
    let thread = thread::Builder::new().name("errors".into()).spawn(listen);
    let thread: io::Result<_> = thread;
    thread.ok()
}

/// Why a process failed, in one line.
fn reason(status: ExitStatus, said: &str, last_step: usize) -> String {
    let how = match status.code() {
        // Its last words tell.
        Some(_) => String::new(),
        None => format!("its process was ended by the system ({status}); "),
    };
    let when = match last_step {
        0 => "before the first step".to_string(),
        step => format!("after step {step}"),
    };
    match last_words(said) {
        Some(words) => format!("{how}{when}: {words}"),
        None => format!("{how}{when}: {status}"),
    }
}
