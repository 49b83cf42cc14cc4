//! Tests that drive the built program.
#![cfg(feature = "flex")]
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

mod bad_input;
mod bench;
mod browser;
mod compare;
mod configuration;
mod dashboard;
mod data_verbs;
mod evaluate;
mod features;
mod figures;
mod guide;
mod listing;
mod network_files;
mod networks;
mod precision;
mod predict;
mod report;
mod resume;
mod run_folder;
mod runs;
mod saliency;
mod schedules;
mod search;
mod starting_weights;
mod steps;
mod support;
mod threads;
mod watching;
mod weights;
