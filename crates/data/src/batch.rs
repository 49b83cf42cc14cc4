use crate::augment::Normalization;

/// A batch on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The images, `N×C×H×W`.
    pub pixels: Pixels,
    /// The label of each of the `N` images. Where images are mixed, that of the
    /// larger part.
    pub labels: Vec<u16>,
    /// `[N, C, H, W]`.
    pub shape: [usize; 4],
    /// The probability of each class for each image, `N×classes`, if images of
    /// the batch are mixed.
    pub soft_targets: Option<Vec<f32>>,
}

/// The values of a batch's images.
#[derive(Debug, Clone, PartialEq)]
pub enum Pixels {
    /// Normalised.
    Values(Vec<f32>),
    /// Bytes, to be normalised where they are needed.
    Bytes(Vec<u8>, Normalization),
}

impl Batch {
    /// Number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The normalised values of the images, `N×C×H×W`.
    #[must_use]
    pub fn values(&self) -> Vec<f32> {
        match &self.pixels {
            Pixels::Values(values) => values.clone(),
            Pixels::Bytes(bytes, normalization) => {
                let mut values = vec![0.0; bytes.len()];
                let image = self.shape[1..].iter().product();
                for (image, values) in bytes.chunks(image).zip(values.chunks_mut(image)) {
                    normalization.write(image, values);
                }
                values
            }
        }
    }

    /// Whether there is no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// A batch on a device.
#[cfg(feature = "burn")]
#[derive(Debug, Clone)]
pub struct BatchTensors {
    /// Normalised images, `[N, C, H, W]`.
    pub images: burn::Tensor<4>,
    /// Labels, `[N]`. Where images are mixed, that of the larger part.
    pub labels: burn::Tensor<1, burn::tensor::Int>,
    /// The probability of each class, `[N, classes]`, if images are mixed.
    pub soft_targets: Option<burn::Tensor<2>>,
}

#[cfg(feature = "burn")]
impl Batch {
    /// The batch on `device`. Bytes are converted and normalised there.
    #[must_use]
    pub fn to_tensors(self, device: &burn::tensor::Device) -> BatchTensors {
        use burn::tensor::{Tensor, TensorData};
        let count = self.labels.len();
        let soft_targets = self.soft_targets.map(|targets| {
            let classes = targets.len() / count;
            Tensor::from_data(TensorData::new(targets, [count, classes]), device)
        });
        let images = match self.pixels {
            Pixels::Values(values) => {
                Tensor::from_data(TensorData::new(values, self.shape), device)
            }
            Pixels::Bytes(bytes, normalization) => {
                normalize_on(bytes, self.shape, &normalization, device)
            }
        };
        let labels: Vec<i32> = self.labels.into_iter().map(i32::from).collect();
        BatchTensors {
            images,
            labels: Tensor::from_data(TensorData::new(labels, [count]), device),
            soft_targets,
        }
    }
}

/// Whether bytes can be sent to `device` and converted there.
#[cfg(feature = "burn")]
#[must_use]
pub fn holds_bytes(device: &burn::tensor::Device) -> bool {
    device.supports_dtype(burn::tensor::DType::U8)
}

/// Sends bytes to `device`, and converts and normalises them there.
#[cfg(feature = "burn")]
fn normalize_on(
    bytes: Vec<u8>,
    shape: [usize; 4],
    normalization: &Normalization,
    device: &burn::tensor::Device,
) -> burn::Tensor<4> {
    use burn::tensor::{DType, Int, Tensor, TensorData};
    let channels = shape[1];
    let by_channel = |values: &[f32]| {
        let data = TensorData::new(values.to_vec(), [1, channels, 1, 1]);
        Tensor::<4>::from_data(data, device)
    };
    let images = Tensor::<4, Int>::from_data(TensorData::new(bytes, shape), (device, DType::U8));
    (images.float() / 255.0 - by_channel(normalization.mean())) / by_channel(normalization.std())
}
