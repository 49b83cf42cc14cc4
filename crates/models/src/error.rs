use crate::Shape;

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

    /// The network does not end in a row of logits.
    #[error("{network} ends in {output}: a classifier ends in a flat row of logits")]
    Output {
        /// The network.
        network: String,
        /// What the last layer gives.
        output: Shape,
    },
}

/// Why weights cannot be read into a network, or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The bytes are not a safetensors file, or not a whole one.
    #[error("not a whole safetensors file ({0})")]
    Format(String),

    /// A parameter of the network is not in the file.
    #[error("no tensor `{name}`, which {network} needs; the file holds {}", list(.present))]
    Missing {
        /// The parameter, by its PyTorch name.
        name: String,
        /// The network.
        network: String,
        /// What is in the file instead.
        present: Vec<String>,
    },

    /// The file holds a tensor that the network has no place for.
    #[error("tensor `{name}` has no place in {network}")]
    Unexpected {
        /// The tensor.
        name: String,
        /// The network.
        network: String,
    },

    /// A tensor has another shape than the parameter.
    #[error("tensor `{name}` has shape {found:?}, but {network} needs {expected:?}")]
    Shape {
        /// The parameter, by its PyTorch name.
        name: String,
        /// The network.
        network: String,
        /// The shape that the network needs, in PyTorch's order.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },

    /// A tensor does not hold 32-bit floats.
    #[error("tensor `{name}` holds {found}, but only F32 is read")]
    DType {
        /// The parameter, by its PyTorch name.
        name: String,
        /// The type in the file.
        found: String,
    },

    /// The device did not give the values back.
    #[error("cannot read the weights back from the device: {0}")]
    Device(String),
}

fn list(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut text = names
        .iter()
        .take(SHOWN)
        .map(|n| format!("`{n}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match names.len() {
        0 => "nothing".into(),
        n if n > SHOWN => {
            text.push_str(&format!(" and {} more", n - SHOWN));
            text
        }
        _ => text,
    }
}
