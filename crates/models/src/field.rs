//! Receptive fields, by the recurrences of Araujo, Norris and Sim ("Computing
//! receptive fields of convolutional neural networks", Distill, 2019).

use crate::{LayerSpec, Shape};

/// How much of the image a value of a layer depends on, in each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    /// Height and width in pixels, unbounded by the image.
    size: [usize; 2],
    /// Pixels from one value to the next.
    jump: [usize; 2],
    /// Height and width of the map that was flattened, each of whose values the next
    /// `Linear` takes in.
    flattened: [usize; 2],
}

impl Default for Field {
    /// That of the image itself.
    fn default() -> Self {
        Self {
            size: [1; 2],
            jump: [1; 2],
            flattened: [1; 2],
        }
    }
}

impl Field {
    /// Height and width in pixels.
    pub fn seen(self) -> [usize; 2] {
        self.size
    }

    /// Of the sum, or the junction, of two layers.
    pub fn with(self, other: Self) -> Self {
        let larger = |a: [usize; 2], b: [usize; 2]| [a[0].max(b[0]), a[1].max(b[1])];
        Self {
            size: larger(self.size, other.size),
            jump: larger(self.jump, other.jump),
            flattened: larger(self.flattened, other.flattened),
        }
    }

    /// Of `layer`, whose input is `input`, of this field.
    pub fn after(self, layer: &LayerSpec, input: Shape) -> Self {
        let Shape::Map([_, height, width]) = input else {
            return match layer {
                LayerSpec::Linear { .. } => Self {
                    flattened: [1; 2],
                    ..self.slide(self.flattened, [1; 2])
                },
                _ => self,
            };
        };
        let sides = [height, width];
        match *layer {
            LayerSpec::Conv2d { kernel, stride, .. } => self.slide([kernel; 2], [stride; 2]),
            LayerSpec::WhiteningConv2d { kernel } => self.slide([kernel; 2], [1; 2]),
            LayerSpec::MaxPool2d { kernel, stride, .. }
            | LayerSpec::AvgPool2d { kernel, stride, .. } => {
                self.slide([kernel; 2], [stride.unwrap_or(kernel); 2])
            }
            LayerSpec::PadChannels { stride, .. } => self.slide([1; 2], [stride; 2]),
            LayerSpec::AdaptiveAvgPool2d { size } => {
                let window = sides.map(|side| widest(side, size));
                self.slide(window, sides.map(|side| (side / size).max(1)))
            }
            LayerSpec::GlobalMaxPool2d {} => self.slide(sides, [1; 2]),
            // A value stays what it was, and is put into a row.
            LayerSpec::Flatten {} => Self {
                flattened: sides,
                ..self
            },
            _ => self,
        }
    }

    fn slide(self, window: [usize; 2], stride: [usize; 2]) -> Self {
        let axis = |i: usize| {
            (
                self.size[i].saturating_add((window[i] - 1).saturating_mul(self.jump[i])),
                self.jump[i].saturating_mul(stride[i]),
            )
        };
        let ((height, down), (width, right)) = (axis(0), axis(1));
        Self {
            size: [height, width],
            jump: [down, right],
            ..self
        }
    }
}

/// The widest window of adaptive pooling of `side` values to `size`.
fn widest(side: usize, size: usize) -> usize {
    (0..size)
        .map(|at| ((at + 1) * side).div_ceil(size) - at * side / size)
        .max()
        .unwrap_or(1)
}
