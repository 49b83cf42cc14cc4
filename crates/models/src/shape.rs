use std::fmt;

use crate::{LayerSpec, LayerSummary, ModelError, NetworkSpec, Summary};

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

/// Walks through the layers.
pub(crate) fn infer(spec: &NetworkSpec, image: [usize; 3]) -> Result<Summary, ModelError> {
    let mut input = Shape::Map(image);
    let mut layers: Vec<LayerSummary> = Vec::with_capacity(spec.layers.len());
    for (name, layer) in &spec.layers {
        let fail = |problem| ModelError::Layer {
            network: spec.name.clone(),
            layer: name.clone(),
            kind: layer.kind(),
            input,
            problem,
        };
        if layers.iter().any(|other| other.name == *name) {
            return Err(fail("another layer has this name".into()));
        }
        let row = one(name, layer, input).map_err(fail)?;
        input = row.output;
        layers.push(row);
    }
    Ok(Summary {
        network: spec.name.clone(),
        image,
        layers,
    })
}

fn one(name: &str, layer: &LayerSpec, input: Shape) -> Result<LayerSummary, String> {
    let product = |factors: &[usize]| {
        factors
            .iter()
            .try_fold(1usize, |total, &factor| total.checked_mul(factor))
            .filter(|&total| total <= LARGEST)
            .ok_or_else(|| format!("too large ({factors:?})"))
    };
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
    let (output, parameters, multiply_adds) = match *layer {
        LayerSpec::Conv2d {
            channels,
            kernel,
            stride,
            padding,
        } => {
            let [channels_in, height, width] = map()?;
            if channels == 0 {
                return Err("it has no output channels".into());
            }
            let height = window(height, kernel, stride, padding)?;
            let width = window(width, kernel, stride, padding)?;
            let weights = product(&[channels, channels_in, kernel, kernel])?;
            let output = Shape::Map([channels, height, width]);
            (
                output,
                weights + channels,
                product(&[height, width])?.saturating_mul(weights),
            )
        }
        LayerSpec::Linear { features } => {
            let Shape::Flat(features_in) = input else {
                return Err("it needs a flat input: put a Flatten before it".into());
            };
            if features == 0 {
                return Err("it has no output features".into());
            }
            let weights = product(&[features_in, features])?;
            (Shape::Flat(features), weights + features, weights)
        }
        LayerSpec::MaxPool2d { kernel, stride } | LayerSpec::AvgPool2d { kernel, stride } => {
            let [channels, height, width] = map()?;
            let height = window(height, kernel, stride, 0)?;
            let width = window(width, kernel, stride, 0)?;
            (Shape::Map([channels, height, width]), 0, 0)
        }
        LayerSpec::Dropout { p } => {
            if !(0.0..1.0).contains(&p) {
                return Err(format!("p = {p} is not in 0 ≤ p < 1"));
            }
            (input, 0, 0)
        }
        LayerSpec::Flatten => (Shape::Flat(input.len()), 0, 0),
        LayerSpec::Relu | LayerSpec::Sigmoid => (input, 0, 0),
    };
    product(&[output.len()])?;
    Ok(LayerSummary {
        name: name.into(),
        kind: layer.kind(),
        output,
        parameters,
        multiply_adds,
    })
}

/// How often a window fits into a side. PyTorch rounds down as well.
fn window(side: usize, kernel: usize, stride: usize, padding: usize) -> Result<usize, String> {
    if kernel == 0 || stride == 0 {
        return Err(format!(
            "kernel {kernel} and stride {stride} must be at least 1"
        ));
    }
    let padded = padding
        .checked_mul(2)
        .and_then(|both| both.checked_add(side))
        .ok_or_else(|| format!("padding {padding} is too large"))?;
    let room = padded.checked_sub(kernel).ok_or_else(|| {
        format!("a {kernel}×{kernel} window is larger than the {padded} pixels of a side")
    })?;
    Ok(room / stride + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conv(channels: usize, kernel: usize, stride: usize, padding: usize) -> LayerSpec {
        LayerSpec::Conv2d {
            channels,
            kernel,
            stride,
            padding,
        }
    }

    #[test]
    fn rounds_windows_as_pytorch_does() {
        // torch.nn.Conv2d(3, 8, k, s, p)(torch.zeros(1, 3, h, w)).shape
        for (image, layer, expected) in [
            ([3, 32, 32], conv(8, 3, 1, 1), [8, 32, 32]),
            ([3, 32, 30], conv(8, 3, 2, 1), [8, 16, 15]),
            ([3, 224, 224], conv(8, 11, 4, 2), [8, 55, 55]),
            ([3, 7, 7], conv(8, 7, 3, 0), [8, 1, 1]),
            (
                [3, 9, 9],
                LayerSpec::MaxPool2d {
                    kernel: 2,
                    stride: 2,
                },
                [3, 4, 4],
            ),
        ] {
            let row = one("x", &layer, Shape::Map(image)).unwrap();
            assert_eq!(row.output, Shape::Map(expected), "{layer:?} of {image:?}");
        }
    }

    #[test]
    fn names_the_layer_that_does_not_fit() {
        let error = |spec: NetworkSpec, image| spec.summary(image).unwrap_err().to_string();
        let text = error(crate::lenet5(10), [1, 4, 4]);
        assert!(
            text.contains("lenet5, layer `conv2` (Conv2d)") && text.contains("6×2×2"),
            "{text}"
        );
        let text = error(NetworkSpec::new("n").linear("fc", 10), [1, 28, 28]);
        assert!(text.contains("`fc`") && text.contains("Flatten"), "{text}");
        let flat = NetworkSpec::new("n").layer("flatten", LayerSpec::Flatten);
        let text = error(flat.clone().conv2d("conv", 1, 1, 0), [1, 2, 2]);
        assert!(text.contains("`conv`"), "{text}");
        error(flat.clone().linear("fc", 2).linear("fc", 2), [1, 2, 2]);
        error(flat.clone().linear("fc", usize::MAX), [1, 2, 2]);
        error(flat.clone().linear("fc", 0), [1, 2, 2]);
        error(
            flat.clone().layer("drop", LayerSpec::Dropout { p: 1.0 }),
            [1, 2, 2],
        );
        error(flat, [1, 0, 2]);
        error(
            NetworkSpec::new("n").layer("c", conv(1, 3, 0, 0)),
            [1, 8, 8],
        );
        error(
            NetworkSpec::new("n").layer("c", conv(1, 0, 1, 0)),
            [1, 8, 8],
        );
        error(
            NetworkSpec::new("n").layer("c", conv(0, 1, 1, 0)),
            [1, 8, 8],
        );
        error(
            NetworkSpec::new("n").layer("c", conv(1, 1, 1, usize::MAX)),
            [1, 8, 8],
        );
    }
}
