use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{ConfigError, POSITIVE, check, check_given, is_not_negative, is_positive, only_taken};

/// What training makes small.
///
/// A key that the chosen loss does not use is an error. Evaluation takes the same loss
/// without smoothing and weights.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LossConfig {
    /// Which loss.
    pub name: LossName,
    /// For cross-entropy: the share of each target that is spread evenly over all
    /// classes, at least 0 and below 1 (Szegedy et al., 2016). Left out: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    pub label_smoothing: Option<f64>,
    /// For cross-entropy and focal: the weight of each class, a list of numbers above
    /// 0 in the order of the labels; or `"balanced"`, images / (classes · images of
    /// the class) by the training images. Left out: all classes weigh 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<ClassWeights>,
    /// For focal: how much less the images count that are told well already, at least
    /// 0, where it is the cross-entropy, and at most 1,000,000. Left out: 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1e6))]
    pub gamma: Option<f64>,
}

/// Where a power is a power still: 0 of all that is not 1.
const LARGEST_GAMMA: f64 = 1e6;

/// A loss, as the mean over the images of a batch.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum LossName {
    /// −Σ target · log softmax(logits): PyTorch's `cross_entropy`. With class weights
    /// the sum is divided by the weights of the labels, as there; where images are
    /// mixed, by the images.
    #[default]
    CrossEntropy,
    /// −Σ target · (1 − p)^gamma · log p with p = softmax(logits) (Lin et al., 2017, for
    /// more than two classes). It is divided by the images, also with class weights,
    /// which are the α of the paper.
    Focal,
    /// The mean over images and classes of (logit − target)², with a target of 1 for
    /// the class of the image and 0 for the others: PyTorch's `MSELoss` on one-hot
    /// targets.
    Mse,
}

impl JsonSchema for ClassWeights {
    fn schema_name() -> Cow<'static, str> {
        "ClassWeights".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The weights of classes in a loss.",
            "anyOf": [
                {
                    "description": "As if there were as many images of each class.",
                    "const": "balanced"
                },
                {
                    "description": "One number for each class, in the order of the labels.",
                    "type": "array",
                    "items": { "type": "number", "exclusiveMinimum": 0 }
                }
            ]
        })
    }
}

impl LossName {
    /// The name in a configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CrossEntropy => "cross-entropy",
            Self::Focal => "focal",
            Self::Mse => "mse",
        }
    }

    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::CrossEntropy => &["label_smoothing", "class_weights"],
            Self::Focal => &["gamma", "class_weights"],
            Self::Mse => &[],
        }
    }
}

/// The weights of classes in a loss.
#[derive(Debug, Clone, PartialEq)]
pub enum ClassWeights {
    /// images / (classes · images of the class): as if there were as many images of
    /// each class (scikit-learn's `compute_class_weight`).
    Balanced,
    /// That of each class, in the order of the labels.
    List(Vec<f64>),
}

const BALANCED: &str = "balanced";

impl fmt::Display for ClassWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balanced => write!(f, "\"{BALANCED}\""),
            Self::List(weights) => write!(f, "{weights:?}"),
        }
    }
}

impl Serialize for ClassWeights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Balanced => BALANCED.serialize(serializer),
            Self::List(weights) => weights.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClassWeights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = ClassWeights;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "\"{BALANCED}\" or a list of numbers, one for each class")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ClassWeights, E> {
                match text {
                    BALANCED => Ok(ClassWeights::Balanced),
                    other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
                }
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<ClassWeights, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(ClassWeights::List)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl LossConfig {
    /// The loss that evaluation takes: without label smoothing and class weights.
    #[must_use]
    pub fn for_evaluation(&self) -> Self {
        Self {
            label_smoothing: None,
            class_weights: None,
            ..self.clone()
        }
    }

    /// The share of each target that is spread over all classes.
    #[must_use]
    pub fn label_smoothing(&self) -> f64 {
        self.label_smoothing.unwrap_or(0.0)
    }

    /// How much less images count that are told well.
    #[must_use]
    pub fn gamma(&self) -> f64 {
        self.gamma.unwrap_or(2.0)
    }

    /// Puts the loss's own values where they are left out.
    pub(crate) fn complete(&mut self) {
        let keys = self.name.keys();
        self.label_smoothing = keys
            .contains(&"label_smoothing")
            .then(|| self.label_smoothing());
        self.gamma = keys.contains(&"gamma").then(|| self.gamma());
    }

    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        only_taken(
            &format!("the loss {}", self.name.name()),
            self.name.keys(),
            &[],
            &[
                (
                    "loss.label_smoothing",
                    self.label_smoothing.map(|value| value.to_string()),
                ),
                (
                    "loss.class_weights",
                    self.class_weights.as_ref().map(ToString::to_string),
                ),
                ("loss.gamma", self.gamma.map(|value| value.to_string())),
            ],
        )?;
        check_given(
            "loss.label_smoothing",
            self.label_smoothing,
            |share| (0.0..1.0).contains(&share),
            "it must be at least 0 and below 1",
        )?;
        if let Some(weights @ ClassWeights::List(list)) = &self.class_weights {
            check(
                "loss.class_weights",
                weights,
                list.iter().all(|&weight| is_positive(weight)),
                &POSITIVE.replacen("it", "each", 1),
            )?;
        }
        check_given(
            "loss.gamma",
            self.gamma,
            |gamma| is_not_negative(gamma) && gamma <= LARGEST_GAMMA,
            "it must be at least 0 and at most 1e6",
        )
    }

    /// The weight of each class, if they differ. `counts` are the training images of
    /// each class.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if there are more or fewer weights than classes, or
    /// balanced ones of a class without images.
    pub(crate) fn weights(&self, counts: &[usize]) -> Result<Option<Vec<f64>>, ConfigError> {
        let Some(weights) = &self.class_weights else {
            return Ok(None);
        };
        let refuse =
            |possible, problem: &str| check("loss.class_weights", weights, possible, problem);
        refuse(
            !counts.is_empty(),
            "it needs the number of training images of each class: `Trainer::class_counts`",
        )?;
        match weights {
            ClassWeights::List(list) => {
                let problem = format!(
                    "it must have a weight for each of the {} classes, and has {}",
                    counts.len(),
                    list.len()
                );
                refuse(list.len() == counts.len(), &problem)?;
                Ok(Some(list.clone()))
            }
            ClassWeights::Balanced => {
                if let Some(class) = counts.iter().position(|&count| count == 0) {
                    let problem = format!(
                        "there is no training image of class {class} (of 0 to {}) to balance by: \
                         give a list of weights",
                        counts.len() - 1
                    );
                    refuse(false, &problem)?;
                }
                let images: usize = counts.iter().sum();
                let weight = |&count: &usize| images as f64 / (counts.len() * count) as f64;
                Ok(Some(counts.iter().map(weight).collect()))
            }
        }
    }
}
