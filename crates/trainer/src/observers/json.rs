use std::io::Write;

use crate::event::{Event, Observer};

/// Writes every event as a line of JSON.
#[derive(Debug)]
pub struct Json<W> {
    out: W,
}

impl<W: Write> Json<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Observer for Json<W> {
    fn on_event(&mut self, event: &Event) -> std::io::Result<()> {
        if matches!(event, Event::FirstBatch(_) | Event::Parameters(_)) {
            return Ok(());
        }
        let line = serde_json::to_string(event)?;
        super::unless_gone(writeln!(self.out, "{line}").and_then(|()| self.out.flush()))
    }
}
