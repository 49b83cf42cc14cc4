//! Convolutions.

use burn::{
    nn::{PaddingConfig2d, conv::Conv2d},
    tensor::{Tensor, ops::ConvOptions},
};

/// What `conv.forward` gives, by the kernels where they are to be had.
pub(crate) fn forward(conv: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let padding = match conv.padding {
        PaddingConfig2d::Explicit(top, left, bottom, right) => [(top, bottom), (left, right)],
        PaddingConfig2d::Valid => [(0, 0); 2],
        PaddingConfig2d::Same => return conv.forward(x),
    };
    let options = ConvOptions::new_with_padding(conv.stride, padding, conv.dilation, conv.groups);
    let bias = conv.bias.as_ref().map(|bias| bias.val());
    kernels::conv2d(x, conv.weight.val(), bias, options)
}
