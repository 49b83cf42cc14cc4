use crate::DatasetInfo;

/// A batch on the host: normalised pixels and labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// `N×C×H×W` values, normalised: `(byte / 255 − mean) / std` by channel.
    pub pixels: Vec<f32>,
    /// The label of each of the `N` images.
    pub labels: Vec<u16>,
    /// `[N, C, H, W]`.
    pub shape: [usize; 4],
}

impl Batch {
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

    /// The batch on `device`: images `[N, C, H, W]` and labels `[N]`.
    #[cfg(feature = "burn")]
    #[must_use]
    pub fn to_tensors(
        self,
        device: &burn::tensor::Device,
    ) -> (burn::Tensor<4>, burn::Tensor<1, burn::tensor::Int>) {
        use burn::tensor::{Tensor, TensorData};
        let count = self.len();
        let labels: Vec<i32> = self.labels.into_iter().map(i32::from).collect();
        (
            Tensor::from_data(TensorData::new(self.pixels, self.shape), device),
            Tensor::from_data(TensorData::new(labels, [count]), device),
        )
    }
}

/// Turns bytes into normalised values, by a table for each channel.
///
/// Follows torchvision's `ToTensor` and `Normalize`, in that order.
#[derive(Debug, Clone)]
pub struct Normalize {
    tables: Vec<[f32; 256]>,
}

impl Normalize {
    /// The normalisation of a data set: its mean and standard deviation.
    #[must_use]
    pub fn of(info: &DatasetInfo) -> Self {
        let table = |(mean, std): (&f32, &f32)| {
            std::array::from_fn(|byte| (byte as f32 / 255.0 - mean) / std)
        };
        Self {
            tables: info.mean.iter().zip(&info.std).map(table).collect(),
        }
    }

    /// Appends an image (`C×H×W` bytes) to `pixels`.
    ///
    /// # Panics
    /// If `image` is not a whole number of planes for the channels.
    pub fn append(&self, image: &[u8], pixels: &mut Vec<f32>) {
        assert_eq!(
            image.len() % self.tables.len(),
            0,
            "an image holds whole channels"
        );
        let plane = image.len() / self.tables.len();
        for (channel, table) in image.chunks_exact(plane).zip(&self.tables) {
            pixels.extend(channel.iter().map(|&byte| table[usize::from(byte)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises_as_torchvision_does() {
        // from torchvision.transforms import functional as F
        // F.normalize(torch.tensor([0, 51, 255, 128]).reshape(2, 1, 2) / 255, [.5, .1], [.25, .2])
        let info = DatasetInfo {
            name: String::new(),
            classes: vec![],
            channels: 2,
            height: 1,
            width: 2,
            mean: vec![0.5, 0.1],
            std: vec![0.25, 0.2],
        };
        let mut pixels = Vec::new();
        Normalize::of(&info).append(&[0, 51, 255, 128], &mut pixels);
        let expected = [-2.0, -1.2, 4.5, 2.009_804];
        for (value, expected) in pixels.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{pixels:?}");
        }
    }
}
