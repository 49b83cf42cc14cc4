use crate::toml_table::TableError;

/// Why a file is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkFileError {
    /// The file cannot be read.
    #[error("cannot read the network {file}: {message}")]
    Read {
        /// The file.
        file: String,
        /// What the system says, or what the file is.
        message: String,
    },
    /// It is not TOML, or something in it cannot be.
    #[error("{file}, line {line}: {}{problem}", within(.layer))]
    Content {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The layer, by its name or, if that is missing, by its position:
        /// `` `conv1` ``, `2 of `block1``.
        layer: Option<String>,
        /// The key that is wrong, if one is.
        key: Option<String>,
        /// What is wrong, with the key, and what would be possible.
        problem: String,
    },
}

fn within(layer: &Option<String>) -> String {
    match layer {
        Some(layer) => format!("layer {layer}: "),
        None => String::new(),
    }
}

/// What is wrong in a file, and where.
#[derive(Debug)]
pub(super) struct Wrong {
    line: usize,
    pub layer: Option<String>,
    pub key: Option<String>,
    pub problem: String,
}

impl Wrong {
    pub fn new(line: usize, problem: String) -> Self {
        Self {
            line,
            layer: None,
            key: None,
            problem,
        }
    }

    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.into());
        self
    }

    pub fn layer(mut self, layer: &str) -> Self {
        self.layer = Some(layer.into());
        self
    }

    pub fn of_file(self, file: &str) -> NetworkFileError {
        NetworkFileError::Content {
            file: file.into(),
            line: self.line,
            layer: self.layer,
            key: self.key,
            problem: self.problem,
        }
    }
}

impl From<TableError> for Wrong {
    fn from(error: TableError) -> Self {
        Self {
            line: error.line,
            layer: None,
            key: error.key,
            problem: error.problem,
        }
    }
}
