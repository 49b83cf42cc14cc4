use std::fmt::{self, Formatter};

use super::{LayerSummary, Summary, total};
use crate::Shape;

const HEADINGS: [&str; COLUMNS] = [
    "layer",
    "kind",
    "output",
    "receptive field",
    "activations",
    "parameters",
    "multiply-adds",
];
const COLUMNS: usize = 7;
/// The columns that begin at the left; the others are numbers.
const LEFT: usize = 2;

type Row = [String; COLUMNS];

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut rows = vec![HEADINGS.map(String::from)];
        rows.extend(self.layers.iter().map(row));
        rows.push([
            "total".into(),
            String::new(),
            String::new(),
            String::new(),
            bytes(self.activation_bytes()),
            grouped(self.parameters()),
            grouped(self.multiply_adds()),
        ]);
        writeln!(f, "{}, images {}", self.title(), Shape::Map(self.image))?;
        write_aligned(f, &rows)?;
        writeln!(
            f,
            "\nparameters     {}, as f32 {}\n\
             multiply-adds  {} for an image, in convolutions and fully connected layers\n\
             activations    {} for an image: the outputs of all layers as f32, which training \
             keeps for the backward pass",
            grouped(self.parameters()),
            bytes(self.parameter_bytes()),
            grouped(self.multiply_adds()),
            bytes(self.activation_bytes()),
        )?;
        self.write_training_only(f)
    }
}

impl Summary {
    /// A line on what is in second classifiers, if there are any.
    fn write_training_only(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let aside = |layer: &&LayerSummary| layer.training_only;
        if !self.layers.iter().any(|layer| layer.training_only) {
            return Ok(());
        }
        writeln!(
            f,
            "{MARK}              for training only: {} of the parameters, {} of the multiply-adds",
            grouped(total(self.layers.iter().filter(aside), |layer| layer.parameters)),
            grouped(total(self.layers.iter().filter(aside), |layer| layer
                .multiply_adds)),
        )
    }
}

/// Marks layers for training only.
const MARK: char = '*';

fn row(layer: &LayerSummary) -> Row {
    let [height, width] = layer.receptive_field;
    let mut kind = layer.kind.to_string();
    if layer.training_only {
        kind.push(MARK);
    }
    [
        layer.name.clone(),
        kind,
        layer.output.to_string(),
        format!("{height}×{width}"),
        match layer.block {
            true => String::new(),
            false => bytes(layer.activation_bytes()),
        },
        grouped(layer.parameters),
        grouped(layer.multiply_adds),
    ]
}

/// Rows with each column as wide as its widest cell.
fn write_aligned(f: &mut Formatter<'_>, rows: &[Row]) -> fmt::Result {
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: [usize; COLUMNS] = std::array::from_fn(widest);
    for row in rows {
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            match column {
                0 => write!(f, "{cell:<width$}")?,
                left if left < LEFT => write!(f, "  {cell:<width$}")?,
                _ => write!(f, "  {cell:>width$}")?,
            }
        }
        writeln!(f)?;
    }
    Ok(())
}

/// A count as the tables write it: `61706` as `61,706`.
#[must_use]
pub fn grouped(number: usize) -> String {
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

/// `18816` as `18.4 KiB`.
fn bytes(number: usize) -> String {
    const KIB: f64 = 1024.0;
    match number {
        0..1024 => format!("{number} B"),
        // What would round to 1024.0 KiB is a MiB, and so on.
        1024..1_048_525 => format!("{:.1} KiB", number as f64 / KIB),
        1_048_525..1_073_689_396 => format!("{:.1} MiB", number as f64 / KIB / KIB),
        _ => format!("{:.1} GiB", number as f64 / KIB / KIB / KIB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_a_table() {
        // Multiply-adds: fvcore.nn.FlopCountAnalysis(lenet5, torch.zeros(1, 1, 28, 28)).total()
        let expected = "\
lenet5, images 1×28×28
layer    kind         output  receptive field  activations  parameters  multiply-adds
conv1    Conv2d      6×28×28              5×5     18.4 KiB         156        117,600
relu1    ReLU        6×28×28              5×5     18.4 KiB           0              0
pool1    AvgPool2d   6×14×14              6×6      4.6 KiB           0              0
conv2    Conv2d     16×10×10            14×14      6.2 KiB       2,416        240,000
relu2    ReLU       16×10×10            14×14      6.2 KiB           0              0
pool2    AvgPool2d    16×5×5            16×16      1.6 KiB           0              0
flatten  Flatten         400            16×16      1.6 KiB           0              0
fc1      Linear          120            32×32        480 B      48,120         48,000
relu3    ReLU            120            32×32        480 B           0              0
fc2      Linear           84            32×32        336 B      10,164         10,080
relu4    ReLU             84            32×32        336 B           0              0
fc3      Linear           10            32×32         40 B         850            840
total                                             58.6 KiB      61,706        416,520

parameters     61,706, as f32 241.0 KiB
multiply-adds  416,520 for an image, in convolutions and fully connected layers
activations    58.6 KiB for an image: the outputs of all layers as f32, which training keeps for the backward pass
";
        let summary = crate::lenet5(10).summary([1, 28, 28]).unwrap();
        assert_eq!(summary.to_string(), expected);
    }

    #[test]
    fn a_form_and_second_classifiers_are_told() {
        let table = |model: crate::Model| model.summary([3, 32, 32]).unwrap().to_string();
        let plain = table(crate::googlenet(10));
        assert!(plain.starts_with("googlenet (small form), images 3×32×32\n"));
        assert!(!plain.contains(MARK));
        let heads = table(crate::googlenet(10).auxiliary_heads());
        let row = |name: &str| {
            let mut rows = heads.lines();
            rows.find(|row| row.split_whitespace().next() == Some(name))
                .unwrap()
        };
        assert!(row("aux1.fc2").contains("Linear*"), "{heads}");
        assert!(row("aux1").contains("Auxiliary*"), "{heads}");
        assert!(row("fc").contains("Linear "), "{heads}");
        // Two heads on 4×4 poolings of 512 and of 528 channels: a convolution to
        // 128 without bias, its batch norm, 2048 to 1024, 1024 to 10.
        let head = |channels: usize| channels * 128 + 2 * 128 + 2049 * 1024 + 1025 * 10;
        let both = grouped(head(512) + head(528));
        assert!(
            heads.contains(&format!("for training only: {both} of the parameters")),
            "{heads}"
        );
    }

    #[test]
    fn counts_that_are_too_large_are_the_largest() {
        let mut summary = crate::googlenet(10)
            .auxiliary_heads()
            .summary([3, 32, 32])
            .unwrap();
        for layer in summary
            .layers
            .iter_mut()
            .filter(|layer| layer.training_only)
        {
            layer.parameters = usize::MAX;
        }
        let largest = grouped(usize::MAX);
        let told = format!("for training only: {largest} of the parameters");
        assert!(summary.to_string().contains(&told), "{summary}");
    }

    #[test]
    fn every_column_is_aligned() {
        let table = crate::googlenet(1000).summary([3, 224, 224]).unwrap();
        let table = table.to_string();
        let rows = table.lines().skip(1).take_while(|line| !line.is_empty());
        let mut widths: Vec<usize> = rows.map(|row| row.chars().count()).collect();
        widths.dedup();
        assert_eq!(widths.len(), 1, "{table}");
    }

    #[test]
    fn bytes_have_a_unit() {
        for (number, text) in [
            (40, "40 B"),
            (1023, "1023 B"),
            (18_816, "18.4 KiB"),
            (1_048_524, "1023.9 KiB"),
            (1_048_525, "1.0 MiB"),
            (46_827_520, "44.7 MiB"),
            (1_073_689_395, "1023.9 MiB"),
            (1_073_689_396, "1.0 GiB"),
            (6_871_947_674, "6.4 GiB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }
}
