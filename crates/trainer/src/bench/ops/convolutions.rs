//! The convolutions of a network.

use std::fmt;

use models::{LayerSpec, Layers, NetworkSpec, Shape, Summary};
use serde::{Deserialize, Serialize};

/// The shape of a convolution, with the layers that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Convolution {
    /// The names of the layers.
    pub layers: Vec<String>,
    /// Channels, height and width of the input.
    pub input: [usize; 3],
    /// Channels, height and width of the output.
    pub output: [usize; 3],
    /// Side of the kernel.
    pub kernel: usize,
    /// Stride in both directions.
    pub stride: usize,
    /// Zeros added on each side.
    pub padding: usize,
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

impl Convolution {
    /// Multiply-adds for one image.
    #[must_use]
    pub fn multiply_adds(&self) -> usize {
        let outputs: usize = self.output.iter().product();
        outputs * (self.input[0] / self.groups) * self.kernel * self.kernel
    }

    fn has_shape_of(&self, other: &Self) -> bool {
        let without_names = |of: &Self| Self {
            layers: Vec::new(),
            ..of.clone()
        };
        without_names(self) == without_names(other)
    }
}

impl fmt::Display for Convolution {
    /// `6×14×14 to 16, 5×5`, with stride, padding and groups where they are not usual: 1,
    /// half the kernel and 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [channels, height, width] = self.input;
        let side = self.kernel;
        let mut text = format!(
            "{channels}×{height}×{width} to {}, {side}×{side}",
            self.output[0]
        );
        if self.stride != 1 {
            text += &format!(" /{}", self.stride);
        }
        if self.padding != side / 2 {
            text += &format!(" pad {}", self.padding);
        }
        if self.groups != 1 {
            text += &format!(", {} groups", self.groups);
        }
        f.pad(&text)
    }
}

/// The convolutions of a network, in its order, those of one shape as one. `summary` is
/// that of the network.
pub(super) fn of(spec: &NetworkSpec, summary: &Summary) -> Vec<Convolution> {
    let mut walk = Walk {
        summary,
        found: Vec::new(),
    };
    walk.layers(spec.as_layers(), "", Shape::Map(summary.image));
    walk.found
}

struct Walk<'a> {
    summary: &'a Summary,
    found: Vec<Convolution>,
}

impl Walk<'_> {
    /// Through `layers` of a block, or of none (""), and what the last one gives.
    fn layers(&mut self, layers: &Layers, block: &str, mut input: Shape) -> Shape {
        for (name, layer) in layers {
            let path = match block {
                "" => name.clone(),
                block => format!("{block}.{name}"),
            };
            let output = self.output(&path);
            self.layer(&path, layer, input, output);
            input = output;
        }
        input
    }

    fn output(&self, path: &str) -> Shape {
        let row = self.summary.layers.iter().find(|row| row.name == path);
        row.expect("the summary has a row for every layer").output
    }

    fn layer(&mut self, path: &str, layer: &LayerSpec, input: Shape, output: Shape) {
        let (kernel, stride, padding, groups) = match layer {
            LayerSpec::Residual {
                body,
                shortcut,
                after,
            } => {
                let sum = self.layers(body, path, input);
                self.layers(shortcut, path, input);
                self.layers(after, path, sum);
                return;
            }
            LayerSpec::Concat { branches } => {
                for branch in branches {
                    self.layers(branch, path, input);
                }
                return;
            }
            LayerSpec::Auxiliary { layers, .. } => {
                self.layers(layers, path, input);
                return;
            }
            &LayerSpec::Conv2d {
                kernel,
                stride,
                padding,
                groups,
                ..
            } => (kernel, stride, padding, groups),
            &LayerSpec::WhiteningConv2d { kernel } => (kernel, 1, 0, 1),
            _ => return,
        };
        let (Shape::Map(input), Shape::Map(output)) = (input, output) else {
            return;
        };
        let new = Convolution {
            layers: vec![path.into()],
            input,
            output,
            kernel,
            stride,
            padding,
            groups,
        };
        match self.found.iter_mut().find(|old| old.has_shape_of(&new)) {
            Some(old) => old.layers.extend(new.layers),
            None => self.found.push(new),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_model(name: &str, image: [usize; 3]) -> (Vec<Convolution>, Summary) {
        let model = models::find(name).unwrap().model(10);
        let spec = model.spec(image).unwrap();
        let summary = spec.summary(image).unwrap();
        (of(&spec, &summary), summary)
    }

    #[test]
    fn lenets_are_two() {
        let (found, _) = of_model("lenet5", [1, 28, 28]);
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["1×28×28 to 6, 5×5", "6×14×14 to 16, 5×5 pad 0"]);
        let macs: Vec<usize> = found.iter().map(Convolution::multiply_adds).collect();
        assert_eq!(macs, [117_600, 240_000]);
        assert_eq!(found[1].layers, ["conv2"]);
    }

    #[test]
    fn every_convolution_of_every_network_is_found_once() {
        for known in models::architectures() {
            let (found, summary) = of_model(known.name, known.usual_image);
            let convolutions = summary
                .layers
                .iter()
                .filter(|row| matches!(row.kind, "Conv2d" | "WhiteningConv2d"));
            let mut expected: Vec<_> = convolutions
                .map(|row| (row.name.as_str(), row.multiply_adds))
                .collect();
            let mut names: Vec<_> = found
                .iter()
                .flat_map(|conv| {
                    let macs = conv.multiply_adds();
                    conv.layers.iter().map(move |name| (name.as_str(), macs))
                })
                .collect();
            expected.sort_unstable();
            names.sort_unstable();
            assert_eq!(names, expected, "{}", known.name);
        }
        // The stem, four stages of 3×3, three of them entered with stride 2 and beside a 1×1.
        assert_eq!(of_model("resnet18", [3, 32, 32]).0.len(), 1 + 4 + 3 + 3);
    }
}
