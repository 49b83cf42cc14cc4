//! What a run writes into its folder.

use std::path::PathBuf;

use data::{DatasetInfo, ImageDataset};
use models::{NetworkFile, StateDict};
use serde::Serialize;

use super::{
    CHANGES, CONFIG, CURVES, DATASET, EVALUATION, HISTORY, NETWORK, PREDICTIONS, RunDir, SUMMARY,
    VALIDATION, WEIGHTS, Weights,
};
use crate::{
    Report, TrainError,
    config::TrainConfig,
    event::{EpochDone, Validated},
    metrics::{Evaluation, TestPrediction},
    start::StartedFrom,
    summary::RunSummary,
    whole_file::write_whole,
};

impl RunDir {
    /// Writes a copy of the file that the network was read from.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write_network(&self, file: &NetworkFile) -> Result<(), TrainError> {
        self.write(NETWORK, file.to_toml().as_bytes()).map(drop)
    }

    /// Writes the configuration.
    ///
    /// # Errors
    /// [`TrainError::Config`] or [`TrainError::Io`].
    pub fn write_config(&self, config: &TrainConfig) -> Result<(), TrainError> {
        self.write(CONFIG, config.to_toml()?.as_bytes()).map(drop)
    }

    /// Writes what the data set is: classes in the order of the labels, shape,
    /// mean and deviation.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write_dataset(&self, info: &DatasetInfo) -> Result<(), TrainError> {
        self.write_json(DATASET, info)
    }

    /// Writes which file of weights the run starts from, and what it takes of it.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write_start(&self, started: &StartedFrom) -> Result<(), TrainError> {
        self.write_json(WEIGHTS, started)
    }

    /// Writes the history, an epoch a line.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write_history(&self, history: &[EpochDone]) -> Result<(), TrainError> {
        let mut text = String::from(
            "epoch,train_loss,train_accuracy,valid_loss,valid_accuracy,lr,seconds,data_seconds\n",
        );
        for row in history {
            let EpochDone {
                epoch,
                train,
                valid,
                lr,
                seconds,
                data_seconds,
                ..
            } = row;
            let [loss, accuracy] = match valid {
                Some(valid) => [valid.loss.to_string(), valid.accuracy.to_string()],
                None => [String::new(), String::new()],
            };
            text.push_str(&format!(
                "{epoch},{},{},{loss},{accuracy},{lr},{seconds:.3},{data_seconds:.3}\n",
                train.loss, train.accuracy
            ));
        }
        self.write(HISTORY, text.as_bytes()).map(drop)
    }

    /// Writes the validations between steps, each a line.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write_validations(&self, rows: &[Validated]) -> Result<(), TrainError> {
        let mut text = String::from("step,updates,epoch,valid_loss,valid_accuracy\n");
        for Validated {
            epoch,
            global_step,
            updates,
            valid,
        } in rows
        {
            text += &format!(
                "{global_step},{updates},{epoch},{},{}\n",
                valid.loss, valid.accuracy
            );
        }
        self.write(VALIDATION, text.as_bytes()).map(drop)
    }

    /// Draws the history.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write_curves(&self, history: &[EpochDone], title: &str) -> Result<(), TrainError> {
        self.write(CURVES, crate::curves::svg(history, title).as_bytes())
            .map(drop)
    }

    /// Writes the summary.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write_summary(&self, summary: &RunSummary) -> Result<(), TrainError> {
        self.write_json(SUMMARY, summary)
    }

    /// Writes what the test set says in full.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write_evaluation(&self, evaluation: &Evaluation) -> Result<(), TrainError> {
        self.write_json(EVALUATION, evaluation)
    }

    /// Writes what became of each image of the test set, in its order.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write_predictions(&self, predictions: &[TestPrediction]) -> Result<(), TrainError> {
        let text = TestPrediction::to_csv(predictions);
        self.write(PREDICTIONS, text.as_bytes()).map(drop)
    }

    /// Writes the page on the run, whose test set is `test`.
    ///
    /// # Errors
    /// [`TrainError::Report`] or [`TrainError::Io`].
    pub(crate) fn write_report(&self, test: &ImageDataset) -> Result<(), TrainError> {
        Report::of_run(self.clone(), test).write(&self.report())
    }

    /// Writes weights, with what is to be said about them, and gives the path of the file.
    ///
    /// # Errors
    /// [`TrainError::Weights`] or [`TrainError::Io`].
    pub fn write_weights(
        &self,
        which: Weights,
        state: &StateDict,
        about: &[(&str, &str)],
    ) -> Result<PathBuf, TrainError> {
        let path = self.path.join(which.file_name());
        let bytes = state
            .to_safetensors(about)
            .map_err(|source| TrainError::Weights { path, source })?;
        self.write(which.file_name(), &bytes)
    }

    /// Writes what of its settings was changed on the way.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub(crate) fn write_changes(&self, changes: &[String]) -> Result<(), TrainError> {
        self.write_json(CHANGES, &changes)
    }

    pub(super) fn write_json<T: Serialize>(&self, name: &str, what: &T) -> Result<(), TrainError> {
        let mut text = serde_json::to_string_pretty(what).expect("plain values");
        text.push('\n');
        self.write(name, text.as_bytes()).map(drop)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, TrainError> {
        let path = self.path.join(name);
        write_whole(&path, bytes)?;
        Ok(path)
    }
}
