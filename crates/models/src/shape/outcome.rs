//! What a layer that is no block makes of its input.

use super::Shape;
use crate::LayerSpec;

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

/// The product of sizes, if it can be meant.
pub(super) fn product(factors: &[usize]) -> Result<usize, String> {
    factors
        .iter()
        .try_fold(1usize, |total, &factor| total.checked_mul(factor))
        .filter(|&total| total <= LARGEST)
        .ok_or_else(|| {
            let factors: Vec<String> = factors.iter().map(ToString::to_string).collect();
            format!(
                "{} values are too large: at most {LARGEST}",
                factors.join(" · ")
            )
        })
}

impl Outcome {
    /// Of a layer without parameters.
    pub fn free(output: Shape) -> Self {
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
        // What is computed with is a float of 32 bits.
        true if (value as f32).is_finite() => Ok(()),
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
            // What computes it may hold the image with its padding.
            let most = height.min(width).saturating_add(kernel);
            if padding > most {
                return Err(format!(
                    "padding {padding} is too large: around {height}×{width} pixels, and under a \
                     {kernel}×{kernel} window, it can be {most} at most"
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
            finite("epsilon", epsilon, epsilon as f32 > 0.0, "above 0")?;
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
            map()?;
            if !(1..=LARGEST_NEIGHBOURHOOD).contains(&size) {
                return Err(format!(
                    "size = {size} is not between 1 and {LARGEST_NEIGHBOURHOOD}"
                ));
            }
            finite("alpha", alpha, alpha >= 0.0, "at least 0")?;
            finite("beta", beta, beta.abs() <= 1e6, "between -1e6 and 1e6")?;
            finite("k", k, k as f32 > 0.0, "above 0")?;
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

/// Channels that a local response norm sums over, at most.
const LARGEST_NEIGHBOURHOOD: usize = 1024;

/// How often a window fits into a side. PyTorch rounds down as well.
fn window(side: usize, kernel: usize, stride: usize, padding: usize) -> Result<usize, String> {
    let room = room(side, kernel, stride, padding, 0)?;
    Ok(room / stride + 1)
}

/// As [`window`], with a window more that reaches over the edge, unless it would
/// begin beyond the image and its left padding: PyTorch's `ceil_mode`.
fn ceil_window(side: usize, kernel: usize, stride: usize, padding: usize) -> Result<usize, String> {
    let over = stride.saturating_sub(1);
    let room = room(side, kernel, stride, padding, over)?;
    let count = room / stride + 1;
    Ok(match (count - 1) * stride >= side + padding {
        true => count - 1,
        false => count,
    })
}

/// The pixels of a side that a window can move over, which may reach `over` pixels
/// beyond the edge.
fn room(
    side: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    over: usize,
) -> Result<usize, String> {
    if kernel == 0 || stride == 0 {
        return Err(format!(
            "kernel {kernel} and stride {stride} must be at least 1"
        ));
    }
    let padded = padding
        .checked_mul(2)
        .and_then(|both| both.checked_add(side))
        .filter(|&padded| padded <= LARGEST)
        .ok_or_else(|| format!("padding {padding} is too large"))?;
    padded
        .checked_add(over)
        .filter(|&reach| reach <= LARGEST)
        .ok_or_else(|| format!("stride {stride} is too large"))?
        .checked_sub(kernel)
        .ok_or_else(|| {
            let padding = if padding > 0 {
                ", padding included"
            } else {
                ""
            };
            format!(
                "a {kernel}×{kernel} window is larger than the {padded} pixels of a side{padding}"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conv(channels: usize, kernel: usize, stride: usize, padding: usize) -> LayerSpec {
        LayerSpec::conv2d(channels, kernel)
            .stride(stride)
            .padding(padding)
    }

    #[test]
    fn windows_are_rounded_as_in_pytorch() {
        // torch.nn.Conv2d(3, 8, k, s, p)(torch.zeros(1, 3, h, w)).shape, and so on.
        let pool = |kernel, stride| LayerSpec::max_pool2d(kernel, stride);
        for (image, layer, expected) in [
            ([3, 32, 32], conv(8, 3, 1, 1), [8, 32, 32]),
            ([3, 32, 30], conv(8, 3, 2, 1), [8, 16, 15]),
            ([3, 224, 224], conv(8, 11, 4, 2), [8, 55, 55]),
            ([3, 7, 7], conv(8, 7, 3, 0), [8, 1, 1]),
            ([3, 9, 9], pool(2, 2), [3, 4, 4]),
            ([3, 9, 9], pool(2, 2).ceil_mode(), [3, 5, 5]),
            ([3, 1, 1], pool(2, 2).ceil_mode(), [3, 1, 1]),
            ([3, 4, 4], pool(2, 2).padding(1).ceil_mode(), [3, 3, 3]),
            ([3, 7, 6], pool(3, 2).padding(1).ceil_mode(), [3, 4, 4]),
            ([3, 8, 8], pool(3, 2).ceil_mode(), [3, 4, 4]),
        ] {
            let outcome = one(&layer, Shape::Map(image)).unwrap();
            assert_eq!(
                outcome.output,
                Shape::Map(expected),
                "{layer:?} of {image:?}"
            );
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (layer, expected) in [
            (conv(0, 1, 1, 0), "no output channels"),
            (conv(1, 0, 1, 0), "kernel 0"),
            (conv(1, 3, 0, 0), "stride 0"),
            (conv(1, 1, 1, usize::MAX), "too large"),
            (conv(1, 3, 60_000, 60_000), "it can be 11 at most"),
            (conv(usize::MAX, 3, 1, 1), "too large"),
            (conv(1, 9, 1, 0), "larger than the 8 pixels"),
            (LayerSpec::dropout(1.0), "p = 1"),
            (LayerSpec::dropout(f64::NAN), "p = NaN"),
            (LayerSpec::max_pool2d(3, 1).padding(2), "more than half"),
            (
                LayerSpec::max_pool2d(9, usize::MAX).ceil_mode(),
                "too large",
            ),
            (LayerSpec::AdaptiveAvgPool2d { size: 0 }, "size = 0"),
            (
                LayerSpec::AdaptiveAvgPool2d { size: usize::MAX },
                "too large",
            ),
            (LayerSpec::linear(10), "put a Flatten before it"),
            (
                LayerSpec::PadChannels {
                    channels: 3,
                    stride: 1,
                },
                "fewer than 4",
            ),
            (
                LayerSpec::BatchNorm {
                    epsilon: 0.0,
                    momentum: 0.1,
                    scale: true,
                },
                "epsilon = 0",
            ),
            (
                LayerSpec::Scale {
                    factor: f64::INFINITY,
                },
                "factor = inf",
            ),
            (LayerSpec::WhiteningConv2d { kernel: 17 }, "larger"),
        ] {
            let problem = one(&layer, Shape::Map([4, 8, 8])).unwrap_err();
            assert!(problem.contains(expected), "{layer:?}: {problem}");
        }
        let groups = LayerSpec::Conv2d {
            channels: 8,
            kernel: 1,
            stride: 1,
            padding: 0,
            groups: 3,
            bias: true,
        };
        let problem = one(&groups, Shape::Map([4, 8, 8])).unwrap_err();
        assert!(problem.contains("3 groups"), "{problem}");
        for features in [0, usize::MAX] {
            assert!(one(&LayerSpec::linear(features), Shape::Flat(4)).is_err());
        }
    }
}
