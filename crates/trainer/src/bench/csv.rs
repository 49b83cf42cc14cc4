//! Measurements of many days as tables: a file for each device, to which rows are appended.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use chrono::{SecondsFormat, Utc};

use super::{Measurement, device_slug, kernels_switch, processor};
use crate::{TrainError, Versions, backend::Backend, csv::csv_cell};

/// A row of a table. Its first columns are `date` (UTC, ISO 8601), `kiln` and `burn` (their
/// versions); these are not in it.
pub trait CsvRow {
    /// The beginning of the name of the file.
    const PREFIX: &'static str;
    /// The other columns.
    const COLUMNS: &'static [&'static str];
    /// The backend, and the device as it names it.
    fn device(&self) -> (Backend, &str);
    /// The cells of the other columns, not quoted.
    fn cells(&self) -> Vec<String>;
}

/// A folder with tables, each named by the device: `bench-intel-xeon-….csv`.
#[derive(Debug, Clone)]
pub struct CsvFolder {
    folder: PathBuf,
}

impl CsvFolder {
    /// A folder, which is made when there is a first row.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Looks that rows of this processor can be appended, as far as that is known before
    /// anything is measured.
    ///
    /// # Errors
    /// [`TrainError::OtherTable`] if its file has other columns, [`TrainError::Io`] if it
    /// cannot be read, or if there is something else in the place of the folder.
    pub fn check<R: CsvRow>(&self) -> Result<(), TrainError> {
        if self.folder.exists() && !self.folder.is_dir() {
            let error = io::Error::from(io::ErrorKind::NotADirectory);
            return Err(TrainError::io("write tables to", &self.folder)(error));
        }
        let path = self.file::<R>(Backend::DEFAULT, "");
        match File::open(&path) {
            Ok(mut file) => is_empty::<R>(&path, &mut file).map(drop),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(TrainError::io("read", path)(e)),
        }
    }

    /// Appends rows, each to the file of its device, and gives the files.
    ///
    /// # Errors
    /// [`TrainError::OtherTable`] if a file has other columns, [`TrainError::Io`].
    pub fn append<R: CsvRow>(&self, rows: &[R]) -> Result<Vec<PathBuf>, TrainError> {
        let mut files: Vec<PathBuf> = Vec::new();
        for row in rows {
            let (backend, device) = row.device();
            let path = self.file::<R>(backend, device);
            append_to(&path, row)?;
            if !files.contains(&path) {
                files.push(path);
            }
        }
        Ok(files)
    }

    fn file<R: CsvRow>(&self, backend: Backend, device: &str) -> PathBuf {
        let slug = device_slug(backend, device, &processor());
        self.folder.join(format!("{}-{slug}.csv", R::PREFIX))
    }
}

fn append_to<R: CsvRow>(path: &Path, row: &R) -> Result<(), TrainError> {
    let fail = |action| TrainError::io(action, path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(TrainError::io("make", folder))?;
    }
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path);
    let mut file = file.map_err(fail("open"))?;
    // Two processes may find the file empty. Where there are no locks, they do.
    let _ = file.lock();
    let mut text = match is_empty::<R>(path, &mut file)? {
        true => header::<R>() + "\n",
        // A line that somebody's editor did not end.
        false if !ends_a_line(&mut file).map_err(fail("read"))? => "\n".into(),
        false => String::new(),
    };
    let versions = Versions::current();
    let date = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut cells = vec![date, versions.kiln, versions.burn];
    cells.extend(row.cells());
    let cells: Vec<String> = cells.iter().map(|text| csv_cell(text)).collect();
    text += &(cells.join(",") + "\n");
    file.write_all(text.as_bytes()).map_err(fail("write"))
}

/// The names of the columns, without the end of the line.
fn header<R: CsvRow>() -> String {
    let columns = ["date", "kiln", "burn"].iter().chain(R::COLUMNS);
    columns.copied().collect::<Vec<_>>().join(",")
}

/// Whether there is nothing in a file yet.
///
/// # Errors
/// [`TrainError::OtherTable`] if there is something else than such a table.
fn is_empty<R: CsvRow>(path: &Path, file: &mut File) -> Result<bool, TrainError> {
    let expected = header::<R>();
    let mut found = Vec::new();
    // No more of it: it may be anything.
    let mut start = BufReader::new(file).take(2 * expected.len() as u64 + 2);
    let read = start.read_until(b'\n', &mut found);
    if read.map_err(TrainError::io("read", path))? == 0 {
        return Ok(true);
    }
    let found = String::from_utf8_lossy(&found);
    let found = found.trim_end_matches(['\r', '\n']);
    match found == expected {
        true => Ok(false),
        false => Err(TrainError::OtherTable {
            path: path.into(),
            expected,
            found: found.into(),
        }),
    }
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

impl CsvRow for Measurement {
    const PREFIX: &'static str = "bench";
    const COLUMNS: &'static [&'static str] = &[
        "processor",
        "device",
        "backend",
        "kernels",
        "threads",
        "mode",
        "model",
        "form",
        "image",
        "classes",
        "parameters",
        "macs",
        "batch",
        "warmup",
        "steps",
        "rounds",
        "ms_per_step",
        "ms_first_quartile",
        "ms_third_quartile",
        "ms_fastest_round",
        "ms_slowest_round",
        "forward_ms",
        "backward_ms",
        "optimizer_ms",
        "images_per_s",
        "gflops",
        "gemm_gflops",
        "gemm_share",
        "peak_rss_mb",
    ];

    fn device(&self) -> (Backend, &str) {
        (self.backend, &self.device)
    }

    fn cells(&self) -> Vec<String> {
        let [channels, height, width] = self.image;
        let ms = |ms: f64| format!("{ms:.4}");
        let part = |part: Option<f64>| part.map(ms).unwrap_or_default();
        let rounds = self.ms_rounds.iter().copied();
        vec![
            self.processor.clone(),
            self.device.clone(),
            self.backend.to_string(),
            kernels_switch(self.backend, self.kernels)
                .unwrap_or_default()
                .into(),
            self.threads.to_string(),
            self.mode.name().into(),
            self.model.clone(),
            self.form.clone().unwrap_or_default(),
            format!("{channels}x{height}x{width}"),
            self.classes.to_string(),
            self.parameters.to_string(),
            self.macs.to_string(),
            self.batch.to_string(),
            self.warmup.to_string(),
            self.steps.to_string(),
            self.ms_rounds.len().to_string(),
            ms(self.ms_per_step),
            ms(self.ms_quartiles[0]),
            ms(self.ms_quartiles[1]),
            ms(rounds.clone().fold(f64::INFINITY, f64::min)),
            ms(rounds.fold(0.0, f64::max)),
            part(self.parts.map(|parts| parts.forward_ms)),
            part(self.parts.map(|parts| parts.backward_ms)),
            part(self.parts.map(|parts| parts.optimizer_ms)),
            format!("{:.2}", self.images_per_s),
            format!("{:.3}", self.gflops),
            format!("{:.3}", self.gemm_gflops),
            format!("{:.4}", self.gemm_share),
            self.peak_rss_mb
                .map(|mb| format!("{mb:.1}"))
                .unwrap_or_default(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Row(&'static str);

    impl CsvRow for Row {
        const PREFIX: &'static str = "test";
        const COLUMNS: &'static [&'static str] = &["text"];

        fn device(&self) -> (Backend, &str) {
            (Backend::Wgpu, "A GPU, of (some) kind")
        }

        fn cells(&self) -> Vec<String> {
            vec![self.0.into()]
        }
    }

    #[test]
    fn rows_go_under_one_header() {
        let folder = tempfile::tempdir().unwrap();
        let tables = CsvFolder::new(&folder.path().join("new"));
        tables.check::<Row>().unwrap();
        let files = tables.append(&[Row("a, b"), Row("c")]).unwrap();
        let path = folder.path().join("new/test-a-gpu-of-some-kind.csv");
        assert_eq!(files, std::slice::from_ref(&path));
        // As an editor may leave it.
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.trim_end()).unwrap();
        tables.append(&[Row("d")]).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "date,kiln,burn,text");
        let ends: Vec<bool> = [",\"a, b\"", ",c", ",d"]
            .iter()
            .zip(&lines[1..])
            .map(|(end, line)| line.ends_with(end) && line.contains(",0.22.1,"))
            .collect();
        assert_eq!((ends, lines.len()), (vec![true; 3], 4), "{text}");
    }

    #[test]
    fn another_table_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let tables = CsvFolder::new(folder.path());
        let path = folder.path().join("test-a-gpu-of-some-kind.csv");
        fs::write(&path, "date,kiln,burn\n1,2,3\n").unwrap();
        let error = tables.append(&[Row("a")]).unwrap_err();
        assert!(error.is_usage());
        let text = error.to_string();
        let says = ["kind.csv", "date,kiln,burn,text", "--csv"];
        assert!(says.iter().all(|word| text.contains(word)), "{text}");
        assert_eq!(fs::read(&path).unwrap(), b"date,kiln,burn\n1,2,3\n");
    }

    #[cfg(feature = "flex")]
    #[test]
    fn the_cells_are_as_many_as_the_columns() {
        let config = super::super::BenchConfig {
            model: "perceptron".into(),
            batch_size: 2,
            steps: 1,
            warmup: 0,
            ..super::super::BenchConfig::default()
        };
        let found = config.run().unwrap();
        assert_eq!(found.cells().len(), Measurement::COLUMNS.len());
    }
}
