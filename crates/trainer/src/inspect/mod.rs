//! What a network makes of an image: feature maps, filters, and which pixels count; and
//! the hand-made filters that came before it. Numbers first, then pictures of them.

mod error;
mod feature_maps;
mod filters;
mod heat;
mod image_kernel;
mod range;
mod saliency;

pub use error::InspectError;
pub use feature_maps::{FeatureMaps, Scale, feature_maps, layers_with_maps};
pub use filters::{Filters, filters};
pub use heat::saliency_picture;
pub use image_kernel::{ImageKernel, Kernel, KernelMaps};
pub use saliency::{HeatMap, Saliency, SaliencyMethod, saliency};

use burn::tensor::{DType, Tensor};
use models::Summary;

use crate::{Prediction, TrainError};

/// The error where a network has nothing to show of a layer.
fn no_convolution(summary: &Summary) -> InspectError {
    InspectError::NoConvolution {
        network: summary.network.clone(),
        what: "feature maps and filters",
        advice: "train one that has some, such as lenet5",
    }
}

/// What [`InspectError::NotFinite`] calls them.
pub(crate) const LOGITS: &str = "the logits";

/// The values of a tensor of `network`, row after row; `what` they are.
///
/// # Errors
/// [`TrainError::Device`] if the device does not give them back,
/// [`InspectError::NotFinite`] if some are NaN or infinite.
pub(crate) fn read<const D: usize>(
    tensor: Tensor<D>,
    network: &str,
    what: impl FnOnce() -> String,
) -> Result<Vec<f32>, TrainError> {
    let values = crate::evaluate::read(tensor.cast(DType::F32).reshape([-1]))?;
    check_finite(&values, network, what)?;
    Ok(values)
}

/// Looks that values of `network` are numbers; `what` they are.
///
/// # Errors
/// [`InspectError::NotFinite`] if some are NaN or infinite.
pub(crate) fn check_finite(
    values: &[f32],
    network: &str,
    what: impl FnOnce() -> String,
) -> Result<(), InspectError> {
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(()),
        false => Err(InspectError::NotFinite {
            network: network.into(),
            what: what(),
        }),
    }
}

/// What `logits` `[1, classes]` of `network` say.
fn predicted(logits: Tensor<2>, network: &str) -> Result<Prediction, TrainError> {
    let logits = read(logits, network, || LOGITS.into())?;
    Ok(Prediction::of(&logits))
}

/// A number in few characters.
fn short(value: f32) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if !(0.005..10_000.0).contains(&size) => format!("{value:.0e}"),
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
