//! What a comparison found: `compare.json` and `compare.csv`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{
    agreement::{Agreement, Apart, Parting},
    trace::Trace,
};
use crate::{
    Scores, TrainError, Versions,
    backend::Backend,
    bench::{quantile, sorted},
    csv::csv_cell,
    whole_file::write_whole,
};

/// The name of the record in the folder of a comparison.
pub const RECORD: &str = "compare.json";
const TABLE: &str = "compare.csv";

/// A comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What computed it.
    pub versions: Versions,
    /// The backend that the others are compared with.
    pub reference: Backend,
    /// The largest relative difference that is agreement.
    pub tolerance: f64,
    /// The validation accuracy whose time is told, 0 to 1.
    pub target_accuracy: Option<f64>,
    /// Steps that are left out of the times: those in which backends compile, tune and get
    /// memory.
    pub warmup: usize,
    /// The networks, each with its backends.
    pub models: Vec<Compared>,
}

/// A network on several backends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The network.
    pub model: String,
    /// Number of its trainable parameters.
    pub parameters: usize,
    /// The data set.
    pub dataset: String,
    /// `[channels, height, width]` of an image.
    pub image: [usize; 3],
    /// Images in a step.
    pub batch: usize,
    /// Steps that are done.
    pub steps: usize,
    /// The seed.
    pub seed: u64,
    /// Whether the network has dropout layers, which were switched off: every backend draws
    /// other numbers.
    pub dropout_off: bool,
    /// A row for each backend: the reference, then the others as they were asked for.
    pub rows: Vec<Row>,
}

/// A network on a backend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The backend.
    pub backend: Backend,
    /// What it found, or why there is nothing.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a backend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It came to its end.
    Done(Box<Found>),
    /// It failed: why.
    Error(String),
}

/// What a backend found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The device, as the backend names it.
    pub device: String,
    /// Its [driver](Backend::driver), where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Threads that the CPU computed with.
    pub threads: usize,
    /// Seconds until the first step was done: building the network, compiling, tuning.
    pub first_step_s: f64,
    /// Milliseconds of a step, after the warm-up.
    pub ms_per_step: Spread,
    /// Images a second, after the warm-up.
    pub images_per_s: Spread,
    /// The most memory that the process had, in megabytes (10⁶ bytes); `None` where the
    /// system does not tell. A GPU's own memory is not in it.
    pub peak_rss_mb: Option<f64>,
    /// The mean loss of the last batch, before its update.
    pub train_loss: f64,
    /// Of the last weights on test images.
    pub test: Scores,
    /// How many test images.
    pub test_images: usize,
    /// Seconds of the epochs until the target accuracy was reached, if it was.
    pub reached_s: Option<f64>,
    /// Of the reference: how far its gradients go if its images are moved by a rounding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounding: Option<Apart>,
    /// How far it is from the reference. `None`: it is the reference, or that failed.
    pub agreement: Option<Agreement>,
    /// The loss of every step.
    pub losses: Vec<f64>,
}

/// How values are spread over the steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Half of them are below.
    pub median: f64,
    /// A twentieth of them is below.
    pub p5: f64,
    /// A twentieth of them is above.
    pub p95: f64,
}

impl Spread {
    /// Of some values; of none, 0.
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let values = sorted(values);
        let at = |share| match values.is_empty() {
            true => 0.0,
            false => quantile(&values, share),
        };
        Self {
            median: at(0.5),
            p5: at(0.05),
            p95: at(0.95),
        }
    }
}

impl Found {
    pub(super) fn new(trace: &Trace, warmup: usize, agreement: Option<Agreement>) -> Self {
        let steps = &trace.steps;
        // Of a short run, at least the last step; of none but one, the first.
        let timed = &steps[warmup.min(steps.len().saturating_sub(1))..];
        Self {
            device: trace.device.clone(),
            driver: trace.driver.clone(),
            threads: trace.threads,
            first_step_s: steps.first().map_or(0.0, |step| step.ms / 1e3),
            ms_per_step: Spread::of(timed.iter().map(|step| step.ms)),
            images_per_s: Spread::of(timed.iter().map(|s| 1e3 * s.images as f64 / s.ms)),
            peak_rss_mb: trace.peak_rss_mb,
            train_loss: steps.last().map_or(f64::NAN, |step| step.loss),
            test: trace.test,
            test_images: trace.predictions.len(),
            reached_s: trace.reached_s,
            rounding: trace.rounding.clone(),
            agreement,
            losses: steps.iter().map(|step| step.loss).collect(),
        }
    }
}

impl Row {
    /// What it found, if it came to its end.
    #[must_use]
    pub fn found(&self) -> Option<&Found> {
        match &self.outcome {
            Outcome::Done(found) => Some(found),
            Outcome::Error(_) => None,
        }
    }
}

impl Comparison {
    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.models.iter().flat_map(|compared| &compared.rows)
    }

    /// Whether a backend failed.
    #[must_use]
    pub fn any_failed(&self) -> bool {
        self.rows().any(|row| row.found().is_none())
    }

    /// Whether every backend came to its end, and agrees with the reference.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let parts = |found: &Found| found.agreement.as_ref().is_some_and(|a| a.parts.is_some());
        self.rows()
            .all(|row| row.found().is_some_and(|f| !parts(f)))
    }

    /// Writes record and table.
    pub(super) fn write(&self, folder: &Path) -> Result<(), TrainError> {
        let mut text = serde_json::to_string_pretty(self).expect("a record is plain values");
        text.push('\n');
        write_whole(&folder.join(TABLE), self.csv().as_bytes())?;
        write_whole(&folder.join(RECORD), text.as_bytes())
    }

    /// A row for each network and backend.
    fn csv(&self) -> String {
        let mut text = String::from(
            "model,backend,device,driver,threads,batch,steps,first_step_s,ms_per_step,images_per_s,\
             images_per_s_p5,images_per_s_p95,peak_rss_mb,train_loss,test_loss,test_accuracy,\
             reached_s,loss_max,loss_mean,output_max,gradient_max,weights_max,same_predictions,\
             parts,error\n",
        );
        for compared in &self.models {
            for row in &compared.rows {
                let cells = match &row.outcome {
                    Outcome::Done(found) => cells(compared, found),
                    Outcome::Error(error) => {
                        let mut cells = vec![String::new(); COLUMNS_OF_A_BACKEND];
                        cells.push(error.clone());
                        cells
                    }
                };
                let cells: Vec<String> = cells.iter().map(|text| csv_cell(text)).collect();
                let model = csv_cell(&compared.model);
                text += &format!("{model},{},{}\n", row.backend, cells.join(","));
            }
        }
        text
    }
}

/// Between backend and error.
const COLUMNS_OF_A_BACKEND: usize = 22;

fn cells(of: &Compared, found: &Found) -> Vec<String> {
    let agreement = found.agreement.as_ref();
    let known = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let of_agreement = |value: fn(&Agreement) -> f64| known(agreement.map(value));
    let parts = agreement.and_then(|agreement| agreement.parts.as_ref());
    vec![
        found.device.clone(),
        found.driver.clone().unwrap_or_default(),
        found.threads.to_string(),
        of.batch.to_string(),
        of.steps.to_string(),
        found.first_step_s.to_string(),
        found.ms_per_step.median.to_string(),
        found.images_per_s.median.to_string(),
        found.images_per_s.p5.to_string(),
        found.images_per_s.p95.to_string(),
        known(found.peak_rss_mb),
        found.train_loss.to_string(),
        found.test.loss.to_string(),
        found.test.accuracy.to_string(),
        known(found.reached_s),
        of_agreement(|a| a.loss_max),
        of_agreement(|a| a.loss_mean),
        of_agreement(|a| a.output.difference),
        of_agreement(|a| a.gradient.difference),
        of_agreement(|a| a.weights.difference),
        of_agreement(|a| a.same_predictions),
        parts.map_or(String::new(), Parting::to_string),
        String::new(),
    ]
}

#[cfg(test)]
mod tests {
    use super::{super::StepTrace, *};

    /// The first step compiles and tunes.
    #[test]
    fn the_first_step_is_no_part_of_the_times() {
        let step = |step, ms| StepTrace {
            step,
            images: 10,
            loss: 1.0,
            ms,
        };
        let trace = |steps| Trace {
            backend: Backend::Flex,
            device: String::new(),
            driver: None,
            threads: 1,
            steps,
            reached_s: None,
            test: Scores::default(),
            predictions: Vec::new(),
            peak_rss_mb: None,
            layers: Vec::new(),
            parameters: Vec::new(),
            rounding: None,
        };
        let found = Found::new(&trace(vec![step(1, 3000.0), step(2, 5.0)]), 1, None);
        assert_eq!((found.first_step_s, found.ms_per_step.median), (3.0, 5.0));
        assert_eq!(found.images_per_s.median, 2000.0);
        let found = Found::new(&trace(vec![step(1, 3000.0)]), 1, None);
        assert_eq!(found.ms_per_step.median, 3000.0);
    }
}
