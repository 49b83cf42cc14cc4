//! What every layer gives, found before anything is computed.

use std::{collections::HashSet, fmt};

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

/// Values of one image, or parameters of one layer, that a network may have at
/// most: beyond, a size is a mistake and not a wish.
const LARGEST: usize = 1 << 34;

/// What one layer makes of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub output: Shape,
    pub parameters: usize,
    pub multiply_adds: usize,
}

/// Walks through the layers.
pub(crate) fn infer(spec: &NetworkSpec, image: [usize; 3]) -> Result<Summary, ModelError> {
    walk(spec, image).map_err(|error| spec.locate(error))
}

fn walk(spec: &NetworkSpec, image: [usize; 3]) -> Result<Summary, ModelError> {
    let mut walk = Walk {
        network: &spec.name,
        rows: Vec::new(),
        names: HashSet::new(),
        auxiliary: Vec::new(),
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
    Ok(Summary {
        network: spec.name.clone(),
        form: spec.form,
        image,
        layers: walk.rows,
    })
}

struct Walk<'a> {
    network: &'a str,
    rows: Vec<LayerSummary>,
    names: HashSet<String>,
    /// What second classifiers end in.
    auxiliary: Vec<(String, Shape)>,
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
        let (outcome, field) = match layer {
            LayerSpec::Residual {
                body,
                shortcut,
                after,
            } => {
                let (by_body, seen) = self.layers(body, &path, input, field)?;
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
                let (end, _) = self.layers(layers, &path, input, field)?;
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

fn product(factors: &[usize]) -> Result<usize, String> {
    factors
        .iter()
        .try_fold(1usize, |total, &factor| total.checked_mul(factor))
        .filter(|&total| total <= LARGEST)
        .ok_or_else(|| format!("too large ({factors:?})"))
}

impl Outcome {
    /// Of a layer without parameters.
    fn free(output: Shape) -> Self {
        Self {
            output,
            parameters: 0,
            multiply_adds: 0,
        }
    }
}

/// What a layer that is no block makes of its input.
pub(crate) fn one(layer: &LayerSpec, input: Shape) -> Result<Outcome, String> {
    if let Shape::Map(sizes) = input {
        product(&sizes)?;
        if sizes.contains(&0) {
            return Err("an image without values".into());
        }
    }
    let map = || match input {
        Shape::Map(sizes) => Ok(sizes),
        Shape::Flat(_) => Err("it needs an image, but comes after a flat layer".to_string()),
    };
    let finite = |name: &str, value: f64, possible: bool, range: &str| match possible {
        true if value.is_finite() => Ok(()),
        _ => Err(format!("{name} = {value} is not {range}")),
    };
    let outcome = match *layer {
        LayerSpec::Conv2d {
            channels,
            kernel,
            stride,
            padding,
            groups,
            bias,
        } => {
            let [channels_in, height, width] = map()?;
            if channels == 0 {
                return Err("it has no output channels".into());
            }
            if groups == 0 || channels_in % groups != 0 || channels % groups != 0 {
                return Err(format!(
                    "{groups} groups do not divide {channels_in} channels in and {channels} out"
                ));
            }
            let height = window(height, kernel, stride, padding)?;
            let width = window(width, kernel, stride, padding)?;
            let weights = product(&[channels, channels_in / groups, kernel, kernel])?;
            Outcome {
                output: Shape::Map([channels, height, width]),
                parameters: weights + if bias { channels } else { 0 },
                multiply_adds: product(&[height, width])?.saturating_mul(weights),
            }
        }
        LayerSpec::WhiteningConv2d { kernel } => {
            let [channels_in, height, width] = map()?;
            let height = window(height, kernel, 1, 0)?;
            let width = window(width, kernel, 1, 0)?;
            let patch = product(&[channels_in, kernel, kernel])?;
            if patch > LARGEST_PATCH {
                return Err(format!(
                    "a patch of {patch} values is larger than {LARGEST_PATCH}"
                ));
            }
            let weights = product(&[2, patch, patch])?;
            Outcome {
                output: Shape::Map([2 * patch, height, width]),
                parameters: 2 * patch,
                multiply_adds: product(&[height, width])?.saturating_mul(weights),
            }
        }
        LayerSpec::Linear { features, bias } => {
            let Shape::Flat(features_in) = input else {
                return Err("it needs a flat input: put a Flatten before it".into());
            };
            if features == 0 {
                return Err("it has no output features".into());
            }
            let weights = product(&[features_in, features])?;
            Outcome {
                output: Shape::Flat(features),
                parameters: weights + if bias { features } else { 0 },
                multiply_adds: weights,
            }
        }
        LayerSpec::BatchNorm {
            epsilon,
            momentum,
            scale,
        } => {
            finite("epsilon", epsilon, epsilon > 0.0, "above 0")?;
            finite(
                "momentum",
                momentum,
                (0.0..=1.0).contains(&momentum),
                "in 0 to 1",
            )?;
            let channels = match input {
                Shape::Map([channels, _, _]) | Shape::Flat(channels) => channels,
            };
            Outcome {
                output: input,
                parameters: channels * if scale { 2 } else { 1 },
                multiply_adds: 0,
            }
        }
        LayerSpec::LocalResponseNorm {
            size,
            alpha,
            beta,
            k,
        } => {
            let [channels, ..] = map()?;
            if size == 0 || size > 2 * channels {
                return Err(format!(
                    "size = {size} is not between 1 and twice its {channels} channels"
                ));
            }
            finite("alpha", alpha, alpha >= 0.0, "at least 0")?;
            finite("beta", beta, true, "a number")?;
            finite("k", k, k > 0.0, "above 0")?;
            Outcome::free(input)
        }
        LayerSpec::MaxPool2d {
            kernel,
            stride,
            padding,
            ceil_mode,
        }
        | LayerSpec::AvgPool2d {
            kernel,
            stride,
            padding,
            ceil_mode,
        } => {
            let [channels, height, width] = map()?;
            if padding > kernel / 2 {
                return Err(format!(
                    "padding = {padding} is more than half of its {kernel}×{kernel} window"
                ));
            }
            let stride = stride.unwrap_or(kernel);
            let side = |side| match ceil_mode {
                false => window(side, kernel, stride, padding),
                true => ceil_window(side, kernel, stride, padding),
            };
            Outcome::free(Shape::Map([channels, side(height)?, side(width)?]))
        }
        LayerSpec::AdaptiveAvgPool2d { size } => {
            let [channels, ..] = map()?;
            if size == 0 {
                return Err("size = 0 is not at least 1".into());
            }
            product(&[channels, size, size])?;
            Outcome::free(Shape::Map([channels, size, size]))
        }
        LayerSpec::GlobalMaxPool2d {} => {
            let [channels, ..] = map()?;
            Outcome::free(Shape::Map([channels, 1, 1]))
        }
        LayerSpec::Dropout { p } => {
            if !(0.0..1.0).contains(&p) {
                return Err(format!("p = {p} is not in 0 ≤ p < 1"));
            }
            Outcome::free(input)
        }
        LayerSpec::Scale { factor } => {
            finite("factor", factor, true, "a number")?;
            Outcome::free(input)
        }
        LayerSpec::LeakyRelu { negative_slope } => {
            finite("negative_slope", negative_slope, true, "a number")?;
            Outcome::free(input)
        }
        LayerSpec::Elu { alpha } => {
            finite("alpha", alpha, true, "a number")?;
            Outcome::free(input)
        }
        LayerSpec::Flatten {} => Outcome::free(Shape::Flat(input.len())),
        LayerSpec::PadChannels { channels, stride } => {
            let [channels_in, height, width] = map()?;
            if channels < channels_in {
                return Err(format!(
                    "{channels} channels out are fewer than {channels_in} in"
                ));
            }
            let height = window(height, 1, stride, 0)?;
            let width = window(width, 1, stride, 0)?;
            Outcome::free(Shape::Map([channels, height, width]))
        }
        LayerSpec::Relu {}
        | LayerSpec::Sigmoid {}
        | LayerSpec::Tanh {}
        | LayerSpec::Gelu {}
        | LayerSpec::Silu {}
        | LayerSpec::Hardswish {} => Outcome::free(input),
        LayerSpec::Residual { .. } | LayerSpec::Concat { .. } | LayerSpec::Auxiliary { .. } => {
            unreachable!("the walk goes into blocks itself")
        }
    };
    product(&[outcome.output.len()])?;
    Ok(outcome)
}

/// Values of a patch that is whitened, at most: their covariance is decomposed.
const LARGEST_PATCH: usize = 1024;

/// How often a window fits into a side. PyTorch rounds down as well.
fn window(side: usize, kernel: usize, stride: usize, padding: usize) -> Result<usize, String> {
    let room = room(side, kernel, stride, padding)?;
    Ok(room / stride + 1)
}

/// As [`window`], with a window more that reaches over the edge, unless it would
/// begin beyond the image and its left padding: PyTorch's `ceil_mode`.
fn ceil_window(side: usize, kernel: usize, stride: usize, padding: usize) -> Result<usize, String> {
    // What the last window may reach over the edge.
    let over = stride.saturating_sub(1);
    let room = room(side.saturating_add(over), kernel, stride, padding)?;
    let count = room / stride + 1;
    Ok(match (count - 1) * stride >= side + padding {
        true => count - 1,
        false => count,
    })
}

/// The pixels of a side that a window can move over.
fn room(side: usize, kernel: usize, stride: usize, padding: usize) -> Result<usize, String> {
    if kernel == 0 || stride == 0 {
        return Err(format!(
            "kernel {kernel} and stride {stride} must be at least 1"
        ));
    }
    let padded = padding
        .checked_mul(2)
        .and_then(|both| both.checked_add(side))
        .filter(|&padded| padded <= LARGEST)
        .ok_or_else(|| format!("padding {padding} or stride {stride} is too large"))?;
    padded.checked_sub(kernel).ok_or_else(|| {
        format!("a {kernel}×{kernel} window is larger than the {padded} pixels of a side")
    })
}
