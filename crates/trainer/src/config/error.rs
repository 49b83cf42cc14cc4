use std::{borrow::Cow, fmt};

/// A value or a line of a configuration that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {file}: {message}")]
    Read {
        /// The file.
        file: String,
        /// What the system says.
        message: String,
    },
    /// The text is not TOML, or not a configuration.
    #[error("{file}: {message}")]
    Parse {
        /// The file, `recipe NAME`, or `--set KEY`.
        file: String,
        /// The line, and what is wrong with it.
        message: String,
    },
    /// What is to set a key is no key with a value.
    #[error("--set {given}: {problem}")]
    Set {
        /// As it was given.
        given: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A value that cannot be.
    #[error("{}{key} = {value}: {problem}", place(.origin))]
    Value {
        /// The key, `optimizer.lr` for `lr` in the table `optimizer`,
        /// `optimizer.groups[0].lr_scale` in the first of several tables.
        key: Cow<'static, str>,
        /// Its value.
        value: String,
        /// What would be possible.
        problem: String,
        /// Where the value comes from, if that is known: `FILE:LINE` or a flag.
        origin: Option<String>,
    },
}

fn place(origin: &Option<String>) -> String {
    match origin {
        Some(origin) => format!("{origin}: "),
        None => String::new(),
    }
}

/// An error of the value of `key` unless it is possible.
pub(crate) fn check(
    key: impl Into<Cow<'static, str>>,
    value: impl fmt::Display,
    possible: bool,
    problem: &str,
) -> Result<(), ConfigError> {
    if possible {
        return Ok(());
    }
    Err(ConfigError::Value {
        key: key.into(),
        value: value.to_string(),
        problem: problem.into(),
        origin: None,
    })
}

/// Whether networks, which compute in 32 bits, can hold a value: 0, or a number of
/// ordinary size. Larger ones would be infinite there, and smaller ones 0.
pub(super) fn fits_32_bits(value: f64) -> bool {
    value == 0.0 || (value as f32).is_normal()
}

/// Whether it is a number above 0 that 32 bits can hold.
pub(super) fn is_positive(value: f64) -> bool {
    value > 0.0 && fits_32_bits(value)
}

/// Whether it is a number of at least 0 that 32 bits can hold.
pub(super) fn is_not_negative(value: f64) -> bool {
    value >= 0.0 && fits_32_bits(value)
}

/// What is said if not [`is_positive`].
pub(super) const POSITIVE: &str =
    "it must be a number above 0 that 32 bits can hold, 1.2e-38 to 3.4e38";

/// What is said if not [`is_not_negative`].
pub(super) const NOT_NEGATIVE: &str =
    "it must be 0, or a number above 0 that 32 bits can hold, 1.2e-38 to 3.4e38";

/// Whether it is a time in minutes that the clock of a run can hold.
pub(super) fn is_possible_time(minutes: f64) -> bool {
    minutes > 0.0 && minutes <= 1e9
}

/// What is said if not [`is_possible_time`].
pub(super) const WRONG_TIME: &str = "it must be a number above 0 and at most 1e9";

/// An error of the value of `key` unless it is left out or possible.
pub(super) fn check_given(
    key: &'static str,
    value: Option<f64>,
    possible: impl Fn(f64) -> bool,
    problem: &str,
) -> Result<(), ConfigError> {
    match value {
        Some(value) => check(key, value, possible(value), problem),
        None => Ok(()),
    }
}

/// An error of the first given key that `what` does not take: `own` are the keys that
/// it takes, `common` those that all of its kind take. Of the `given`, the names with
/// their table, and the values.
pub(super) fn only_taken(
    what: &str,
    own: &[&str],
    common: &[&str],
    given: &[(&'static str, Option<String>)],
) -> Result<(), ConfigError> {
    for (key, value) in given {
        let name = key.rsplit('.').next().unwrap_or(key);
        let Some(value) = value.as_ref().filter(|_| !own.contains(&name)) else {
            continue;
        };
        let taken: Vec<&str> = own.iter().chain(common).copied().collect();
        let taken = match taken.is_empty() {
            true => "no keys of its own".to_string(),
            false => taken.join(", "),
        };
        return check(
            *key,
            value,
            false,
            &format!("{what} does not take it; it takes {taken}"),
        );
    }
    Ok(())
}
