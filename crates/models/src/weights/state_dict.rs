//! Tensors under their names, as a file holds them.

use std::collections::{BTreeMap, HashMap};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::WeightsError;

/// Named tensors of 32-bit floats in PyTorch's names, shapes and order: what
/// PyTorch calls a state dict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StateDict {
    tensors: BTreeMap<String, StateTensor>,
}

/// A tensor of a [`StateDict`].
#[derive(Debug, Clone, PartialEq)]
pub struct StateTensor {
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// Values in row-major order.
    pub values: Vec<f32>,
}

impl StateDict {
    /// Reads the bytes of a safetensors file. Numbers of 16 and 64 bits become
    /// those of 32. Batches counted by PyTorch's batch norms are left out: no
    /// network here needs them.
    ///
    /// # Errors
    /// [`WeightsError::Format`] if the bytes are not a whole file,
    /// [`WeightsError::DType`] if a tensor holds no floats.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, WeightsError> {
        let file =
            SafeTensors::deserialize(bytes).map_err(|e| WeightsError::Format(e.to_string()))?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.iter() {
            if counts_batches(name) {
                continue;
            }
            let tensor = StateTensor {
                shape: view.shape().to_vec(),
                values: floats(name, view.dtype(), view.data())?,
            };
            tensors.insert(name.to_string(), tensor);
        }
        Ok(Self { tensors })
    }

    /// The bytes of a safetensors file. `metadata` is stored with them.
    ///
    /// The same tensors and metadata give the same bytes.
    ///
    /// # Errors
    /// [`WeightsError::Format`] if a tensor has not as many values as its shape says.
    pub fn to_safetensors(&self, metadata: &[(&str, &str)]) -> Result<Vec<u8>, WeightsError> {
        let bytes: Vec<(&str, &[usize], Vec<u8>)> = self
            .iter()
            .map(|(name, tensor)| {
                let bytes = tensor.values.iter().flat_map(|v| v.to_le_bytes());
                (name, tensor.shape.as_slice(), bytes.collect())
            })
            .collect();
        let views: Vec<(&str, TensorView<'_>)> = bytes
            .iter()
            .map(|(name, shape, bytes)| {
                let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes)
                    .map_err(|e| WeightsError::Format(format!("tensor `{name}`: {e}")))?;
                Ok((*name, view))
            })
            .collect::<Result<_, WeightsError>>()?;
        // One entry at most: the format keeps no order of several, and bytes must repeat.
        let note = (!metadata.is_empty()).then(|| {
            let pairs: Vec<String> = metadata.iter().map(|(k, v)| format!("{k}={v}")).collect();
            HashMap::from([("kiln".to_string(), pairs.join(" "))])
        });
        safetensors::serialize(views, note).map_err(|e| WeightsError::Format(e.to_string()))
    }

    /// Looks that all values are numbers.
    ///
    /// # Errors
    /// [`WeightsError::NotFinite`] for the first tensor with NaN or infinity.
    pub fn check_finite(&self) -> Result<(), WeightsError> {
        for (name, StateTensor { values, .. }) in self.iter() {
            let count = values.iter().filter(|value| !value.is_finite()).count();
            if count > 0 {
                return Err(WeightsError::NotFinite {
                    name: name.into(),
                    count,
                    of: values.len(),
                });
            }
        }
        Ok(())
    }

    /// The tensor of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&StateTensor> {
        self.tensors.get(name)
    }

    /// Adds a tensor, in the place of one of that name if there is one.
    pub fn insert(&mut self, name: &str, tensor: StateTensor) {
        self.tensors.insert(name.into(), tensor);
    }

    /// How many tensors there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// Whether there is no tensor.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    /// As [`iter`](Self::iter), giving the tensors away.
    pub(super) fn into_tensors(self) -> impl Iterator<Item = (String, StateTensor)> {
        self.tensors.into_iter()
    }

    /// All tensors, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &StateTensor)> {
        self.tensors.iter().map(|(name, t)| (name.as_str(), t))
    }
}

/// Whether this is a counter of PyTorch's batch norms.
pub(crate) fn counts_batches(name: &str) -> bool {
    name.ends_with(".num_batches_tracked")
}

/// Little-endian numbers of a type as those of 32 bits; `name` is that of the tensor.
pub(super) fn floats(name: &str, dtype: Dtype, data: &[u8]) -> Result<Vec<f32>, WeightsError> {
    Ok(match dtype {
        Dtype::F32 => chunks(data, f32::from_le_bytes).collect(),
        Dtype::F64 => chunks(data, f64::from_le_bytes).map(|v| v as f32).collect(),
        Dtype::F16 => chunks(data, half::f16::from_le_bytes)
            .map(f32::from)
            .collect(),
        Dtype::BF16 => chunks(data, half::bf16::from_le_bytes)
            .map(f32::from)
            .collect(),
        other => {
            return Err(WeightsError::DType {
                name: name.into(),
                found: format!("{other:?}"),
            });
        }
    })
}

fn chunks<const N: usize, T>(
    data: &[u8],
    number: impl Fn([u8; N]) -> T,
) -> impl Iterator<Item = T> {
    data.as_chunks::<N>()
        .0
        .iter()
        .map(move |&bytes| number(bytes))
}
