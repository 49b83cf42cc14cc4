//! Weights of another program as those of a network of ours.

use std::path::Path;

use models::{ModelOptions, Network, StateDict, Summary};

use crate::{
    NetworkSource, TrainError, backend,
    other_form::{Drawn, last_layer},
    start::{Start, StartedFrom},
};

/// How to take a file of weights.
#[derive(Debug, Clone)]
pub struct Import {
    /// The network, as [`NetworkSource::find`] takes it.
    pub model: String,
    /// What is chosen about it beside its name.
    pub options: ModelOptions,
    /// Number of classes. Left out: as many as the last layer of the file gives.
    pub classes: Option<usize>,
    /// `[channels, height, width]`. Left out: the architecture's usual; a file has none.
    pub image: Option<[usize; 3]>,
    /// Whether it is enough that some tensors fit; the others are drawn from seed 0.
    pub partial: bool,
}

/// Weights that were taken.
#[derive(Debug)]
pub struct Imported {
    /// The network with them.
    pub network: Network,
    /// What was taken and what was not.
    pub started: StartedFrom,
}

impl Import {
    /// Reads `file` and puts its weights into the network.
    ///
    /// # Errors
    /// As [`NetworkSource`] if there is no such network,
    /// [`TrainError::Weights`] if the file cannot be read, and
    /// [`TrainError::OtherWeights`] with everything that does not fit.
    pub fn read(&self, file: &Path) -> Result<Imported, TrainError> {
        let source = NetworkSource::find(&self.model)?;
        let image = source.image(self.image)?;
        let spec = |classes| source.spec(&self.options, image, classes);
        // A network that cannot be is known without the file.
        let usual = spec(self.classes.unwrap_or(source.usual_classes()))?;
        let summary = match self.classes {
            // A file may have a number of its own.
            Some(classes) => usual.classifier(image, classes)?,
            None => usual.summary(image)?,
        };

        let mut start = Start::read(file, self.partial)?;
        start.state = start.state.named_for(&summary);
        let found = || classes_of(&summary, &start.state);
        let spec = match self.classes.or_else(found) {
            Some(classes) => spec(classes)?,
            None => usual,
        };
        let network = spec.build(image, &backend::host()?.device)?;
        let drawn = Drawn {
            source: &source,
            options: &self.options,
            image_flag: "--input",
        };
        let (network, started) = start.apply(network, &drawn)?;
        Ok(Imported { network, started })
    }
}

/// What the layer that gives the logits gives in the file.
fn classes_of(summary: &Summary, state: &StateDict) -> Option<usize> {
    let weight = state.get(&format!("{}.weight", last_layer(summary)?))?;
    let classes = *weight.shape.first()?;
    // A shape may claim what it has no values for.
    (1..=weight.values.len())
        .contains(&classes)
        .then_some(classes)
}
