use serde::{Deserialize, Serialize};

use super::parameter::{Problem, require};
use crate::DatasetInfo;

/// Scales pixels to 0..1, subtracts the mean and divides by the standard
/// deviation of their channel: torchvision's `ToDtype(float32, scale=True)` and
/// `Normalize`. This is done in any case, at the end; the step is there to do it
/// with other numbers than the data set's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Normalize {
    /// A number for each channel, of pixels scaled to 0..1. Left out: the mean
    /// of the training images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<Vec<f32>>,
    /// A number above 0 for each channel, on the same scale. Left out: the
    /// deviation of the training images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub std: Option<Vec<f32>>,
}

impl Normalize {
    /// The normalisation of images with `channels` that `info` describes.
    pub(crate) fn resolve(&self, info: &DatasetInfo) -> Result<Normalization, Problem> {
        let pick = |given: &Option<Vec<f32>>, own: &[f32]| match given {
            None => own.to_vec(),
            Some(values) => values.clone(),
        };
        let (mean, std) = (pick(&self.mean, &info.mean), pick(&self.std, &info.std));
        Normalization::new(mean, std, info.channels)
    }
}

/// Turns bytes into normalised values: `(byte / 255 − mean) / std` by channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalization {
    mean: Vec<f32>,
    std: Vec<f32>,
    /// What becomes of each byte, by channel.
    tables: Vec<[f32; 256]>,
}

impl Normalization {
    /// The normalisation of images with `channels`: a finite mean and a normal
    /// deviation above 0 for each, such that every byte becomes a finite number.
    pub(crate) fn new(mean: Vec<f32>, std: Vec<f32>, channels: usize) -> Result<Self, Problem> {
        for (key, values, least, bound) in [
            ("mean", &mean, f32::MIN, ""),
            ("std", &std, f32::MIN_POSITIVE, " above 0"),
        ] {
            require(key, values.len() == channels, || {
                format!("{} values for {channels} channels", values.len())
            })?;
            let wrong = values.iter().find(|v| !(least..=f32::MAX).contains(v));
            if let Some(wrong) = wrong {
                return Err(Problem::new(
                    key,
                    format!("{wrong:?} is not a number{bound}"),
                ));
            }
        }
        let normalization = Self::with(mean, std);
        let finite = normalization.tables.iter().flatten().all(|v| v.is_finite());
        require("std", finite, || {
            let (mean, std) = (&normalization.mean, &normalization.std);
            format!("{std:?} is too small for the mean {mean:?}: values become infinite")
        })?;
        Ok(normalization)
    }

    fn with(mean: Vec<f32>, std: Vec<f32>) -> Self {
        let table = |(mean, std): (&f32, &f32)| {
            std::array::from_fn(|byte| (byte as f32 / 255.0 - mean) / std)
        };
        Self {
            tables: mean.iter().zip(&std).map(table).collect(),
            mean,
            std,
        }
    }

    /// The normalisation of a data set: its mean and standard deviation, which
    /// [`ImageDataset::new`](crate::ImageDataset::new) has checked.
    #[must_use]
    pub fn of(info: &DatasetInfo) -> Self {
        Self::with(info.mean.clone(), info.std.clone())
    }

    /// What is subtracted from each channel, scaled to 0..1.
    #[must_use]
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// What each channel is divided by.
    #[must_use]
    pub fn std(&self) -> &[f32] {
        &self.std
    }

    /// Normalises an image, `C×H×W` bytes, into as many `values`.
    ///
    /// # Panics
    /// If the lengths differ, or are not a whole number of planes for the channels.
    pub fn write(&self, image: &[u8], values: &mut [f32]) {
        assert_eq!(image.len(), values.len(), "a value for each byte");
        let plane = image.len() / self.tables.len();
        assert_eq!(plane * self.tables.len(), image.len(), "whole channels");
        let channels = image
            .chunks_exact(plane)
            .zip(values.chunks_exact_mut(plane))
            .zip(&self.tables);
        for ((image, values), table) in channels {
            for (value, &byte) in values.iter_mut().zip(image) {
                *value = table[usize::from(byte)];
            }
        }
    }

    /// The bytes that `values` were made of, channel by channel.
    ///
    /// # Panics
    /// As [`write`](Self::write).
    #[must_use]
    pub fn undo(&self, values: &[f32]) -> Vec<u8> {
        let plane = values.len() / self.tables.len();
        assert_eq!(plane * self.tables.len(), values.len(), "whole channels");
        let byte = |at: usize, value: &f32| {
            let channel = at / plane;
            // A cast of a float to a byte saturates.
            ((value * self.std[channel] + self.mean[channel]) * 255.0).round() as u8
        };
        values
            .iter()
            .enumerate()
            .map(|(at, value)| byte(at, value))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> DatasetInfo {
        DatasetInfo {
            name: String::new(),
            classes: vec![],
            channels: 2,
            height: 1,
            width: 2,
            mean: vec![0.5, 0.1],
            std: vec![0.25, 0.2],
        }
    }

    #[test]
    fn normalises_as_torchvision_does_and_back() {
        // from torchvision.transforms import functional as F
        // F.normalize(torch.tensor([0, 51, 255, 128]).reshape(2, 1, 2) / 255, [.5, .1], [.25, .2])
        let mut values = [0.0; 4];
        let normalization = Normalization::of(&info());
        normalization.write(&[0, 51, 255, 128], &mut values);
        let expected = [-2.0, -1.2, 4.5, 2.009_804];
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{values:?}");
        }
        assert_eq!(normalization.undo(&values), [0, 51, 255, 128]);
    }

    #[test]
    fn takes_the_data_sets_numbers_unless_given_others() {
        let own = Normalize::default().resolve(&info()).unwrap();
        assert_eq!(
            (own.mean(), own.std()),
            ([0.5, 0.1].as_slice(), [0.25, 0.2].as_slice())
        );
        let given = |mean: &[f32], std: &[f32]| {
            let step = Normalize {
                mean: Some(mean.into()),
                std: Some(std.into()),
            };
            step.resolve(&info()).map_err(|problem| problem.key)
        };
        assert!(given(&[0.0, -1.0], &[1.0, 2.0]).is_ok());
        assert_eq!(given(&[0.0], &[1.0, 2.0]).unwrap_err(), "mean");
        assert_eq!(given(&[0.0, f32::NAN], &[1.0, 2.0]).unwrap_err(), "mean");
        assert_eq!(given(&[0.0, 0.0], &[1.0, 0.0]).unwrap_err(), "std");
        assert_eq!(
            given(&[0.0, 0.0], &[1.0, f32::INFINITY]).unwrap_err(),
            "std"
        );
        assert_eq!(given(&[0.0, 0.0], &[1.0, 1e-40]).unwrap_err(), "std");
        // Each is a number, but not what becomes of a byte.
        assert_eq!(given(&[0.0, 3e38], &[1.0, 2e-38]).unwrap_err(), "std");
    }
}
