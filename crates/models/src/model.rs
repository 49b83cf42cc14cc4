//! An architecture with all that can be chosen about it.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::{Architecture, InitOptions, ModelError, Network, NetworkSpec, Summary, registry};

/// What can be chosen about an architecture beside the number of classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ModelOptions {
    /// Which form of it, where there are several.
    #[serde(skip_serializing_if = "Form::is_auto")]
    #[cfg_attr(feature = "schema", schemars(extend("default" = "auto")))]
    pub form: Form,
    /// Factor of all channels and hidden features, above 0 and at most 64; rounded to
    /// the nearest, at least 1. Only in convolutional families from AlexNet on.
    #[cfg_attr(feature = "schema", schemars(range(max = 64), extend("exclusiveMinimum" = 0)))]
    pub width: f64,
    /// Whether there are second classifiers for training. Only in GoogLeNet.
    pub auxiliary_heads: bool,
    /// Probability of all dropout layers, 0 ≤ p < 1. Left out: the architecture's own.
    /// Only in networks that have such layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(range(min = 0), extend("exclusiveMaximum" = 1))
    )]
    pub dropout: Option<f64>,
    /// How the parameters start. What is left out stays the network's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<InitOptions>,
}

impl Default for ModelOptions {
    fn default() -> Self {
        Self {
            form: Form::Auto,
            width: 1.0,
            auxiliary_heads: false,
            dropout: None,
            init: None,
        }
    }
}

impl ModelOptions {
    /// Puts what every network has, dropout and initialisation, over its own.
    fn over(&self, mut spec: NetworkSpec) -> Result<NetworkSpec, ModelError> {
        let wrong = |option, value, problem: &str| wrong(&spec.name, option, value, problem);
        if let Some(p) = self.dropout
            && !(0.0..1.0).contains(&p)
        {
            let problem = "it must be at least 0 and below 1";
            return Err(wrong("dropout", p.to_string(), problem));
        }
        if let Some(p) = self.dropout
            && !spec.has_dropout()
        {
            let problem = "it has no dropout layer: leave the dropout out";
            return Err(wrong("dropout", p.to_string(), problem));
        }
        if let Some(options) = self.init {
            let init = options.over(spec.init);
            let checked = init.validate();
            checked.map_err(|problem| wrong("init", "{ … }".into(), &problem))?;
            spec.init = init;
        }
        Ok(match self.dropout {
            Some(p) => spec.dropout(p),
            None => spec,
        })
    }
}

impl NetworkSpec {
    /// With the options of a network that was written down layer by layer:
    /// dropout and initialisation.
    ///
    /// # Errors
    /// [`ModelError::Option`] for any other option, or a value that cannot be.
    pub fn options(self, options: &ModelOptions) -> Result<Self, ModelError> {
        let own = ModelOptions::default();
        let of_architectures = [
            ("form", options.form.name().into(), options.form == own.form),
            (
                "width",
                options.width.to_string(),
                options.width == own.width,
            ),
            (
                "auxiliary_heads",
                options.auxiliary_heads.to_string(),
                options.auxiliary_heads == own.auxiliary_heads,
            ),
        ];
        for (option, value, is_default) in of_architectures {
            if !is_default {
                let problem =
                    "only architectures that are known by name have it: change the layers instead";
                return Err(wrong(&self.name, option, value, problem));
            }
        }
        options.over(self)
    }
}

fn wrong(model: &str, option: &'static str, value: String, problem: &str) -> ModelError {
    ModelError::Option {
        model: model.into(),
        option,
        value,
        problem: problem.into(),
    }
}

/// The form of an architecture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// As `imagenet` for images whose shorter side has at least 96 pixels, as `small`
    /// for others.
    #[default]
    Auto,
    /// For images of some 28 to 64 pixels: the first layers keep the size.
    Small,
    /// As published, for images of some 224 pixels: the first layers make a
    /// quarter of the sides.
    ImageNet,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Small, Self::ImageNet];

    /// Pixels of the shorter side from which on an image is large.
    pub const LARGE: usize = 96;

    /// As it is written in a configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Small => "small",
            Self::ImageNet => "imagenet",
        }
    }

    // By reference, as serde asks for it.
    fn is_auto(&self) -> bool {
        *self == Self::Auto
    }

    fn of(self, [_, height, width]: [usize; 3]) -> Self {
        match self {
            Self::Auto if height.min(width) >= Self::LARGE => Self::ImageNet,
            Self::Auto => Self::Small,
            chosen => chosen,
        }
    }
}

/// What an architecture is drawn up from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub classes: usize,
    /// Not `Auto`.
    pub form: Form,
    pub auxiliary_heads: bool,
    factor: f64,
}

impl Choice {
    /// So many channels, at the chosen width.
    pub fn wide(&self, channels: usize) -> usize {
        ((channels as f64 * self.factor + 0.5).floor() as usize).max(1)
    }

    pub fn is_small(&self) -> bool {
        self.form == Form::Small
    }
}

/// An [`Architecture`] for a number of classes, with its options: what
/// [`resnet18(10)`](crate::resnet18) gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    architecture: &'static Architecture,
    classes: usize,
    options: ModelOptions,
    seed: u64,
}

/// More is a slip, and channels would no longer count exactly.
const WIDEST: f64 = 64.0;

impl Model {
    pub(crate) fn new(architecture: &'static Architecture, classes: usize) -> Self {
        Self {
            architecture,
            classes,
            options: ModelOptions::default(),
            seed: 0,
        }
    }

    /// The architecture of that name, for so many classes.
    ///
    /// # Errors
    /// [`ModelError::UnknownModel`] with all names.
    pub fn find(name: &str, classes: usize) -> Result<Self, ModelError> {
        Ok(Self::new(registry::find(name)?, classes))
    }

    /// With these options.
    #[must_use]
    pub fn options(mut self, options: ModelOptions) -> Self {
        self.options = options;
        self
    }

    /// In this form.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        self.options.form = form;
        self
    }

    /// With all channels and hidden features multiplied by `factor`.
    #[must_use]
    pub fn width(mut self, factor: f64) -> Self {
        self.options.width = factor;
        self
    }

    /// With second classifiers for training.
    #[must_use]
    pub fn auxiliary_heads(mut self) -> Self {
        self.options.auxiliary_heads = true;
        self
    }

    /// With the probability `p` in all dropout layers.
    #[must_use]
    pub fn dropout(mut self, p: f64) -> Self {
        self.options.dropout = Some(p);
        self
    }

    /// Initialises the parameters in this way: all of them by an
    /// [`Init`](crate::Init), or, by [`InitOptions`], some in another than the
    /// architecture's own.
    #[must_use]
    pub fn init(mut self, init: impl Into<InitOptions>) -> Self {
        self.options.init = Some(init.into());
        self
    }

    /// Draws the parameters from this seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The architecture.
    #[must_use]
    pub fn architecture(&self) -> &'static Architecture {
        self.architecture
    }

    /// The layers for images of shape `[channels, height, width]`.
    ///
    /// # Errors
    /// [`ModelError::Option`] for an option that the architecture does not have,
    /// or a value that it cannot have.
    pub fn spec(&self, image: [usize; 3]) -> Result<NetworkSpec, ModelError> {
        let Architecture {
            name,
            forms,
            scalable,
            ..
        } = *self.architecture;
        let options = &self.options;
        let wrong = |option, value, problem: &str| wrong(name, option, value, problem);
        if self.classes == 0 {
            let problem = "a classifier needs at least one class";
            return Err(wrong("classes", "0".into(), problem));
        }
        if !forms && options.form != Form::Auto {
            let problem = "it has one form only: leave the form out";
            return Err(wrong("form", options.form.name().into(), problem));
        }
        let width = options.width;
        if !(width > 0.0 && width <= WIDEST) {
            let problem = format!("it must be above 0 and at most {WIDEST}");
            return Err(wrong("width", width.to_string(), &problem));
        }
        if !scalable && width != 1.0 {
            let problem = "it has one width only: leave the width out";
            return Err(wrong("width", width.to_string(), problem));
        }
        if options.auxiliary_heads && name != "googlenet" {
            let problem = "only googlenet has auxiliary heads";
            return Err(wrong("auxiliary_heads", "true".into(), problem));
        }
        let choice = Choice {
            classes: self.classes,
            form: options.form.of(image),
            auxiliary_heads: options.auxiliary_heads,
            factor: width,
        };
        let mut spec = (self.architecture.spec)(&choice).seed(self.seed);
        spec.name = name.into();
        spec.form = forms.then(|| choice.form.name());
        options.over(spec)
    }

    /// Shapes, parameters and multiply-adds of all layers, for an image of
    /// shape `[channels, height, width]`.
    ///
    /// # Errors
    /// As [`spec`](Self::spec), and [`ModelError::Layer`] naming the layer that
    /// does not fit.
    pub fn summary(&self, image: [usize; 3]) -> Result<Summary, ModelError> {
        self.spec(image)?.summary(image)
    }

    /// The network for images of shape `[channels, height, width]`, with its
    /// parameters on `device`. On an autodiff device they can be trained.
    ///
    /// # Errors
    /// As [`summary`](Self::summary).
    pub fn build(&self, image: [usize; 3], device: &Device) -> Result<Network, ModelError> {
        self.spec(image)?.build(image, device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Init, LayerSpec, Weights, lenet5, mlp, resnet18};

    #[test]
    fn an_option_that_cannot_be_is_refused_by_name() {
        let error = |model: Model, image| model.spec(image).unwrap_err().to_string();
        let grey = [1, 28, 28];
        assert_eq!(
            error(lenet5(10).form(Form::Small), grey),
            "lenet5: form = small: it has one form only: leave the form out"
        );
        assert!(error(lenet5(10).width(0.5), grey).contains("width = 0.5"));
        assert!(error(lenet5(0), grey).contains("classes"));
        for width in [0.0, -1.0, f64::NAN, f64::INFINITY, 65.0] {
            assert!(error(resnet18(10).width(width), grey).contains("width"));
        }
        assert!(error(resnet18(10).auxiliary_heads(), grey).contains("only googlenet"));
        assert!(error(lenet5(10).dropout(1.0), grey).contains("dropout = 1: it must be"));
        assert_eq!(
            error(lenet5(10).dropout(0.3), grey),
            "lenet5: dropout = 0.3: it has no dropout layer: leave the dropout out"
        );
        assert!(mlp(10).dropout(0.3).spec(grey).is_ok());
        // Its only ones are in a block.
        let within = NetworkSpec::new("within").layer(
            "block",
            LayerSpec::Residual {
                body: vec![("drop".into(), LayerSpec::dropout(0.5))],
                shortcut: Vec::new(),
                after: Vec::new(),
            },
        );
        let options = ModelOptions {
            dropout: Some(0.3),
            ..ModelOptions::default()
        };
        assert!(within.options(&options).is_ok());
        let none = NetworkSpec::new("none").options(&options).unwrap_err();
        assert!(
            none.to_string()
                .starts_with("none: dropout = 0.3: it has no")
        );
    }

    #[test]
    fn what_is_not_chosen_of_an_initialisation_stays_the_networks_own() {
        let chosen: ModelOptions = toml::from_str("init = { zero_residual = true }").unwrap();
        let expected = Init {
            zero_residual: true,
            ..Init::RESNET
        };
        let resnet = resnet18(10).options(chosen.clone());
        assert_eq!(resnet.spec([3, 32, 32]).unwrap().init, expected);
        let file = NetworkSpec::new("file").init(Init::RESNET);
        assert_eq!(file.options(&chosen).unwrap().init, expected);

        let conv = Weights::Normal { std: 0.5 };
        let chosen = InitOptions {
            conv: Some(conv),
            ..InitOptions::default()
        };
        let expected = Init {
            conv,
            ..Init::XAVIER_UNIFORM
        };
        let lenet = crate::lenet5_sigmoid(10).init(chosen);
        assert_eq!(lenet.spec([1, 28, 28]).unwrap().init, expected);
        // One that is whole is taken whole.
        let whole = resnet18(10).init(Init::default());
        assert_eq!(whole.spec([3, 32, 32]).unwrap().init, Init::default());
    }

    #[test]
    fn auto_goes_by_the_size_of_the_image() {
        let form = |image| resnet18(10).spec(image).unwrap().form();
        assert_eq!(form([3, 95, 224]), Some("small"));
        assert_eq!(form([3, 96, 96]), Some("imagenet"));
    }
}
