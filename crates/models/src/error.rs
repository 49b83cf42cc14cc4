use std::{io, path::PathBuf};

use crate::{Mismatch, Shape};

/// Why a specification gives no network.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// No architecture of that name.
    #[error("there is no model `{name}`; known: {}", .known.join(", "))]
    UnknownModel {
        /// The name that was asked for.
        name: String,
        /// All known names.
        known: Vec<&'static str>,
    },

    /// An option that the architecture does not have, or a value that it cannot have.
    #[error("{model}: {option} = {value}: {problem}")]
    Option {
        /// The architecture.
        model: String,
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// What would be possible.
        problem: String,
    },

    /// The network has no layer of that name.
    #[error("{network} has no layer `{layer}`{}", of_those(.layer, .known))]
    NoSuchLayer {
        /// The network.
        network: String,
        /// The name that was asked for.
        layer: String,
        /// The names of all layers.
        known: Vec<String>,
    },

    /// A layer cannot take what the layer before it gives.
    #[error("{network}, layer `{layer}` ({kind}): {problem}; its input is {input}")]
    Layer {
        /// The network.
        network: String,
        /// The name of the layer.
        layer: String,
        /// What the layer is.
        kind: &'static str,
        /// What the layer is given.
        input: Shape,
        /// What is wrong.
        problem: String,
    },

    /// The network has more parameters than can be meant.
    #[error(
        "{network} has {parameters} parameters, {} GiB of weights: more than {most}; choose a \
         smaller width, fewer classes or smaller layers",
        parameters / (1 << 28)
    )]
    TooLarge {
        /// The network.
        network: String,
        /// Number of its parameters.
        parameters: usize,
        /// The largest number.
        most: usize,
    },

    /// The network does not end in a row of logits.
    #[error("{network} ends in {output}: a classifier ends in a flat row of logits")]
    Output {
        /// The network.
        network: String,
        /// What the last layer gives.
        output: Shape,
    },

    /// The network has not one logit for each class.
    #[error(
        "{network} ends in {logits} logits, and there are {classes} classes: give its last layer \
         {classes} features, or `features = \"classes\"` in a file"
    )]
    Classes {
        /// The network.
        network: String,
        /// What the last layer gives.
        logits: usize,
        /// How many there should be.
        classes: usize,
    },

    /// What is wrong was written in a file.
    #[error("{file}, line {line}: {source}")]
    InFile {
        /// The file.
        file: String,
        /// The line of the layer, from 1.
        line: usize,
        /// What is wrong.
        source: Box<ModelError>,
    },
}

/// More layers than these are not all named.
const MOST_NAMED: usize = 100;

/// The layer that may be meant, and the others; of many only those of the same block.
fn of_those(name: &str, known: &[String]) -> String {
    let mut names: Vec<&str> = known.iter().map(String::as_str).collect();
    if names.len() <= MOST_NAMED {
        return crate::suggest(name, &names);
    }
    let block = |name: &str| name.split('.').next().map(str::to_owned);
    names.retain(|known| block(known) == block(name));
    let count = known.len();
    format!(
        "{}; `kiln summary` lists all {count}",
        crate::suggest(name, &names)
    )
}

/// Why weights cannot be read into a network, or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The bytes are not a safetensors file, or not a whole one.
    #[error("not a whole safetensors file ({0})")]
    Format(String),

    /// A file of weights, and what is wrong with it.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<WeightsError>,
    },

    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Read(io::Error),

    /// The file is of no format that is known here.
    #[error(
        "is neither a safetensors file nor one of PyTorch's (.pth, .pt): it begins with {begins}"
    )]
    UnknownFormat {
        /// Its first bytes.
        begins: String,
    },

    /// The file is PyTorch's own, and its reader is not compiled in.
    #[error(
        "is a file of PyTorch's own, whose reader is not compiled in; add `--features pytorch` \
         to the cargo command, or write the weights in Python by \
         `safetensors.torch.save_file(model.state_dict(), \"weights.safetensors\")`"
    )]
    NotCompiledIn,

    /// The file is PyTorch's own, and broken, or holds something else than weights.
    #[error("cannot be read as PyTorch's weights: {0}")]
    Pytorch(String),

    /// The tensors are not those of the network.
    #[error("these tensors are not those of {network}:\n{mismatch}")]
    Mismatch {
        /// The network.
        network: String,
        /// What does not fit.
        mismatch: Mismatch,
    },

    /// A tensor does not hold floats.
    #[error("tensor `{name}` holds {found}, which are no floats")]
    DType {
        /// The parameter, by its PyTorch name.
        name: String,
        /// The type in the file.
        found: String,
    },

    /// Images are not of the shape that the network was built for.
    #[error("{network} was built for images {expected:?}, not {found:?}")]
    Images {
        /// The network.
        network: String,
        /// `[channels, height, width]`.
        expected: [usize; 3],
        /// The same of the images.
        found: [usize; 3],
    },

    /// A tensor holds NaN or infinity.
    #[error(
        "tensor `{name}` holds {count} values of {of} that are NaN or infinite in 32 bits: nothing \
         can be computed with them"
    )]
    NotFinite {
        /// The first such parameter, by its PyTorch name.
        name: String,
        /// How many values are not finite.
        count: usize,
        /// How many values it has.
        of: usize,
    },

    /// The device did not give the values back.
    #[error("cannot read the weights back from the device: {0}")]
    Device(String),
}
