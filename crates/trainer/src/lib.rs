//! A configuration in, a trained, evaluated and reported run out.
//!
//! [`TrainConfig`] says what to do. [`Experiment::new`] checks it against the data
//! set, the model and the machine before anything is written; [`Experiment::run`]
//! trains and leaves a run folder, and [`Experiment::resuming`] goes on with one.
//!
//! The loop is [`Trainer`]: it trains any Burn module that is a [`Classifier`] on
//! any [`BatchSource`], with a loss of one's own if wanted. It knows nothing of
//! progress bars or files of metrics: it emits [`Event`]s to [`Observer`]s.

#![forbid(unsafe_code)]

mod average;
pub mod backend;
pub mod bench;
mod chart;
mod checkpoint;
mod classifier;
pub mod compare;
pub mod config;
mod csv;
mod curves;
mod datasets;
mod error;
mod evaluate;
mod event;
mod exact;
mod experiment;
mod export;
mod fit;
mod flat;
#[cfg(all(test, feature = "flex"))]
mod golden;
mod gradients;
#[cfg(doctest)]
mod guide;
mod import;
mod inference;
pub mod inspect;
mod last_words;
mod lines;
mod listing;
mod loss;
mod lr_find;
mod machine;
mod metrics;
mod network;
pub mod observers;
mod optim;
mod other_form;
mod path_text;
pub mod pictures;
mod plan;
mod report;
mod resume;
mod run_dir;
mod schedule;
pub mod shell;
mod short_name;
mod start;
mod summary;
mod sweep;
mod tta;
mod whole_file;

pub use average::Average;
pub use classifier::Classifier;
pub use config::{Recipe, TrainConfig};
pub use csv::csv_cell;
pub use curves::svg as curves_svg;
pub use datasets::{
    is_folder, is_scored_whole, load_datasets, load_images, load_to_score, plain_name,
};
pub use error::TrainError;
pub use evaluate::{evaluate, evaluate_images, evaluate_in_full};
pub use event::{
    EpochDone, Event, FirstBatch, FitStarted, Observer, Parameters, Resumed, RunStarted, Scores,
    StepDone, Validated,
};
pub use experiment::Experiment;
pub use export::Export;
pub use fit::{
    BatchSource, EndedBy, EpochBatches, FitConfig, FitData, FitResult, Reached, StopFlag, Trainer,
    WeightDigests,
};
pub use gradients::{GradientMean, Gradients};
pub use import::{Import, Imported};
pub use inference::{Guess, Inference, InferenceOptions, Part, Polarity, Prediction};
pub use last_words::last_words;
pub use listing::{ListedRun, RunList, RunState, list_runs};
pub use loss::Loss;
pub use lr_find::{LrCurve, LrFind, LrPoint, LrSuggestion, NoSuggestion, RangeEnd, lr_find_svg};
pub use machine::Machine;
pub use metrics::{ClassScores, Evaluation, TestPrediction, TopK, confusion_svg};
pub use network::NetworkSource;
pub use optim::{Optimizer, freeze};
pub use plan::Plan;
pub use report::{BesideRow, Report, RunsBeside};
pub use run_dir::{RunDir, Weights};
pub use schedule::{Schedule, ScheduleState, schedule_svg};
pub use start::StartedFrom;
pub use summary::{RunSummary, Status, Versions};
pub use sweep::{
    Mean, Ranked, RunStatus, Sweep, SweepEnd, SweepError, SweepObserver, SweepRecord, SweptRun,
    SweptTrial,
};
pub use whole_file::write_whole;

/// The programs of the README and of the manual compile.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/runs.md")]
    struct Runs;
    #[doc = include_str!("../../../docs/using.md")]
    struct Using;
}
