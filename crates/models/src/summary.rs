use std::fmt;

use crate::Shape;

/// What a network is made of, layer by layer. Displays as a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The name of the network.
    pub network: String,
    /// The form of the architecture, if it has several.
    pub form: Option<&'static str>,
    /// `[channels, height, width]` of an image.
    pub image: [usize; 3],
    /// The layers in order.
    pub layers: Vec<LayerSummary>,
}

/// A row of a [`Summary`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerSummary {
    /// The name of the layer.
    pub name: String,
    /// What the layer is, as PyTorch spells it.
    pub kind: &'static str,
    /// What it gives for one image.
    pub output: Shape,
    /// Number of its trainable parameters.
    pub parameters: usize,
    /// Multiply-adds of convolutions and fully connected layers for one image,
    /// without the biases, as fvcore and ptflops count them.
    pub multiply_adds: usize,
    /// Height and width in pixels of the part of the image that one value depends
    /// on, wherever the edges of the image are.
    pub receptive_field: [usize; 2],
}

impl Summary {
    /// Number of all trainable parameters.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|layer| layer.parameters).sum()
    }

    /// Multiply-adds of a forward pass of one image.
    #[must_use]
    pub fn multiply_adds(&self) -> usize {
        self.layers.iter().map(|layer| layer.multiply_adds).sum()
    }

    /// What the last layer gives; the image, if there is no layer.
    #[must_use]
    pub fn output(&self) -> Shape {
        self.layers
            .last()
            .map_or(Shape::Map(self.image), |layer| layer.output)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = |text: fn(&LayerSummary) -> usize, heading: usize| {
            self.layers.iter().map(text).max().unwrap_or(0).max(heading)
        };
        let name = longest(|l| l.name.chars().count(), 5);
        let kind = longest(|l| l.kind.len(), 4);
        let output = longest(|l| l.output.to_string().chars().count(), 6);
        let row = |f: &mut fmt::Formatter<'_>, cells: [&str; 5]| {
            let [a, b, c, d, e] = cells;
            writeln!(f, "{a:<name$}  {b:<kind$}  {c:>output$}  {d:>11}  {e:>13}")
        };
        writeln!(f, "{}, images {}", self.network, Shape::Map(self.image))?;
        row(
            f,
            ["layer", "kind", "output", "parameters", "multiply-adds"],
        )?;
        let counts = |parameters, multiply_adds| (grouped(parameters), grouped(multiply_adds));
        for layer in &self.layers {
            let (parameters, multiply_adds) = counts(layer.parameters, layer.multiply_adds);
            row(
                f,
                [
                    &layer.name,
                    layer.kind,
                    &layer.output.to_string(),
                    &parameters,
                    &multiply_adds,
                ],
            )?;
        }
        let (parameters, multiply_adds) = counts(self.parameters(), self.multiply_adds());
        row(f, ["total", "", "", &parameters, &multiply_adds])
    }
}

/// `61706` as `61,706`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn prints_a_table() {
        // Multiply-adds: fvcore.nn.FlopCountAnalysis(lenet5, torch.zeros(1, 1, 28, 28)).total()
        let expected = "\
lenet5, images 1×28×28
layer    kind         output   parameters  multiply-adds
conv1    Conv2d      6×28×28          156        117,600
relu1    ReLU        6×28×28            0              0
pool1    AvgPool2d   6×14×14            0              0
conv2    Conv2d     16×10×10        2,416        240,000
relu2    ReLU       16×10×10            0              0
pool2    AvgPool2d    16×5×5            0              0
flatten  Flatten         400            0              0
fc1      Linear          120       48,120         48,000
relu3    ReLU            120            0              0
fc2      Linear           84       10,164         10,080
relu4    ReLU             84            0              0
fc3      Linear           10          850            840
total                              61,706        416,520
";
        let summary = crate::lenet5(10).summary([1, 28, 28]).unwrap();
        assert_eq!(summary.to_string(), expected);
    }
}
