//! A convolution by its definition.

use super::super::*;
use crate::reference::{close, numbers};

/// A convolution and the numbers that it computes with.
#[derive(Clone)]
pub struct Case {
    pub shape: ConvShape,
    pub x: Vec<f32>,
    pub weight: Vec<f32>,
    pub bias: Option<Vec<f32>>,
    pub dy: Vec<f32>,
}

impl Case {
    /// With or without a bias, as the shape has it.
    pub fn new(shape: ConvShape) -> Self {
        let [height, width] = shape.output().unwrap();
        let outputs = shape.groups * shape.outputs;
        let with_bias = (shape.batch + outputs).is_multiple_of(2);
        Self {
            shape,
            x: numbers("x", shape.batch * shape.input_len()),
            weight: numbers("weight", shape.groups * shape.weight_len()),
            bias: with_bias.then(|| numbers("bias", outputs)),
            dy: numbers("dy", shape.batch * outputs * height * width),
        }
    }

    /// The output, and the gradients of input and weights.
    pub fn results(&self, level: Level) -> [Vec<f32>; 3] {
        let Self {
            shape,
            x,
            weight,
            dy,
            ..
        } = self;
        [
            forward(level, shape, x, weight, self.bias.as_deref()),
            input_gradient(level, shape, dy, weight),
            weight_gradient(level, shape, x, dy),
        ]
    }

    /// The same by their definition.
    pub fn expected(&self) -> [Vec<f64>; 3] {
        let shape = &self.shape;
        let [rows, columns] = shape.output().unwrap();
        let [[height, width], [tall, wide]] = [shape.image, shape.kernel];
        let outputs = shape.groups * shape.outputs;
        let mut y = vec![0.0; self.dy.len()];
        let mut dx = vec![0.0; self.x.len()];
        let mut dw = vec![0.0; self.weight.len()];
        for (at, y) in y.iter_mut().enumerate() {
            let (column, row) = (at % columns, at / columns % rows);
            let channel = at / (rows * columns);
            let (image, output) = (channel / outputs, channel % outputs);
            let first = (image * shape.groups + output / shape.outputs) * shape.inputs;
            let gradient = f64::from(self.dy[at]);
            *y = (self.bias.as_ref()).map_or(0.0, |bias| f64::from(bias[output]));
            for input in 0..shape.inputs {
                for ky in 0..tall {
                    let Some(iy) = pixel(shape, 0, row, ky) else {
                        continue;
                    };
                    for kx in 0..wide {
                        let Some(ix) = pixel(shape, 1, column, kx) else {
                            continue;
                        };
                        let from = ((first + input) * height + iy) * width + ix;
                        let tap = ((output * shape.inputs + input) * tall + ky) * wide + kx;
                        let (x, weight) = (f64::from(self.x[from]), f64::from(self.weight[tap]));
                        *y += x * weight;
                        dx[from] += gradient * weight;
                        dw[tap] += gradient * x;
                    }
                }
            }
        }
        [y, dx, dw]
    }

    /// Fails if, on some level, a result is not the one expected.
    pub fn check(&self) {
        let expected = self.expected();
        for level in Level::all() {
            // Shown if the test fails.
            println!("{}: {:?}", level.name(), self.shape);
            for (actual, expected) in self.results(level).iter().zip(&expected) {
                close(actual, expected);
            }
        }
    }
}

/// The row or column of the input that an output sees at a place of the kernel.
fn pixel(shape: &ConvShape, axis: usize, output: usize, place: usize) -> Option<usize> {
    let padded = output * shape.stride[axis] + place * shape.dilation[axis];
    let pixel = padded.checked_sub(shape.padding[axis])?;
    (pixel < shape.image[axis]).then_some(pixel)
}
