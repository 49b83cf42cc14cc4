//! Observers of a run: what a person sees, and what a program reads.

mod console;
mod json;

pub use console::Console;
pub use json::Json;

use std::io;

/// A reader of the output that has gone away (`kiln train | head`) is no reason
/// to lose the run.
fn unless_gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
