//! Tiles of both sizes, whichever would be chosen.

use super::*;
use crate::{
    conv::direct,
    reference::{close, numbers},
};

fn check(shape: &ConvShape, level: Level) {
    let output = shape.output().expect("the kernel fits");
    let [height, width] = output;
    let x = numbers("x", shape.batch * shape.input_len());
    let weight = numbers("weight", shape.weight_len());
    let bias = numbers("bias", shape.outputs);
    let dy = numbers("dy", shape.batch * shape.outputs * height * width);
    let wide = |values: Vec<f32>| -> Vec<f64> { values.into_iter().map(f64::from).collect() };
    let y = wide(direct::forward(level, shape, &x, &weight, Some(&bias)));
    let dx = wide(direct::input_gradient(level, shape, &dy, &weight));
    let dw = wide(crate::conv::weights::weight_gradient(level, shape, &x, &dy));
    for four in [false, true] {
        let outputs = Weights::of_outputs(&weight, shape.inputs, shape.outputs, 9);
        let inputs = Weights::of_inputs(&weight, shape.inputs, shape.outputs, 9);
        let found = correlate(level, shape, four, &x, Some(&bias), outputs, false);
        close(&found, &y);
        let found = correlate(level, &turned(shape), four, &dy, None, inputs, true);
        close(&found, &dx);
        close(&gradient(level, shape, four, &x, &dy), &dw);
    }
}

#[test]
fn tiles_of_both_sizes_give_the_direct_sum() {
    for level in Level::all() {
        for size in 1..=13 {
            for padding in 0..=2 {
                let shape = ConvShape {
                    batch: 2,
                    groups: 1,
                    inputs: 16 + size,
                    outputs: 35 - size,
                    image: [size, 14 - size],
                    kernel: [3; 2],
                    stride: [1; 2],
                    padding: [padding, 2 - padding],
                    dilation: [1; 2],
                };
                if shape.output().is_some() {
                    check(&shape, level);
                }
            }
        }
    }
}

/// A batch that goes through all stages in tasks of a few images.
#[test]
fn large_batches_of_tiles_of_both_sizes() {
    let shape = ConvShape {
        batch: 41,
        groups: 1,
        inputs: 48,
        outputs: 33,
        image: [18, 9],
        kernel: [3; 2],
        stride: [1; 2],
        padding: [1; 2],
        dilation: [1; 2],
    };
    for level in Level::all() {
        check(&shape, level);
    }
}
