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
