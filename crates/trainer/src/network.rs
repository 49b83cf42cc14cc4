//! From a configuration to the network that it names.

use std::path::{Path, is_separator};

use models::{Architecture, ModelError, ModelOptions, NetworkFile, NetworkSpec};

use crate::{
    TrainError,
    config::{ConfigError, TrainConfig},
};

/// What the word after `--model` stands for.
#[derive(Debug, Clone)]
pub enum NetworkSource {
    /// An architecture that is known by name.
    Named(&'static Architecture),
    /// A file of TOML.
    File(NetworkFile),
}

impl NetworkSource {
    /// What `model` stands for: a file if it ends in `.toml` or has a path
    /// separator, else an architecture. A relative path begins in the working
    /// directory.
    ///
    /// # Errors
    /// [`TrainError::Unknown`] for a name that is not known,
    /// [`TrainError::NetworkFile`] for a file that is not there or no network.
    pub fn find(model: &str) -> Result<Self, TrainError> {
        Ok(match is_file(model) {
            true => Self::File(NetworkFile::read(Path::new(model))?),
            false => Self::Named(models::find(model)?),
        })
    }

    /// The network for images of shape `[channels, height, width]`, with seed 0.
    ///
    /// # Errors
    /// [`TrainError::Model`] for an option that the network does not have, or a
    /// value that it cannot have.
    pub fn spec(
        &self,
        options: &ModelOptions,
        image: [usize; 3],
        classes: usize,
    ) -> Result<NetworkSpec, TrainError> {
        Ok(match self {
            Self::Named(known) => known.model(classes).options(options.clone()).spec(image)?,
            Self::File(file) => file.spec(classes)?.options(options)?,
        })
    }

    /// As [`spec`](Self::spec), with the options and the seed of a configuration.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for an option that the network does not have, or a
    /// value that it cannot have.
    pub(crate) fn configured(
        &self,
        config: &TrainConfig,
        image: [usize; 3],
        classes: usize,
    ) -> Result<NetworkSpec, TrainError> {
        let spec = self.spec(&config.network, image, classes);
        Ok(spec.map_err(of_key)?.seed(config.seed))
    }

    /// Whether the network can have the options of a configuration, which no
    /// images decide.
    ///
    /// # Errors
    /// As [`configured`](Self::configured).
    pub(crate) fn check(&self, config: &TrainConfig) -> Result<(), TrainError> {
        let any = [3, 32, 32];
        self.configured(config, any, self.usual_classes()).map(drop)
    }

    /// `[channels, height, width]`, if given, else that of the images that the network
    /// was published for.
    ///
    /// # Errors
    /// [`TrainError::NoImage`] for a file, which does not say.
    pub fn image(&self, given: Option<[usize; 3]>) -> Result<[usize; 3], TrainError> {
        match (given, self) {
            (Some(image), _) => Ok(image),
            (None, Self::Named(known)) => Ok(known.usual_image),
            (None, Self::File(file)) => Err(TrainError::NoImage {
                network: file.name().into(),
            }),
        }
    }

    /// The number of classes that the network was published for; of a file 10.
    #[must_use]
    pub fn usual_classes(&self) -> usize {
        match self {
            Self::Named(known) => known.usual_classes,
            Self::File(_) => 10,
        }
    }

    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&NetworkFile> {
        match self {
            Self::Named(_) => None,
            Self::File(file) => Some(file),
        }
    }
}

/// The error of an option, as one of its key in a configuration.
fn of_key(error: TrainError) -> TrainError {
    let TrainError::Model(ModelError::Option {
        model,
        option,
        value,
        problem,
    }) = error
    else {
        return error;
    };
    let key = match option {
        "form" => "network.form",
        "width" => "network.width",
        "auxiliary_heads" => "network.auxiliary_heads",
        "dropout" => "network.dropout",
        "init" => "network.init",
        // The number of classes, which is no key.
        _ => {
            return TrainError::Model(ModelError::Option {
                model,
                option,
                value,
                problem,
            });
        }
    };
    TrainError::Config(ConfigError::Value {
        key: key.into(),
        value,
        problem: format!("{model}: {problem}"),
        origin: None,
    })
}

/// Whether `model` is a file and no name.
pub(crate) fn is_file(model: &str) -> bool {
    model.ends_with(".toml") || model.contains(is_separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_an_end_or_a_folder() {
        for file in ["my-net.toml", "./my-net.toml", "nets/mine", "/a"] {
            assert!(is_file(file), "{file}");
        }
        for architecture in models::architectures() {
            assert!(!is_file(architecture.name));
        }
    }
}
