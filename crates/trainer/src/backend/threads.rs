//! The threads that the CPU computes with: rayon's, which a process starts once.
//!
//! Those that fill batches are others (`loader.threads`).

use std::{error::Error, num::NonZero, thread};

use rayon::ThreadPoolBuilder;

use super::BackendError;
use crate::{
    TrainError,
    config::{ConfigError, MOST_THREADS, check, check_threads},
};

/// What a user of rayon sets in the environment. It counts where nothing else is asked for.
const VARIABLE: &str = "RAYON_NUM_THREADS";

/// Has the CPU compute with so many threads: the matrix products and everything else of
/// the CPU backends. Without a number, with one for each physical core
/// ([`physical_cores`]), or with as many as `RAYON_NUM_THREADS` says.
///
/// A process starts them once. Gives the number that runs.
///
/// # Errors
/// [`ConfigError::Value`] for 0 or too large a number, and for another one than that of
/// the threads that run already; [`BackendError::Threads`] if the system does not start
/// them.
pub fn use_threads(asked: Option<usize>) -> Result<usize, TrainError> {
    check_threads(asked)?;
    let running = start(asked)?;
    match asked.filter(|&asked| asked != running) {
        None => Ok(running),
        Some(asked) => Err(ConfigError::Value {
            key: "threads".into(),
            value: asked.to_string(),
            problem: format!(
                "this process computes with {running} already, and starts its threads once: \
                 leave it out, or ask for it before anything is computed"
            ),
            origin: None,
        }
        .into()),
    }
}

/// What `RAYON_NUM_THREADS` in the environment asks for. Empty or 0, it asks for nothing.
///
/// # Errors
/// [`ConfigError::Value`] if it is no number of threads.
pub fn threads_of_environment() -> Result<Option<usize>, ConfigError> {
    let Some(value) = std::env::var_os(VARIABLE) else {
        return Ok(None);
    };
    threads_in(&value.to_string_lossy())
}

fn threads_in(value: &str) -> Result<Option<usize>, ConfigError> {
    let value = value.trim();
    let number = value.parse().ok();
    if value.is_empty() || number == Some(0) {
        return Ok(None);
    }
    let possible = number.is_some_and(|number| number <= MOST_THREADS);
    let problem = format!("in the environment it can be a number from 1 to {MOST_THREADS}");
    check(VARIABLE, value, possible, &problem)?;
    Ok(number)
}

/// Starts the threads, unless there are some. The number that runs.
pub(super) fn start(asked: Option<usize>) -> Result<usize, BackendError> {
    let number = asked
        .or_else(|| threads_of_environment().ok().flatten())
        .unwrap_or_else(physical_cores);
    match ThreadPoolBuilder::new().num_threads(number).build_global() {
        // That there are threads already has no source.
        Err(error) if error.source().is_some() => Err(BackendError::Threads {
            threads: number,
            problem: error.to_string(),
        }),
        _ => Ok(rayon::current_num_threads()),
    }
}

/// The physical cores of the machine, as far as the process may use them; at least 1. A
/// core's second thread shares its vector units, and adds nothing to a matrix product.
#[must_use]
pub fn physical_cores() -> usize {
    let usable = thread::available_parallelism().map_or(1, NonZero::get);
    num_cpus::get_physical().clamp(1, usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_says_nothing_is_told() {
        for (value, number) in [
            ("", None),
            (" 0 ", None),
            ("3", Some(3)),
            ("1024", Some(1024)),
        ] {
            assert_eq!(threads_in(value), Ok(number), "{value}");
        }
        for wrong in ["x", "-1", "1.5", "1025", "99999999999999999999"] {
            let message = threads_in(wrong).unwrap_err().to_string();
            let expected = format!("RAYON_NUM_THREADS = {wrong}: in the environment");
            assert!(message.starts_with(&expected), "{message}");
        }
    }

    #[test]
    fn threads_are_started_once() {
        let running = use_threads(None).unwrap();
        assert_eq!(use_threads(None).unwrap(), running);
        assert_eq!(use_threads(Some(running)).unwrap(), running);
        assert_eq!(rayon::current_num_threads(), running);
        let error = use_threads(Some(running + 1)).unwrap_err();
        assert!(error.is_usage());
        let message = error.to_string();
        let expected = format!("threads = {}: this process computes", running + 1);
        assert!(message.starts_with(&expected), "{message}");
        for wrong in [0, 1025, usize::MAX] {
            let message = use_threads(Some(wrong)).unwrap_err().to_string();
            let expected = format!("threads = {wrong}: it must be at least 1 and at most 1024");
            assert_eq!(message, expected);
        }
    }
}
