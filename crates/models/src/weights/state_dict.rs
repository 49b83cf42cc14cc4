//! Tensors under their names, as a file holds them.

use std::collections::{BTreeMap, HashMap};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::WeightsError;

/// Named tensors of 32-bit floats in PyTorch's names, shapes and order: what
/// PyTorch calls a state dict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StateDict {
    tensors: BTreeMap<String, StateTensor>,
    /// Tensors of a file that hold no floats, and their types: of no use to a network, and
    /// to be told.
    others: BTreeMap<String, String>,
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
    /// those of 32. What PyTorch's batch norms and averaged models count is left out:
    /// no network here needs it. Of other tensors that hold no floats the names are
    /// kept, which fit no network.
    ///
    /// # Errors
    /// [`WeightsError::Format`] if the bytes are not a whole file,
    /// [`WeightsError::DType`] if there are tensors, and none holds floats.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, WeightsError> {
        let file =
            SafeTensors::deserialize(bytes).map_err(|e| WeightsError::Format(e.to_string()))?;
        let mut state = Self::default();
        for (name, view) in file.iter().filter(|(name, _)| !is_counter(name)) {
            match floats(view.dtype(), view.data()) {
                Some(values) => {
                    let shape = view.shape().to_vec();
                    state.insert(name, StateTensor { shape, values });
                }
                None => state.insert_other(name, format!("{:?}", view.dtype())),
            }
        }
        state.check_floats()?;
        Ok(state)
    }

    /// Adds a tensor that holds no floats but `found`.
    pub(super) fn insert_other(&mut self, name: &str, found: String) {
        self.others.insert(name.into(), found);
    }

    /// Looks that not all tensors hold something else than floats.
    pub(super) fn check_floats(&self) -> Result<(), WeightsError> {
        match self.tensors.is_empty() {
            true => self.check_types(self.others.keys().next()),
            false => Ok(()),
        }
    }

    /// Looks that none of the tensors that a network `lacks` is here with something else
    /// than floats: to start it anew would hide that.
    ///
    /// # Errors
    /// [`WeightsError::DType`] for the first one that is.
    pub fn check_types<'a>(
        &self,
        lacks: impl IntoIterator<Item = &'a String>,
    ) -> Result<(), WeightsError> {
        let found = lacks
            .into_iter()
            .find_map(|name| self.others.get_key_value(name));
        match found {
            Some((name, found)) => Err(WeightsError::DType {
                name: name.clone(),
                found: found.clone(),
            }),
            None => Ok(()),
        }
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

    /// How many tensors of floats there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// Whether there is no tensor of floats.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    /// The names of the tensors that a file had beside those of floats.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        self.others.keys().map(String::as_str)
    }

    /// The same tensors with other names: what `rename` makes of them.
    pub(super) fn renamed(self, rename: impl Fn(&str) -> String) -> Self {
        let tensors = self.tensors.into_iter();
        let others = self.others.into_iter();
        Self {
            tensors: tensors.map(|(name, t)| (rename(&name), t)).collect(),
            others: others.map(|(name, found)| (rename(&name), found)).collect(),
        }
    }

    /// The names of all tensors: of those of floats, then of the others.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name).chain(self.others())
    }

    /// All tensors of floats, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &StateTensor)> {
        self.tensors.iter().map(|(name, t)| (name.as_str(), t))
    }
}

/// Whether this is a counter of PyTorch's batch norms, or of `AveragedModel`.
pub(crate) fn is_counter(name: &str) -> bool {
    let (_, own) = name.rsplit_once('.').unwrap_or(("", name));
    matches!(own, "num_batches_tracked" | "n_averaged")
}

/// Little-endian numbers of a type as those of 32 bits; nothing of a type that is not
/// of floats.
pub(super) fn floats(dtype: Dtype, data: &[u8]) -> Option<Vec<f32>> {
    Some(match dtype {
        Dtype::F32 => chunks(data, f32::from_le_bytes).collect(),
        Dtype::F64 => chunks(data, f64::from_le_bytes).map(|v| v as f32).collect(),
        Dtype::F16 => chunks(data, half::f16::from_le_bytes)
            .map(f32::from)
            .collect(),
        Dtype::BF16 => chunks(data, half::bf16::from_le_bytes)
            .map(f32::from)
            .collect(),
        _ => return None,
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
