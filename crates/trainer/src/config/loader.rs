use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, check};

/// How the batches of an epoch are filled. None of it but `drop_last` changes
/// what they hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoaderConfig {
    /// Threads that fill a batch, 1 to 256. Left out: one for each processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 256))]
    pub threads: Option<usize>,
    /// Batches that are ready ahead of the step that needs them, 1 to 64.
    #[schemars(range(min = 1, max = 64))]
    pub ahead: usize,
    /// Leave out the last batch of an epoch if it is short.
    pub drop_last: bool,
}

impl Default for LoaderConfig {
    fn default() -> Self {
        Self {
            threads: None,
            ahead: 2,
            drop_last: false,
        }
    }
}

impl LoaderConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        if let Some(threads) = self.threads {
            check(
                "loader.threads",
                threads,
                (1..=256).contains(&threads),
                "it must be at least 1 and at most 256",
            )?;
        }
        check(
            "loader.ahead",
            self.ahead,
            (1..=64).contains(&self.ahead),
            "it must be at least 1 and at most 64",
        )
    }
}
