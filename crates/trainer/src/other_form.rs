//! Weights of another form of an architecture than the one that was chosen.

use models::{Form, Mismatch, ModelOptions, Network, Shape, StateDict, Summary};

use crate::{NetworkSource, backend};

/// Where a network comes from: enough to draw up the other forms of it.
pub(crate) struct Drawn<'a> {
    pub source: &'a NetworkSource,
    pub options: &'a ModelOptions,
    /// The flag that changes the images.
    pub image_flag: &'static str,
}

/// A form whose weights a file holds, all but those of the last layer at most.
pub(crate) struct OtherForm {
    form: Form,
    /// Images that this form cannot take.
    too_small: Option<[usize; 3]>,
    new_last_layer: bool,
    image_flag: &'static str,
}

impl Drawn<'_> {
    /// The form of `network` whose weights `state` holds, if it is not that of `network`.
    pub fn other_form(&self, network: &Network, state: &StateDict) -> Option<OtherForm> {
        let chosen = network.summary().form?;
        let mut forms = [Form::Small, Form::ImageNet].into_iter();
        let form = forms.find(|form| form.name() != chosen)?;
        let image = network.image();
        let (other, too_small) = match self.in_form(form, image, network.classes()) {
            Some(other) => (other, None),
            // Its weights are the same for images that it can take.
            None => {
                let [_, height, width] = self.source.image(None).ok()?;
                let usual = [image[0], height, width];
                let other = self.in_form(form, usual, network.classes())?;
                (other, Some(image))
            }
        };
        let (other, mismatch) = other.with_part_of(state);
        let last = last_layer(other.summary())?;
        let expected = |name: &String| is_of(name, last) || is_of_head(network.name(), name);
        let fits = anew(&mismatch).all(expected) && mismatch.unexpected.iter().all(expected);
        fits.then_some(OtherForm {
            form,
            too_small,
            new_last_layer: anew(&mismatch).next().is_some(),
            image_flag: self.image_flag,
        })
    }

    fn in_form(&self, form: Form, image: [usize; 3], classes: usize) -> Option<Network> {
        let options = ModelOptions {
            form,
            ..self.options.clone()
        };
        let spec = self.source.spec(&options, image, classes).ok()?;
        let device = backend::host().ok()?.device;
        spec.build(image, &device).ok()
    }
}

impl OtherForm {
    /// What to do.
    pub fn advice(&self) -> String {
        let form = self.form.name();
        let mut text = format!(
            "these are weights of the form `{form}`: --form {form} (form = \"{form}\" in the table \
             `network` of a configuration)"
        );
        if self.new_last_layer {
            text.push_str(", with --partial (partial_weights = true) for a new last layer");
        }
        if let Some(image) = self.too_small {
            text.push_str(&format!(
                ", and larger images: it cannot take {} ({})",
                Shape::Map(image),
                self.image_flag
            ));
        }
        text
    }
}

/// The tensors of a network that start anew.
pub(crate) fn anew(mismatch: &Mismatch) -> impl Iterator<Item = &String> {
    let of_other_shape = mismatch.shapes.iter().map(|(name, _, _)| name);
    mismatch.missing.iter().chain(of_other_shape)
}

/// The name of the first layer with parameters.
pub(crate) fn first_layer(summary: &Summary) -> Option<&str> {
    let mut layers = summary.layers.iter();
    let first = layers.find(|row| row.parameters > 0)?;
    Some(&first.name)
}

/// The name of the layer that gives the logits.
pub(crate) fn last_layer(summary: &Summary) -> Option<&str> {
    let mut layers = summary.layers.iter().rev();
    let last = layers.find(|row| row.parameters > 0 && !row.training_only)?;
    Some(&last.name)
}

/// Whether a tensor is one of `layer`.
pub(crate) fn is_of(tensor: &str, layer: &str) -> bool {
    let rest = tensor.strip_prefix(layer);
    rest.is_some_and(|rest| rest.starts_with('.'))
}

/// Whether a tensor is one of a second classifier.
pub(crate) fn is_of_head(network: &str, tensor: &str) -> bool {
    network == "googlenet" && (is_of(tensor, "aux1") || is_of(tensor, "aux2"))
}
