use std::{collections::HashMap, sync::Arc};

use crate::ModelError;

/// Where the layers of a network were written, if that is a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin(Option<Arc<Written>>);

#[derive(Debug)]
struct Written {
    file: String,
    /// The lines, from 1, of the layers by their full names.
    lines: HashMap<String, usize>,
}

impl PartialEq for Origin {
    /// A network is the same wherever it was written.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Origin {
    pub fn new(file: String, lines: HashMap<String, usize>) -> Self {
        Self(Some(Arc::new(Written { file, lines })))
    }

    /// `error` with the line of its layer; `last` is the last layer of the network,
    /// for errors of what comes out of it.
    pub fn locate(&self, error: ModelError, last: Option<&str>) -> ModelError {
        let layer = match &error {
            ModelError::Layer { layer, .. } => Some(layer.as_str()),
            _ => last,
        };
        let written = self.0.as_deref();
        let line = |written: &Written| written.lines.get(layer?).copied();
        match written.and_then(|written| Some((written, line(written)?))) {
            Some((written, line)) => ModelError::InFile {
                file: written.file.clone(),
                line,
                source: Box::new(error),
            },
            None => error,
        }
    }
}
