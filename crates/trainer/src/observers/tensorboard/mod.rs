//! TensorBoard's event files, written by hand: the crates for it on crates.io
//! (`tensorboard-rs`, `tfrecord`) bring a second, old version of `image` and generated
//! protobuf code for all of TensorFlow, for the three messages that are needed.

mod file;
mod histogram;
mod proto;
#[cfg(test)]
mod reader;
#[cfg(test)]
mod tests;

use std::{io, path::Path};

use data::{DatasetInfo, Pipeline};

use self::{
    file::EventFile,
    histogram::Histogram,
    proto::{Value, What},
};
use crate::{
    event::{EpochDone, Event, FirstBatch, Observer, Parameters, Scores, StepDone, Validated},
    pictures::{Tile, grid, png},
};

/// Writes event files for TensorBoard. The step of everything is that of the run, so
/// that what belongs to an epoch stands at its last step:
///
/// - `train/loss`, `train/accuracy` and `lr` of each step that is reported;
/// - `epoch/train_loss`, `epoch/train_accuracy`, `epoch/seconds`,
///   `epoch/data_seconds`, `valid/loss` and `valid/accuracy` of each epoch;
/// - `test/loss` and `test/accuracy` at the end;
/// - `images/first_batch`: up to 16 images of the first step as the network gets them,
///   without the normalisation, with their classes (grey or RGB images only);
/// - if [asked for](Self::with_histograms), `weights/NAME`: a histogram of each
///   parameter and running statistic at the end of each epoch. Where some of its values
///   are no finite numbers, `not_finite/NAME` says how many: they are not in it.
#[derive(Debug)]
pub struct TensorBoard {
    file: EventFile,
    histograms: bool,
    classes: Vec<String>,
    resumed_at: usize,
    steps_per_epoch: usize,
}

/// The most images of the first batch that are shown, and those in a row.
const IMAGES: usize = 16;
const COLUMNS: usize = 4;

impl TensorBoard {
    /// Begins an event file in `folder`, which is made if it is not there.
    /// `resumed_at` is the number of steps done of a run that is taken up again:
    /// TensorBoard then drops the steps after it of the files before.
    ///
    /// # Errors
    /// What the system says about the folder or the file.
    pub fn create(folder: &Path, resumed_at: Option<usize>) -> io::Result<Self> {
        Ok(Self {
            file: EventFile::create(folder, resumed_at.map(|steps| steps + 1))?,
            histograms: false,
            classes: Vec::new(),
            resumed_at: resumed_at.unwrap_or(0),
            steps_per_epoch: 0,
        })
    }

    /// Writes histograms of the parameters as well.
    #[must_use]
    pub fn with_histograms(mut self) -> Self {
        self.histograms = true;
        self
    }

    /// The names of the classes, in the order of their labels, for the images. Without
    /// them the images bear their labels.
    #[must_use]
    pub fn with_classes(mut self, classes: Vec<String>) -> Self {
        self.classes = classes;
        self
    }

    /// Adds a text in Markdown, at the step where the run begins or is resumed.
    ///
    /// # Errors
    /// What the system says about the file.
    pub fn text(&mut self, tag: &str, markdown: &str) -> io::Result<()> {
        let tag = format!("{tag}/text_summary");
        let summary = What::Summary(vec![(tag, Value::Text(markdown.into()))]);
        self.file.write(self.resumed_at, summary)?;
        self.file.flush()
    }

    fn scalars(&mut self, step: usize, scalars: &[(&str, f64)]) -> io::Result<()> {
        let value = |(tag, number): &(&str, f64)| ((*tag).into(), Value::Scalar(*number as f32));
        let summary = What::Summary(scalars.iter().map(value).collect());
        self.file.write(step, summary)
    }

    fn step(&mut self, step: &StepDone) -> io::Result<()> {
        self.scalars(
            step.global_step,
            &[
                ("train/loss", step.batch.loss),
                ("train/accuracy", step.batch.accuracy),
                ("lr", step.lr),
            ],
        )
    }

    fn epoch(&mut self, row: &EpochDone) -> io::Result<()> {
        let mut scalars = vec![
            ("epoch/train_loss", row.train.loss),
            ("epoch/train_accuracy", row.train.accuracy),
            ("epoch/seconds", row.seconds),
            ("epoch/data_seconds", row.data_seconds),
        ];
        if let Some(Scores { loss, accuracy }) = row.valid {
            scalars.extend([("valid/loss", loss), ("valid/accuracy", accuracy)]);
        }
        self.scalars(self.last_step(row.epoch), &scalars)?;
        self.file.flush()
    }

    fn validated(&mut self, found: &Validated) -> io::Result<()> {
        let Scores { loss, accuracy } = found.valid;
        let scalars = [("valid/loss", loss), ("valid/accuracy", accuracy)];
        self.scalars(found.global_step, &scalars)
    }

    fn test(&mut self, epochs: usize, scores: Scores) -> io::Result<()> {
        let Scores { loss, accuracy } = scores;
        let scalars = [("test/loss", loss), ("test/accuracy", accuracy)];
        self.scalars(self.last_step(epochs), &scalars)
    }

    fn images(&mut self, batch: &FirstBatch) -> io::Result<()> {
        let tiles = self.tiles(batch)?;
        if tiles.is_empty() {
            return Ok(());
        }
        let picture = grid(&tiles, COLUMNS);
        let image = Value::Image {
            height: picture.height(),
            width: picture.width(),
            png: png(&picture)?,
        };
        let summary = What::Summary(vec![("images/first_batch".into(), image)]);
        self.file.write(self.resumed_at, summary)?;
        self.file.flush()
    }

    /// The images to show; none of channels that are no colours.
    fn tiles(&self, batch: &FirstBatch) -> io::Result<Vec<Tile>> {
        let [images, channels, height, width] = batch.shape;
        let wrong = |problem: String| io::Error::new(io::ErrorKind::InvalidData, problem);
        let length = channels * height * width;
        if batch.values.len() != images * length || batch.labels.len() != images {
            return Err(wrong(format!(
                "the first batch has {} values and {} labels for the shape {:?}",
                batch.values.len(),
                batch.labels.len(),
                batch.shape
            )));
        }
        if ![1, 3].contains(&channels) || length == 0 {
            return Ok(Vec::new());
        }
        // Only the way back from normalised values is wanted of it.
        let info = DatasetInfo {
            name: String::new(),
            classes: self.classes.clone(),
            channels,
            height,
            width,
            mean: batch.mean.clone(),
            std: batch.std.clone(),
        };
        let pipeline = Pipeline::new(Vec::new(), info.into()).map_err(|e| wrong(e.to_string()))?;
        let tile = |(values, label): (&[f32], &u16)| Tile {
            pixels: pipeline.normalization().undo(values),
            shape: [channels, height, width],
            caption: vec![match self.classes.get(usize::from(*label)) {
                Some(class) => class.clone(),
                None => label.to_string(),
            }],
        };
        let values = batch.values.chunks_exact(length);
        Ok(values.zip(&batch.labels).take(IMAGES).map(tile).collect())
    }

    fn parameters(&mut self, parameters: &Parameters) -> io::Result<()> {
        if !self.histograms {
            return Ok(());
        }
        let step = self.last_step(parameters.epoch);
        for (name, tensor) in parameters.values.iter() {
            let mut values = Vec::new();
            if let Some(histogram) = Histogram::of(&tensor.values) {
                values.push((format!("weights/{name}"), Value::Histogram(histogram)));
            }
            let wrong = tensor.values.iter().filter(|v| !v.is_finite()).count();
            if wrong > 0 {
                let wrong = Value::Scalar(wrong as f32);
                values.push((format!("not_finite/{name}"), wrong));
            }
            self.file.write(step, What::Summary(values))?;
        }
        self.file.flush()
    }

    /// The last step of an epoch.
    fn last_step(&self, epoch: usize) -> usize {
        epoch * self.steps_per_epoch
    }
}

impl Observer for TensorBoard {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(run) => {
                self.steps_per_epoch = run.steps_per_epoch;
                Ok(())
            }
            Event::StepDone(step) => self.step(step),
            Event::EpochDone(row) => self.epoch(row),
            Event::FirstBatch(batch) => self.images(batch),
            Event::Parameters(parameters) => self.parameters(parameters),
            Event::RunEnded(summary) => {
                if let Some(scores) = summary.test {
                    self.test(summary.epochs, scores)?;
                }
                self.file.flush()
            }
            // What a checkpoint has counted is not told again after a resumption.
            Event::RunFailed { .. } | Event::CheckpointWritten { .. } => self.file.flush(),
            Event::Validated(validated) => self.validated(validated),
            Event::FitStarted(_) | Event::LastStep { .. } | Event::Warning { .. } => Ok(()),
        }
    }

    fn wants_first_batch(&self) -> bool {
        true
    }

    fn wants_parameters(&self) -> bool {
        self.histograms
    }
}
