use std::{ops::Range, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    DataError,
    augment::{Normalization, Problem},
};

/// What a data set is, apart from its pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetInfo {
    /// The name that [`load`](crate::load) takes.
    pub name: String,
    /// Class names; the label of an image is an index into them.
    pub classes: Vec<String>,
    /// Channels: 1 for grey images, 3 for RGB.
    pub channels: usize,
    /// Height of every image, in pixels.
    pub height: usize,
    /// Width of every image, in pixels.
    pub width: usize,
    /// Mean of each channel over the training images, of pixels scaled to 0..1.
    pub mean: Vec<f32>,
    /// Standard deviation of each channel over all pixels of the training
    /// images (not the mean of the deviations of single images), on the same scale.
    pub std: Vec<f32>,
}

impl DatasetInfo {
    /// `[channels, height, width]` of one image.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// Bytes, and pixels times channels, of one image.
    #[must_use]
    pub fn image_len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// How the images are normalised, if this can describe images.
    ///
    /// # Errors
    /// [`DataError::Inconsistent`] if images hold nothing, or mean and deviation
    /// cannot normalise the channels.
    pub(crate) fn normalization(&self) -> Result<Normalization, DataError> {
        let fail = |problem| DataError::Inconsistent {
            name: self.name.clone(),
            problem,
        };
        if self.image_len() == 0 {
            let problem = format!("images of shape {:?} hold nothing", self.shape());
            return Err(fail(problem));
        }
        Normalization::new(self.mean.clone(), self.std.clone(), self.channels)
            .map_err(|Problem { key, problem }| fail(format!("cannot normalise, {key}: {problem}")))
    }
}

/// Images as one block of bytes `N×C×H×W`, with a label each.
///
/// Clones share the bytes.
#[derive(Debug, Clone)]
pub struct ImageDataset {
    info: Arc<DatasetInfo>,
    // A vector behind the count, for an `Arc<[u8]>` would copy what it is made of.
    pixels: Arc<Vec<u8>>,
    labels: Arc<[u16]>,
}

impl ImageDataset {
    /// Puts a data set together.
    ///
    /// `pixels` holds the images one after the other, each channel by channel,
    /// row by row; `labels` holds an index into `info.classes` for each.
    ///
    /// # Errors
    /// [`DataError::Inconsistent`] if lengths do not fit, a label names no
    /// class, or mean and deviation cannot normalise the channels.
    pub fn new(
        info: Arc<DatasetInfo>,
        pixels: Vec<u8>,
        labels: Vec<u16>,
    ) -> Result<Self, DataError> {
        let fail = |problem: String| {
            Err(DataError::Inconsistent {
                name: info.name.clone(),
                problem,
            })
        };
        info.normalization()?;
        if labels.len().checked_mul(info.image_len()) != Some(pixels.len()) {
            return fail(format!(
                "{} labels and {} bytes of pixels, but an image of shape {:?} takes {} bytes",
                labels.len(),
                pixels.len(),
                info.shape(),
                info.image_len()
            ));
        }
        let classes = info.classes.len();
        if let Some(at) = labels
            .iter()
            .position(|&label| usize::from(label) >= classes)
        {
            return fail(format!(
                "image {at} has label {}, but there are {classes} classes",
                labels[at]
            ));
        }
        Ok(Self {
            info,
            pixels: Arc::new(pixels),
            labels: labels.into(),
        })
    }

    /// What the data set is.
    #[must_use]
    pub fn info(&self) -> &Arc<DatasetInfo> {
        &self.info
    }

    /// The same images as `info` describes them: with its mean and deviation, and with
    /// the labels of its classes, which are matched by name. Of some there may be no
    /// image.
    ///
    /// # Errors
    /// [`DataError::Inconsistent`] if the shape is another, or there are classes that
    /// `info` does not have: they are listed.
    pub fn described_as(&self, info: Arc<DatasetInfo>) -> Result<Self, DataError> {
        let fail = |problem: String| {
            Err(DataError::Inconsistent {
                name: self.info.name.clone(),
                problem,
            })
        };
        if info.shape() != self.info.shape() {
            return fail(format!(
                "its images have the shape {:?} (channels, height, width), and not {:?}",
                self.info.shape(),
                info.shape()
            ));
        }
        let place = |name: &String| info.classes.iter().position(|known| known == name);
        let unknown: Vec<&str> = self
            .info
            .classes
            .iter()
            .filter(|name| place(name).is_none())
            .map(String::as_str)
            .collect();
        if !unknown.is_empty() {
            return fail(format!(
                "classes that are not known: {}; known: {}",
                unknown.join(", "),
                info.classes.join(", ")
            ));
        }
        let labels: Vec<u16> = self
            .info
            .classes
            .iter()
            .filter_map(place)
            .map(|label| label as u16)
            .collect();
        Ok(Self {
            labels: self
                .labels
                .iter()
                .map(|&label| labels[usize::from(label)])
                .collect(),
            pixels: Arc::clone(&self.pixels),
            info,
        })
    }

    /// Number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The labels, one an image, in order.
    #[must_use]
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// The bytes of all images, `N×C×H×W`.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The bytes of the images of `range`, `N×C×H×W`.
    ///
    /// # Panics
    /// If `range` ends beyond [`len`](Self::len), or before it starts.
    #[must_use]
    pub fn images(&self, range: Range<usize>) -> &[u8] {
        let size = self.info.image_len();
        &self.pixels[range.start * size..range.end * size]
    }

    /// The bytes of image `index`, `C×H×W`.
    ///
    /// # Panics
    /// If `index` is not below [`len`](Self::len).
    #[must_use]
    pub fn image(&self, index: usize) -> &[u8] {
        self.images(index..index + 1)
    }
}

/// Mean and standard deviation of each channel of `pixels` (`N×C×H×W`, with
/// `plane` = `H·W`), of values scaled to 0..1: what [`DatasetInfo`] wants. The
/// deviation is that of the population.
///
/// Both are exact up to the last rounding: the sums are of integers.
///
/// # Panics
/// If `channels` or `plane` is 0.
#[must_use]
pub fn channel_statistics(pixels: &[u8], channels: usize, plane: usize) -> (Vec<f32>, Vec<f32>) {
    let mut sum = vec![0u64; channels];
    let mut squares = vec![0u64; channels];
    for (at, image_plane) in pixels.chunks_exact(plane).enumerate() {
        for &byte in image_plane {
            sum[at % channels] += u64::from(byte);
            squares[at % channels] += u64::from(byte) * u64::from(byte);
        }
    }
    let count = (pixels.len() / channels) as f64;
    let mean_of = |total: u64| total as f64 / count;
    let mean = sum.iter().map(|&s| (mean_of(s) / 255.0) as f32).collect();
    let std = sum
        .iter()
        .zip(&squares)
        .map(|(&s, &sq)| ((mean_of(sq) - mean_of(s).powi(2)).sqrt() / 255.0) as f32)
        .collect();
    (mean, std)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn info() -> DatasetInfo {
        DatasetInfo {
            name: "two".into(),
            classes: vec!["a".into(), "b".into()],
            channels: 1,
            height: 2,
            width: 2,
            mean: vec![0.5],
            std: vec![0.25],
        }
    }

    #[test]
    fn refuses_parts_that_do_not_fit() {
        let new = |info, pixels, labels| {
            ImageDataset::new(Arc::new(info), pixels, labels).map_err(|e| e.to_string())
        };
        assert!(new(info(), vec![0; 8], vec![0, 1]).is_ok());
        assert!(new(info(), vec![0; 7], vec![0, 1]).is_err());
        let error = new(info(), vec![0; 8], vec![0, 2]).unwrap_err();
        assert!(error.contains("image 1 has label 2"), "{error}");
        let flat = DatasetInfo {
            std: vec![0.0],
            ..info()
        };
        assert!(new(flat, vec![0; 8], vec![0, 1]).is_err());
        let tiny = DatasetInfo {
            std: vec![1e-40],
            ..info()
        };
        assert!(new(tiny, vec![0; 8], vec![0, 1]).is_err());
        let empty = DatasetInfo {
            height: 0,
            ..info()
        };
        assert!(new(empty, vec![], vec![]).is_err());
    }

    #[test]
    fn labels_are_matched_by_the_names_of_classes() {
        let dataset = ImageDataset::new(Arc::new(info()), vec![7; 12], vec![0, 1, 0]).unwrap();
        let other = |classes: &[&str]| {
            Arc::new(DatasetInfo {
                name: "other".into(),
                classes: classes.iter().map(ToString::to_string).collect(),
                ..info()
            })
        };
        let described = dataset.described_as(other(&["b", "c", "a"])).unwrap();
        assert_eq!(described.labels(), [2, 0, 2]);
        assert_eq!(described.info().name, "other");
        assert_eq!(described.image(0).as_ptr(), dataset.image(0).as_ptr());
        let error = dataset
            .described_as(other(&["b", "c"]))
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "data set `two`: classes that are not known: a; known: b, c"
        );
        let taller = Arc::new(DatasetInfo {
            height: 3,
            ..info()
        });
        let error = dataset.described_as(taller).unwrap_err().to_string();
        assert!(
            error.contains("[1, 2, 2]") && error.contains("[1, 3, 2]"),
            "{error}"
        );
    }

    #[test]
    fn keeps_the_bytes_that_it_is_given() {
        let pixels = vec![0; 8];
        let given = pixels.as_ptr();
        let dataset = ImageDataset::new(Arc::new(info()), pixels, vec![0, 1]).unwrap();
        assert_eq!(dataset.image(0).as_ptr(), given);
    }

    #[test]
    fn statistics_are_per_channel_over_all_pixels() {
        // Two RGB images of 1×2 pixels. NumPy:
        // x = np.array(pixels).reshape(2, 3, 2) / 255; x.mean((0, 2)); x.std((0, 2))
        let pixels = [0, 255, 10, 20, 7, 7, 255, 0, 30, 40, 7, 7];
        let (mean, std) = channel_statistics(&pixels, 3, 2);
        let close = |a: &[f32], b: [f32; 3]| a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-7);
        assert!(close(&mean, [0.5, 0.098_039_22, 0.027_450_98]), "{mean:?}");
        assert!(close(&std, [0.5, 0.043_844_47, 0.0]), "{std:?}");
    }
}
