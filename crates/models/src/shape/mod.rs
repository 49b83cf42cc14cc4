//! What every layer gives, found before anything is computed.

mod outcome;

use std::{collections::HashSet, fmt};

pub(crate) use self::outcome::one;
use self::outcome::{Outcome, product};

use crate::{
    LayerSpec, LayerSummary, ModelError, NetworkSpec, Summary, field::Field, spec::Layers,
};

/// What a layer gives for one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `[channels, height, width]`.
    Map([usize; 3]),
    /// A row of features.
    Flat(usize),
}

impl Shape {
    /// Number of values.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Map(sizes) => sizes.iter().product(),
            Self::Flat(features) => features,
        }
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Map([channels, height, width]) => format!("{channels}×{height}×{width}"),
            Self::Flat(features) => features.to_string(),
        };
        f.pad(&text)
    }
}

/// Walks through the layers.
pub(crate) fn infer(spec: &NetworkSpec, image: [usize; 3]) -> Result<Summary, ModelError> {
    walk(spec, image).map_err(|error| spec.locate(error))
}

fn walk(spec: &NetworkSpec, image: [usize; 3]) -> Result<Summary, ModelError> {
    let mut walk = Walk {
        network: &spec.name,
        zero_residual: spec.init.zero_residual,
        rows: Vec::new(),
        names: HashSet::new(),
        auxiliary: Vec::new(),
        aside: 0,
    };
    let (output, _) = walk.layers(&spec.layers, "", Shape::Map(image), Field::default())?;
    for (path, found) in walk.auxiliary {
        if found != output {
            return Err(ModelError::Layer {
                network: spec.name.clone(),
                layer: path,
                kind: "Auxiliary",
                input: found,
                problem: format!("a second classifier must end as the first, in {output}"),
            });
        }
    }
    let summary = Summary {
        network: spec.name.clone(),
        form: spec.form,
        image,
        layers: walk.rows,
    };
    let parameters = summary
        .layers
        .iter()
        .fold(0usize, |total, row| total.saturating_add(row.parameters));
    if parameters > MOST_PARAMETERS {
        return Err(ModelError::TooLarge {
            network: spec.name.clone(),
            parameters,
            most: MOST_PARAMETERS,
        });
    }
    Ok(summary)
}

/// Beyond, a network is a mistake and not a wish, and would end the program for
/// want of memory: 8 GiB of weights, fifteen times VGG-19.
const MOST_PARAMETERS: usize = 1 << 31;

struct Walk<'a> {
    network: &'a str,
    zero_residual: bool,
    rows: Vec<LayerSummary>,
    names: HashSet<String>,
    /// What second classifiers end in.
    auxiliary: Vec<(String, Shape)>,
    /// How many second classifiers the walk is within.
    aside: usize,
}

impl Walk<'_> {
    fn layers(
        &mut self,
        layers: &Layers,
        block: &str,
        mut input: Shape,
        mut field: Field,
    ) -> Result<(Shape, Field), ModelError> {
        for (name, layer) in layers {
            let path = join(block, name);
            (input, field) = self.layer(path, layer, input, field)?;
        }
        Ok((input, field))
    }

    fn layer(
        &mut self,
        path: String,
        layer: &LayerSpec,
        input: Shape,
        field: Field,
    ) -> Result<(Shape, Field), ModelError> {
        let network = self.network;
        let name = path.clone();
        let fail = |problem| ModelError::Layer {
            network: network.into(),
            layer: name.clone(),
            kind: layer.kind(),
            input,
            problem,
        };
        if path.split('.').any(str::is_empty) {
            return Err(fail(
                "its name, or a part of it between dots, is empty".into(),
            ));
        }
        if !self.names.insert(path.clone()) {
            return Err(fail("another layer has this name".into()));
        }
        if matches!(layer, LayerSpec::WhiteningConv2d { .. }) && self.names.len() > 1 {
            return Err(fail(
                "it whitens images: it can only be the first layer".into(),
            ));
        }
        let (outcome, field) = match layer {
            LayerSpec::Residual {
                body,
                shortcut,
                after,
            } => {
                let (by_body, seen) = self.layers(body, &path, input, field)?;
                let last = body.last().map(|(_, layer)| layer);
                if self.zero_residual
                    && !matches!(last, Some(LayerSpec::BatchNorm { scale: true, .. }))
                {
                    return Err(fail(
                        "its body does not end in a batch norm with a scale, which \
                         `zero_residual` could start at 0"
                            .into(),
                    ));
                }
                let (by_shortcut, also_seen) = self.layers(shortcut, &path, input, field)?;
                if by_body != by_shortcut {
                    return Err(fail(format!(
                        "its body gives {by_body} and its shortcut {by_shortcut}, which cannot be \
                         added: give one of them another stride or number of channels"
                    )));
                }
                let (output, seen) = self.layers(after, &path, by_body, seen.with(also_seen))?;
                (Outcome::free(output), seen)
            }
            LayerSpec::Concat { branches } => {
                let mut ends = Vec::with_capacity(branches.len());
                for branch in branches {
                    ends.push(self.layers(branch, &path, input, field)?);
                }
                let outputs: Vec<Shape> = ends.iter().map(|(output, _)| *output).collect();
                let seen = ends.iter().map(|(_, seen)| *seen).reduce(Field::with);
                let output = joined(&outputs).map_err(fail)?;
                (Outcome::free(output), seen.unwrap_or(field))
            }
            LayerSpec::Auxiliary { layers, weight } => {
                if !(weight.is_finite() && *weight > 0.0) {
                    return Err(fail(format!("its weight {weight} is not above 0")));
                }
                self.aside += 1;
                let (end, _) = self.layers(layers, &path, input, field)?;
                self.aside -= 1;
                self.auxiliary.push((path.clone(), end));
                (Outcome::free(input), field)
            }
            layer => {
                let outcome = one(layer, input).map_err(fail)?;
                (outcome, field.after(layer, input))
            }
        };
        self.rows.push(LayerSummary {
            name: path,
            kind: match (layer, input) {
                (LayerSpec::BatchNorm { .. }, Shape::Map(_)) => "BatchNorm2d",
                (LayerSpec::BatchNorm { .. }, Shape::Flat(_)) => "BatchNorm1d",
                _ => layer.kind(),
            },
            block: layer.is_block(),
            training_only: self.aside > 0 || matches!(layer, LayerSpec::Auxiliary { .. }),
            output: outcome.output,
            parameters: outcome.parameters,
            multiply_adds: outcome.multiply_adds,
            receptive_field: field.seen(),
        });
        Ok((outcome.output, field))
    }
}

/// The name of a layer within a block; of one in no block its own.
pub(crate) fn join(block: &str, name: &str) -> String {
    match block {
        "" => name.into(),
        block => format!("{block}.{name}"),
    }
}

/// What branches give together.
pub(crate) fn joined(outputs: &[Shape]) -> Result<Shape, String> {
    let mut all = outputs.iter();
    let mut sum = *all.next().ok_or("it has no branches")?;
    for output in all {
        sum = match (sum, *output) {
            (Shape::Map([a, height, width]), Shape::Map([b, h, w]))
                if (h, w) == (height, width) =>
            {
                Shape::Map([a + b, height, width])
            }
            (Shape::Flat(a), Shape::Flat(b)) => Shape::Flat(a + b),
            _ => {
                let list: Vec<String> = outputs.iter().map(ToString::to_string).collect();
                return Err(format!(
                    "its branches give {}, which cannot be joined",
                    list.join(", ")
                ));
            }
        };
    }
    product(&[sum.len()])?;
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{lenet5, resnet18, vgg11};

    fn error(spec: &NetworkSpec, image: [usize; 3]) -> String {
        spec.summary(image).unwrap_err().to_string()
    }

    #[test]
    fn the_layer_that_does_not_fit_is_named() {
        let text = lenet5(10).summary([1, 4, 4]).unwrap_err().to_string();
        assert_eq!(
            text,
            "lenet5, layer `conv2` (Conv2d): a 5×5 window is larger than the 2 pixels of a side; \
             its input is 6×2×2"
        );
        let text = error(
            &NetworkSpec::new("n").layer("fc", LayerSpec::linear(10)),
            [1, 28, 28],
        );
        assert!(text.contains("`fc`") && text.contains("Flatten"), "{text}");
        let flat = NetworkSpec::new("n").layer("flatten", LayerSpec::flatten());
        let text = error(
            &flat.clone().layer("conv", LayerSpec::conv2d(1, 1)),
            [1, 2, 2],
        );
        assert!(text.contains("`conv`"), "{text}");
        let twice = flat
            .clone()
            .layer("fc", LayerSpec::linear(2))
            .layer("fc", LayerSpec::linear(2));
        assert!(error(&twice, [1, 2, 2]).contains("another layer has this name"));
        for name in ["", "a..b", ".a"] {
            let text = error(&flat.clone().layer(name, LayerSpec::relu()), [1, 2, 2]);
            assert!(text.contains("empty"), "{text}");
        }
        assert!(error(&flat, [1, 0, 2]).contains("without values"));
        assert!(error(&flat, [usize::MAX, 2, 2]).contains("too large"));
    }

    #[test]
    fn a_power_that_no_value_bears_is_refused() {
        let norm = LayerSpec::LocalResponseNorm {
            size: 3,
            alpha: 1e-4,
            beta: 1e20,
            k: 1.0,
        };
        let text = error(&NetworkSpec::new("n").layer("norm", norm), [1, 2, 2]);
        assert!(text.contains("`norm`") && text.contains("beta"), "{text}");
    }

    #[test]
    fn blocks_whose_parts_do_not_fit_are_refused() {
        let conv = |channels| vec![("conv".to_string(), LayerSpec::conv2d(channels, 1))];
        let of = |layer| NetworkSpec::new("n").layer("block", layer);
        let residual = LayerSpec::Residual {
            body: conv(8),
            shortcut: Vec::new(),
            after: Vec::new(),
        };
        let text = error(&of(residual), [3, 8, 8]);
        assert!(
            text.contains("`block` (Residual): its body gives 8×8×8 and its shortcut 3×8×8"),
            "{text}"
        );
        let strided = vec![("pool".to_string(), LayerSpec::max_pool2d(2, 2))];
        let concat = LayerSpec::Concat {
            branches: vec![conv(8), strided],
        };
        let text = error(&of(concat), [3, 8, 8]);
        assert!(
            text.contains("8×8×8, 3×4×4, which cannot be joined"),
            "{text}"
        );
        let none = LayerSpec::Concat {
            branches: Vec::new(),
        };
        assert!(error(&of(none), [3, 8, 8]).contains("no branches"));
        let head = LayerSpec::Auxiliary {
            layers: vec![
                ("flatten".into(), LayerSpec::flatten()),
                ("fc".into(), LayerSpec::linear(7)),
            ],
            weight: 0.3,
        };
        let spec = of(head)
            .layer("flatten", LayerSpec::flatten())
            .layer("fc", LayerSpec::linear(10));
        let text = error(&spec, [3, 8, 8]);
        assert!(
            text.contains("`block` (Auxiliary)") && text.contains("in 10"),
            "{text}"
        );
        let late = NetworkSpec::new("n")
            .layer("relu", LayerSpec::relu())
            .layer("whiten", LayerSpec::WhiteningConv2d { kernel: 2 });
        assert!(error(&late, [3, 8, 8]).contains("first layer"));
    }

    #[test]
    fn a_network_beyond_any_memory_is_refused() {
        let wide = resnet18(1000).width(64.0).summary([3, 32, 32]);
        let text = wide.unwrap_err().to_string();
        assert!(
            text.contains("resnet18 has") && text.contains("width"),
            "{text}"
        );
    }

    #[test]
    fn layers_in_blocks_are_named_after_them() {
        let summary = resnet18(10).summary([3, 32, 32]).unwrap();
        let row = |name: &str| summary.layers.iter().find(|row| row.name == name);
        assert_eq!(row("layer2.0.downsample.0").unwrap().parameters, 64 * 128);
        assert_eq!(row("layer2.0").unwrap().output, Shape::Map([128, 16, 16]));
    }

    #[test]
    fn receptive_fields_are_the_references() {
        // AlexNet and VGG-16: Araujo, Norris, Sim, "Computing receptive fields of
        // convolutional neural networks", Distill, 2019, table 1. The others: rows of
        // the image by which a row of torchvision's has a gradient, with positive
        // weights and mean poolings.
        let of = |model: crate::Model, layer: &str| {
            let summary = model.summary([3, 224, 224]).unwrap();
            let row = summary.layers.into_iter().find(|row| row.name == layer);
            row.unwrap().receptive_field
        };
        assert_eq!(of(crate::alexnet(1000), "features.12"), [195; 2]);
        assert_eq!(of(crate::vgg16(1000), "features.30"), [212; 2]);
        assert_eq!(of(crate::resnet18(1000), "layer4.1"), [435; 2]);
        assert_eq!(of(crate::resnet50(1000), "layer4.2"), [427; 2]);
        assert_eq!(of(crate::googlenet(1000), "inception5b"), [379; 2]);
        // To flatten a map brings nothing together; what follows does: 212 + (7 − 1) · 32.
        assert_eq!(of(crate::vgg16(1000), "flatten"), [212; 2]);
        assert_eq!(of(crate::vgg16(1000), "classifier.0"), [404; 2]);
        assert_eq!(of(crate::vgg16(1000), "classifier.6"), [404; 2]);
    }

    #[test]
    fn small_images_pass_the_poolings_of_vgg() {
        for side in 1..=64 {
            let output = vgg11(10).summary([1, side, side]).unwrap().output();
            assert_eq!(output, Shape::Flat(10), "{side}");
        }
    }
}
