use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use super::proto::{Event, What};
use crate::observers::about;

/// An event file of TensorBoard that grows: records of TFRecord, each a message `Event`.
#[derive(Debug)]
pub(super) struct EventFile {
    out: BufWriter<File>,
    path: PathBuf,
    flushed: Instant,
}

/// So long at most an event waits in the buffer, if others follow.
const FLUSH_EVERY: Duration = Duration::from_secs(2);
/// What TensorBoard knows an event file by.
const PREFIX: &str = "events.out.tfevents.";

impl EventFile {
    /// Makes a file in `folder`, and the folder. `purge` is the step from which on a
    /// reader drops what it has read in earlier files.
    pub fn create(folder: &Path, purge: Option<usize>) -> io::Result<Self> {
        fs::create_dir_all(folder).map_err(about(folder))?;
        let path = folder.join(name_of_next(folder).map_err(about(folder))?);
        let file = File::create_new(&path).map_err(about(&path))?;
        let mut file = Self {
            out: BufWriter::new(file),
            path,
            flushed: Instant::now(),
        };
        file.write(purge.unwrap_or(0), What::FileVersion)?;
        if let Some(step) = purge {
            file.write(step, What::SessionStart)?;
        }
        file.flush()?;
        Ok(file)
    }

    /// Writes an event of now. It may wait in the buffer.
    pub fn write(&mut self, step: usize, what: What) -> io::Result<()> {
        let event = Event {
            wall_time: since_1970().as_secs_f64(),
            step,
            what,
        };
        let written = write_record(&mut self.out, &event.encode());
        written.map_err(about(&self.path))?;
        if self.flushed.elapsed() >= FLUSH_EVERY {
            self.flush()?;
        }
        Ok(())
    }

    /// Gives what waits to the system.
    pub fn flush(&mut self) -> io::Result<()> {
        self.flushed = Instant::now();
        self.out.flush().map_err(about(&self.path))
    }
}

/// A record of TFRecord: length, its checksum, the bytes, their checksum.
pub(super) fn write_record(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = (bytes.len() as u64).to_le_bytes();
    out.write_all(&length)?;
    out.write_all(&masked_crc(&length).to_le_bytes())?;
    out.write_all(bytes)?;
    out.write_all(&masked_crc(bytes).to_le_bytes())
}

/// CRC-32C, rotated and shifted as TFRecord wants it, so that the checksum of bytes
/// which hold their checksum is no special one.
pub(super) fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

/// `events.out.tfevents.<seconds since 1970>.kiln.<process>`, after all that are in
/// `folder`: TensorBoard reads them in the order of their names, and a clock may go
/// back, or a run be resumed within a second.
fn name_of_next(folder: &Path) -> io::Result<String> {
    let mut seconds = since_1970().as_secs();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let other = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split('.').next()?.parse().ok());
        seconds = seconds.max(other.map_or(0, |other: u64| other.saturating_add(1)));
    }
    Ok(format!("{PREFIX}{seconds:010}.kiln.{}", std::process::id()))
}

fn since_1970() -> Duration {
    // A clock before 1970 is as good as none.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
