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
        /// The file.
        file: String,
        /// Line, column, the line itself and what is wrong with it.
        message: String,
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
pub(super) fn check(
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
