//! What is written on a layer, and the colour it has.

use super::Class;
use crate::LayerSpec;

/// The main arguments of a layer: `3×3/2, 64` for a convolution with a 3×3
/// kernel, stride 2 and 64 output channels.
pub(super) fn arguments(layer: &LayerSpec) -> String {
    match *layer {
        LayerSpec::Conv2d {
            channels,
            kernel,
            stride,
            groups,
            ..
        } => {
            let groups = match groups {
                1 => String::new(),
                groups => format!(", {groups} groups"),
            };
            format!("{}, {channels}{groups}", window(kernel, stride))
        }
        LayerSpec::WhiteningConv2d { kernel } => window(kernel, 1),
        LayerSpec::Linear { features, .. } => features.to_string(),
        LayerSpec::LocalResponseNorm { size, .. } => size.to_string(),
        LayerSpec::LeakyRelu { negative_slope } => number(negative_slope),
        LayerSpec::Elu { alpha } => number(alpha),
        LayerSpec::MaxPool2d { kernel, stride, .. }
        | LayerSpec::AvgPool2d { kernel, stride, .. } => window(kernel, stride.unwrap_or(kernel)),
        LayerSpec::AdaptiveAvgPool2d { size } => window(size, 1),
        LayerSpec::Dropout { p } => number(p),
        LayerSpec::Scale { factor } => number(factor),
        LayerSpec::PadChannels { channels, stride } => match stride {
            1 => channels.to_string(),
            stride => format!("/{stride}, {channels}"),
        },
        LayerSpec::BatchNorm { .. }
        | LayerSpec::Relu {}
        | LayerSpec::Sigmoid {}
        | LayerSpec::Tanh {}
        | LayerSpec::Gelu {}
        | LayerSpec::Silu {}
        | LayerSpec::Hardswish {}
        | LayerSpec::GlobalMaxPool2d {}
        | LayerSpec::Flatten {}
        | LayerSpec::Residual { .. }
        | LayerSpec::Concat { .. }
        | LayerSpec::Auxiliary { .. } => String::new(),
    }
}

fn window(kernel: usize, stride: usize) -> String {
    match stride {
        1 => format!("{kernel}×{kernel}"),
        stride => format!("{kernel}×{kernel}/{stride}"),
    }
}

/// With four decimals at most.
pub(super) fn number(value: f64) -> String {
    let rounded = (value * 1e4).round() / 1e4;
    match rounded == 0.0 && value != 0.0 {
        true => format!("{value:.1e}"),
        false => rounded.to_string(),
    }
}

pub(super) fn class(layer: &LayerSpec) -> Class {
    match layer {
        LayerSpec::Conv2d { .. } | LayerSpec::WhiteningConv2d { .. } => Class::Convolution,
        LayerSpec::Linear { .. } => Class::Linear,
        LayerSpec::BatchNorm { .. } | LayerSpec::LocalResponseNorm { .. } => Class::Norm,
        LayerSpec::Relu {}
        | LayerSpec::LeakyRelu { .. }
        | LayerSpec::Elu { .. }
        | LayerSpec::Sigmoid {}
        | LayerSpec::Tanh {}
        | LayerSpec::Gelu {}
        | LayerSpec::Silu {}
        | LayerSpec::Hardswish {} => Class::Activation,
        LayerSpec::MaxPool2d { .. }
        | LayerSpec::AvgPool2d { .. }
        | LayerSpec::AdaptiveAvgPool2d { .. }
        | LayerSpec::GlobalMaxPool2d {} => Class::Pooling,
        LayerSpec::Dropout { .. }
        | LayerSpec::Scale { .. }
        | LayerSpec::Flatten {}
        | LayerSpec::PadChannels { .. }
        | LayerSpec::Residual { .. }
        | LayerSpec::Concat { .. }
        | LayerSpec::Auxiliary { .. } => Class::Other,
    }
}

/// Whether a layer gives what has the shape of its input, whatever that is.
pub(super) fn keeps_shape(layer: &LayerSpec) -> bool {
    matches!(class(layer), Class::Norm | Class::Activation)
        || matches!(layer, LayerSpec::Dropout { .. } | LayerSpec::Scale { .. })
}

/// The text with what cannot be shown replaced: characters that control a
/// terminal, turn the direction of writing, or are none in XML.
pub(super) fn printable(text: &str) -> String {
    let shown = |c: char| {
        !(c.is_control()
            || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
    };
    let replaced = text.chars().map(|c| match shown(c) {
        true => c,
        false => char::REPLACEMENT_CHARACTER,
    });
    replaced.collect()
}
