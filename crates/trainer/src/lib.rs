//! A configuration in, a trained, evaluated and reported run out.
//!
//! [`TrainConfig`] says what to do. [`Trainer::new`] checks it against the data
//! set, the model and the machine before anything is written; [`Trainer::run`]
//! trains and leaves a run folder. The loop knows nothing of progress bars or
//! files of metrics: it emits [`Event`]s to [`Observer`]s.

pub mod backend;
mod classifier;
pub mod config;
mod curves;
mod datasets;
mod error;
mod evaluate;
mod event;
mod export;
#[cfg(all(test, feature = "flex"))]
mod golden;
mod import;
mod lines;
mod network;
pub mod observers;
mod other_form;
pub mod pictures;
mod plan;
mod run_dir;
mod schedule;
mod short_name;
mod start;
mod summary;
mod train;
mod whole_file;

pub use classifier::Classifier;
pub use config::{Recipe, TrainConfig};
pub use curves::svg as curves_svg;
pub use datasets::load_datasets;
pub use error::TrainError;
pub use evaluate::evaluate;
pub use event::{EpochDone, Event, FirstBatch, Observer, Parameters, RunStarted, Scores, StepDone};
pub use export::Export;
pub use import::{Import, Imported};
pub use network::NetworkSource;
pub use plan::Plan;
pub use run_dir::{RunDir, Weights};
pub use schedule::Schedule;
pub use start::StartedFrom;
pub use summary::{RunSummary, Status, Versions};
pub use train::Trainer;
pub use whole_file::write_whole;

/// The README's programs compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
