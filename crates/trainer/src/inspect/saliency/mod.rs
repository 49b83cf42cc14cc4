use burn::tensor::{Int, Tensor};
use models::{Activation, LayerSummary, Network, Shape};

use super::{InspectError, feature_maps::layer_with_maps, predicted, read};
use crate::{Prediction, TrainError};

/// How it is found which parts of an image a class is told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SaliencyMethod {
    /// Grad-CAM (Selvaraju et al., 2017): the maps of a layer, each weighed by the mean
    /// gradient of the class's logit by it, summed, without what is negative.
    GradCam,
    /// Input gradients (Simonyan et al., 2013): how much the class's logit changes with
    /// each pixel, in the channel where it changes most.
    Gradient,
}

/// What an image owes its class to.
#[derive(Debug, Clone, PartialEq)]
pub struct Saliency {
    /// The class in question.
    pub class: usize,
    /// What the network says of the image.
    pub prediction: Prediction,
    /// A map for each method.
    pub maps: Vec<HeatMap>,
}

/// How much each pixel counts: from 0, in the units of the method.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    /// How it was found.
    pub method: SaliencyMethod,
    /// Of Grad-CAM, the layer and the shape of its maps.
    pub layer: Option<(String, [usize; 3])>,
    /// `[height, width]` of the image.
    pub size: [usize; 2],
    /// Row after row.
    pub values: Vec<f32>,
}

/// What parts of an image `[1, C, H, W]`, normalised as the network was trained, count for
/// `class`; of none, for the class that the network tells. One forward and one backward
/// pass, of the logit of the class, with the network as in inference.
///
/// `layer` is Grad-CAM's; of none it is [`Summary::last_maps`](models::Summary::last_maps).
/// The map is brought to the size of the image between its values, as by PyTorch's
/// `interpolate(mode="bilinear")`. `std` is what each channel was divided by when pixels from
/// 0 to 1 were normalised: the gradient is that by these pixels.
///
/// # Errors
/// [`TrainError::Model`] for a layer that is not there, [`TrainError::Inspect`] for one that
/// gives no maps or is for training only, for a class that is not there, and for Grad-CAM
/// in a network without convolution; [`TrainError::Device`].
///
/// # Panics
/// If there is not one image of the shape that the network was built for, or not one
/// deviation for each channel.
pub fn saliency(
    network: &Network,
    image: Tensor<4>,
    class: Option<usize>,
    methods: &[SaliencyMethod],
    layer: Option<&str>,
    std: &[f32],
) -> Result<Saliency, TrainError> {
    let [images, channels, height, width] = image.dims();
    assert_eq!((images, channels), (1, std.len()), "one image");
    if let Some(class) = class.filter(|&class| class >= network.classes()) {
        return Err(InspectError::NoSuchClass {
            network: network.name().into(),
            class,
            classes: network.classes(),
        }
        .into());
    }
    let row = match (methods.contains(&SaliencyMethod::GradCam), layer) {
        (true, layer) => Some(cam_layer(network, layer)?),
        // It is of no use then, and wrong all the same if it is not there.
        (false, Some(layer)) => cam_layer(network, Some(layer)).map(|_| None)?,
        (false, None) => None,
    };
    let names: Vec<&str> = row.iter().map(|row| row.name.as_str()).collect();
    let found = network.score_gradients(image, &names, |logits| match class {
        Some(class) => logits.narrow(1, class, 1).squeeze_dim(1),
        None => {
            let told: Tensor<2, Int> = logits.clone().argmax(1);
            logits.gather(1, told).squeeze_dim(1)
        }
    })?;

    let name = network.name();
    let prediction = predicted(found.logits, name)?;
    let size = [height, width];
    let mut maps = Vec::with_capacity(methods.len());
    for &method in methods {
        let (layer, values) = match method {
            SaliencyMethod::Gradient => {
                let what = || "the gradients by the pixels".into();
                let gradient = read(found.images.clone(), name, what)?;
                (None, largest_change(&gradient, std))
            }
            SaliencyMethod::GradCam => {
                let row = row.expect("found above");
                let (Shape::Map(shape), [found]) = (row.output, found.layers.as_slice()) else {
                    unreachable!("one layer, which gives maps");
                };
                let read = |of: &Activation, what: &str| match of {
                    Activation::Map(x) => {
                        let what = || format!("{what} of layer `{}`", row.name);
                        read(x.clone(), name, what)
                    }
                    Activation::Flat(_) => unreachable!("layers without maps are refused"),
                };
                let output = read(&found.output, "the maps")?;
                let gradient = read(&found.gradient, "the gradients by the maps")?;
                let plane = [shape[1], shape[2]];
                let cam = cam(&output, &gradient, plane);
                (Some((row.name.clone(), shape)), resized(&cam, plane, size))
            }
        };
        maps.push(HeatMap {
            method,
            layer,
            size,
            values,
        });
    }
    Ok(Saliency {
        class: class.unwrap_or_else(|| prediction.best().label),
        prediction,
        maps,
    })
}

/// The layer of Grad-CAM.
fn cam_layer<'a>(
    network: &'a Network,
    layer: Option<&str>,
) -> Result<&'a LayerSummary, TrainError> {
    let summary = network.summary();
    let row = match layer {
        Some(layer) => layer_with_maps(summary, layer)?,
        None => summary
            .last_maps()
            .ok_or_else(|| InspectError::NoConvolution {
                network: summary.network.clone(),
                what: "Grad-CAM",
                advice: "take the method `gradient`",
            })?,
    };
    match row.training_only {
        false => Ok(row),
        true => Err(InspectError::TrainingOnly {
            network: summary.network.clone(),
            layer: row.name.clone(),
        }
        .into()),
    }
}

/// `ReLU(Σ weight · map)`, the weight of a map being its mean gradient: equations 1 and 2
/// of Selvaraju et al.
fn cam(output: &[f32], gradient: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    let plane = height * width;
    let mut sums = vec![0.0; plane];
    for (map, gradient) in output.chunks_exact(plane).zip(gradient.chunks_exact(plane)) {
        let total: f64 = gradient.iter().copied().map(f64::from).sum();
        let weight = total / plane as f64;
        for (sum, &value) in sums.iter_mut().zip(map) {
            *sum += weight * f64::from(value);
        }
    }
    sums.into_iter().map(|sum| sum.max(0.0) as f32).collect()
}

/// Of each pixel the largest size over the channels, section 3.1 of Simonyan et al.
fn largest_change(gradient: &[f32], std: &[f32]) -> Vec<f32> {
    let plane = gradient.len() / std.len();
    let mut most = vec![0.0f32; plane];
    for (gradient, std) in gradient.chunks_exact(plane).zip(std) {
        for (most, value) in most.iter_mut().zip(gradient) {
            *most = most.max((value / std).abs());
        }
    }
    most
}

/// A map in another size, as by PyTorch's `interpolate(mode="bilinear")`.
fn resized(map: &[f32], [height, width]: [usize; 2], to: [usize; 2]) -> Vec<f32> {
    let rows: Vec<_> = (0..to[0]).map(|y| between(y, height, to[0])).collect();
    let columns: Vec<_> = (0..to[1]).map(|x| between(x, width, to[1])).collect();
    let mut values = Vec::with_capacity(to[0] * to[1]);
    for &(top, bottom, down) in &rows {
        for &(left, right, across) in &columns {
            let row = |y: usize| {
                let (a, b) = (map[y * width + left], map[y * width + right]);
                a * (1.0 - across) + b * across
            };
            values.push(row(top) * (1.0 - down) + row(bottom) * down);
        }
    }
    values
}

/// The two old places that new place `at` lies between, and how near it is to the second.
fn between(at: usize, old: usize, new: usize) -> (usize, usize, f32) {
    let place = (at as f64 + 0.5) * old as f64 / new as f64 - 0.5;
    let place = place.max(0.0);
    let first = (place as usize).min(old - 1);
    (
        first,
        (first + 1).min(old - 1),
        (place - first as f64) as f32,
    )
}

#[cfg(all(test, feature = "flex"))]
mod tests;
