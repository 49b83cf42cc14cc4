use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::{Batch, Pixels, augment::Normalization};

/// A batch on a device.
#[derive(Debug, Clone)]
pub struct BatchTensors {
    /// Normalised images, `[N, C, H, W]`.
    pub images: Tensor<4>,
    /// Labels, `[N]`. Where images are mixed, that of the larger part.
    pub labels: Tensor<1, Int>,
    /// The probability of each class, `[N, classes]`, in `f32`, if images are mixed.
    pub soft_targets: Option<Tensor<2>>,
}

impl Batch {
    /// The batch on `device`, each tensor by itself. Bytes are converted and
    /// normalised there.
    #[must_use]
    pub fn to_tensors(self, device: &Device) -> BatchTensors {
        let count = self.labels.len();
        let soft_targets = self.soft_targets.map(|targets| {
            let classes = targets.len() / count;
            let targets = TensorData::new(targets, [count, classes]);
            Tensor::from_data(targets, (device, DType::F32))
        });
        let images = match self.pixels {
            Pixels::Values(values) => {
                Tensor::from_data(TensorData::new(values, self.shape), device)
            }
            Pixels::Bytes(bytes, normalization) => {
                let bytes = TensorData::new(bytes, self.shape);
                let bytes = Tensor::<4, Int>::from_data(bytes, (device, DType::U8));
                normalize(bytes.float(), &normalization)
            }
        };
        let labels: Vec<i32> = self.labels.into_iter().map(i32::from).collect();
        BatchTensors {
            images,
            labels: Tensor::from_data(TensorData::new(labels, [count]), device),
            soft_targets,
        }
    }

    /// The same as [`to_tensors`](Self::to_tensors), to the bit, by a single transfer
    /// that is cut up on the device: for those with a memory of their own, where
    /// every transfer takes its time, however short.
    ///
    /// It is one of bytes if the images are bytes that are not mixed, else of `f32`,
    /// for the probabilities of mixed images are no bytes.
    #[must_use]
    pub fn to_tensors_at_once(self, device: &Device) -> BatchTensors {
        match (self.pixels, self.soft_targets) {
            (Pixels::Bytes(bytes, normalization), None) => {
                bytes_at_once(bytes, &normalization, &self.labels, self.shape, device)
            }
            (pixels, soft_targets) => {
                values_at_once(pixels, soft_targets, &self.labels, self.shape, device)
            }
        }
    }
}

/// The images, then the lower bytes of the labels, then the higher ones.
fn bytes_at_once(
    mut bytes: Vec<u8>,
    normalization: &Normalization,
    labels: &[u16],
    shape: [usize; 4],
    device: &Device,
) -> BatchTensors {
    let (pixels, count) = (bytes.len(), labels.len());
    for byte in [0, 1] {
        bytes.extend(labels.iter().map(|label| label.to_le_bytes()[byte]));
    }
    let all = TensorData::new(bytes, [pixels + 2 * count]);
    let all = Tensor::<1, Int>::from_data(all, (device, DType::U8));
    let int = device.settings().int_dtype;
    let part = |from, len| all.clone().narrow(0, from, len);
    let byte = |at: usize| part(pixels + at * count, count).cast(int);
    BatchTensors {
        labels: byte(1) * 256 + byte(0),
        images: normalize(part(0, pixels).reshape(shape).float(), normalization),
        soft_targets: None,
    }
}

/// The images, then the labels, then the probabilities.
fn values_at_once(
    pixels: Pixels,
    soft_targets: Option<Vec<f32>>,
    labels: &[u16],
    shape: [usize; 4],
    device: &Device,
) -> BatchTensors {
    let (mut values, normalization) = match pixels {
        Pixels::Values(values) => (values, None),
        Pixels::Bytes(bytes, normalization) => {
            let values = bytes.into_iter().map(f32::from);
            (values.collect(), Some(normalization))
        }
    };
    let (pixels, count) = (values.len(), labels.len());
    // Exact: a label has 16 bits, and an `f32` 24 of precision.
    values.extend(labels.iter().copied().map(f32::from));
    values.extend(soft_targets.iter().flatten());
    let all = TensorData::new(
        values,
        [pixels + count + soft_targets.as_ref().map_or(0, Vec::len)],
    );
    let all = Tensor::<1>::from_data(all, (device, DType::F32));
    let settings = device.settings();
    let part = |from, len| all.clone().narrow(0, from, len);
    let images = part(0, pixels).reshape(shape).cast(settings.float_dtype);
    BatchTensors {
        labels: part(pixels, count).cast(settings.int_dtype),
        images: match normalization {
            Some(normalization) => normalize(images, &normalization),
            None => images,
        },
        soft_targets: soft_targets.map(|targets| {
            let probabilities = part(pixels + count, targets.len());
            probabilities.reshape([count, targets.len() / count])
        }),
    }
}

/// Whether bytes can be sent to `device` and converted there.
#[must_use]
pub fn holds_bytes(device: &Device) -> bool {
    device.supports_dtype(DType::U8)
}

/// Normalises bytes `[N, C, H, W]`. The constants are made on the device: nothing is
/// sent there.
fn normalize(bytes: Tensor<4>, normalization: &Normalization) -> Tensor<4> {
    let device = bytes.device();
    let by_channel = |values: &[f32]| {
        let each = values.iter();
        let each = each.map(|&value| Tensor::<4>::full([1, 1, 1, 1], value, &device));
        Tensor::cat(each.collect(), 1)
    };
    (bytes / 255.0 - by_channel(normalization.mean())) / by_channel(normalization.std())
}
