//! Tests that drive the built program.
#![cfg(feature = "flex")]
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

mod bad_input;
mod bench;
mod browser;
mod configuration;
mod data_verbs;
mod figures;
mod network_files;
mod networks;
mod precision;
mod report;
mod resume;
mod runs;
mod schedules;
mod search;
mod support;
mod threads;
mod watching;
mod weights;
