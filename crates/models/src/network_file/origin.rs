use std::collections::HashMap;

use crate::ModelError;

/// Where the layers of a network were written.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub file: String,
    /// The lines, from 1, of the layers by their full names.
    pub lines: HashMap<String, usize>,
}

impl PartialEq for Origin {
    /// A network is the same wherever it was written.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Origin {
    /// `error` with the line of its layer.
    pub fn locate(&self, error: ModelError, last: Option<&str>) -> ModelError {
        let layer = match &error {
            ModelError::Layer { layer, .. } => Some(layer.as_str()),
            _ => last,
        };
        match layer.and_then(|layer| self.lines.get(layer)) {
            Some(&line) => ModelError::InFile {
                file: self.file.clone(),
                line,
                source: Box::new(error),
            },
            None => error,
        }
    }
}
