use std::fmt;

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
        /// The key, `optimizer.lr` for `lr` in the table `optimizer`.
        key: &'static str,
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
pub(super) fn check(
    key: &'static str,
    value: impl fmt::Display,
    possible: bool,
    problem: &str,
) -> Result<(), ConfigError> {
    if possible {
        return Ok(());
    }
    Err(ConfigError::Value {
        key,
        value: value.to_string(),
        problem: problem.into(),
        origin: None,
    })
}
