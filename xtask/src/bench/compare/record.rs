//! `assets/bench/compare.json`: what `kiln compare` found, and on what.

use std::{fs, path::Path};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{bench::machine::Machine, csv_file::write_whole};

/// The file.
#[derive(Serialize, Deserialize)]
pub struct Record {
    pub measured: Measured,
    /// As the program wrote it.
    pub comparison: Value,
}

/// Where and when it was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measured {
    pub date: String,
    pub cpu: String,
    pub cores: usize,
    pub kiln: String,
    pub burn: String,
    pub command: String,
}

/// Of a comparison, what tables are made of.
#[derive(Debug, Deserialize)]
pub struct Comparison {
    pub reference: String,
    pub models: Vec<Compared>,
}

#[derive(Debug, Deserialize)]
pub struct Compared {
    pub model: String,
    pub dataset: String,
    pub batch: usize,
    pub steps: usize,
    pub rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
pub struct Row {
    pub backend: String,
    #[serde(flatten)]
    pub outcome: Outcome,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Done(Box<Found>),
    Error(String),
}

#[derive(Debug, Deserialize)]
pub struct Found {
    pub device: String,
    #[serde(default)]
    pub driver: Option<String>,
    pub first_step_s: f64,
    pub ms_per_step: Spread,
    pub images_per_s: Spread,
    pub peak_rss_mb: Option<f64>,
    pub agreement: Option<Agreement>,
}

#[derive(Debug, Deserialize)]
pub struct Spread {
    pub median: f64,
}

#[derive(Debug, Deserialize)]
pub struct Agreement {
    pub loss_max: Option<f64>,
    pub gradient: Apart,
    pub same_predictions: f64,
    /// Where it first shows that the two do not agree.
    pub parts: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub struct Apart {
    /// `None`, here and above: infinite, which JSON does not have.
    pub difference: Option<f64>,
}

impl Record {
    /// Of what the program wrote.
    ///
    /// # Errors
    /// If that is not a comparison.
    pub fn new(written: &str, machine: &Machine, command: &str) -> anyhow::Result<Self> {
        let record = Self {
            measured: Measured {
                date: machine.date.clone(),
                cpu: machine.cpu.clone(),
                cores: machine.cores,
                kiln: machine.kiln.clone(),
                burn: machine.burn.clone(),
                command: command.into(),
            },
            comparison: serde_json::from_str(written).context("no JSON")?,
        };
        record.comparison()?;
        Ok(record)
    }

    /// The comparison in it.
    ///
    /// # Errors
    /// If it is none.
    pub fn comparison(&self) -> anyhow::Result<Comparison> {
        Comparison::deserialize(&self.comparison).context("it is no comparison")
    }

    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = || path.display().to_string();
        let text = fs::read_to_string(path).with_context(shown)?;
        serde_json::from_str(&text).with_context(shown)
    }

    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        write_whole(path, text.as_bytes())
    }
}
