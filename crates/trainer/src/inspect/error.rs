/// Why something of a network cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// A layer gives no maps.
    #[error(
        "{network}, layer `{layer}` ({kind}) gives a row of {features} features and no maps; {}",
        layers_with("maps", .known)
    )]
    NoMaps {
        /// The network.
        network: String,
        /// The layer.
        layer: String,
        /// What it is.
        kind: &'static str,
        /// How many values it gives.
        features: usize,
        /// The layers that give maps.
        known: Vec<String>,
    },

    /// A layer has no filters.
    #[error(
        "{network}, layer `{layer}` ({kind}) is no convolution and has no filters; {}",
        layers_with("filters", .known)
    )]
    NoFilters {
        /// The network.
        network: String,
        /// The layer.
        layer: String,
        /// What it is.
        kind: &'static str,
        /// The layers that have filters.
        known: Vec<String>,
    },

    /// A network has no convolution at all.
    #[error("{network} has no convolution, and so no {what}: {advice}")]
    NoConvolution {
        /// The network.
        network: String,
        /// What was to be shown.
        what: &'static str,
        /// What to do instead.
        advice: &'static str,
    },

    /// A layer on which the score does not depend.
    #[error(
        "{network}, layer `{layer}` is part of a second classifier for training: the score does \
         not depend on it"
    )]
    TrainingOnly {
        /// The network.
        network: String,
        /// The layer.
        layer: String,
    },

    /// There is no class of that number.
    #[error("{network} tells {classes} classes apart, from 0 on: there is no class {class}")]
    NoSuchClass {
        /// The network.
        network: String,
        /// The number that was asked for.
        class: usize,
        /// How many there are.
        classes: usize,
    },

    /// There is no class of that name.
    #[error("there is no class `{class}`{}", suggestion(.class, .known))]
    UnknownClass {
        /// The name that was asked for.
        class: String,
        /// The classes.
        known: Vec<String>,
    },

    /// Some values are NaN or infinite.
    #[error(
        "{network}: {what} are not all finite; the weights are broken, or the numbers of the \
         backend too short for them"
    )]
    NotFinite {
        /// The network.
        network: String,
        /// Which values.
        what: String,
    },
}

impl InspectError {
    /// Whether the user asked for something that cannot be.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::NotFinite { .. })
    }
}

/// More layers than these are not all named.
const MOST_NAMED: usize = 30;

fn layers_with(what: &str, known: &[String]) -> String {
    match known {
        [] => format!("no layer of it has {what}"),
        known if known.len() <= MOST_NAMED => {
            format!("layers with {what}: {}", known.join(", "))
        }
        known => {
            let (named, others) = known.split_at(MOST_NAMED);
            let (named, others) = (named.join(", "), others.len());
            format!("layers with {what}: {named} and {others} more, which --list names")
        }
    }
}

fn suggestion(name: &str, known: &[String]) -> String {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    models::suggest(name, &known)
}
