//! PyTorch's own files (`.pth`, `.pt`), by Burn's `pytorch-reader`.
//!
//! The weights lie beside a pickle, a program that rebuilds Python objects. The
//! reader runs no Python: of all callables that a pickle may name, it knows those
//! that rebuild tensors (`torch._utils._rebuild_tensor`, `_v2`, `_v3`,
//! `_rebuild_parameter`, `torch._tensor._rebuild_from_type_v2`), `OrderedDict`,
//! `set` and `frozenset`, as data. Of any other call it keeps the name alone, and
//! refuses the file if a tensor was among the arguments.

use std::{fs, path::Path};

use pytorch_reader::{DType, PickleValue, PytorchReader};
use safetensors::Dtype;
use zip::ZipArchive;

use super::{
    StateDict, StateTensor,
    state_dict::{floats, is_counter},
};
use crate::WeightsError;

#[cfg(target_endian = "big")]
compile_error!("the reader gives numbers in the machine's order, which is taken for little-endian");

/// Under one of these, training programs keep the state dict beside other things.
const WRAPPERS: [&str; 4] = ["state_dict", "model_state_dict", "model", "net"];

/// A file may claim so many times its own bytes in tensors: some share what is
/// stored, and zeros pack well. More is an attack on the memory, or no weights.
const LARGEST_RATIO: u64 = 16;
/// And so many bytes in any case.
const FREE: u64 = 1 << 20;

impl StateDict {
    /// Reads what `torch.save` wrote of a state dict, or of a whole module: zip
    /// archives (PyTorch 1.6 and later) and the older formats. A state dict under
    /// `state_dict`, `model_state_dict`, `model` or `net` is found. No Python is
    /// executed. Numbers of 16 and 64 bits become those of 32; what batch norms
    /// and averaged models count is left out. Of other tensors that hold no floats the
    /// names are kept, which fit no network.
    ///
    /// # Errors
    /// [`WeightsError::Pytorch`] if the file is not whole, scripted
    /// (`torch.jit.save`), holds no tensors, or claims more than 16 times its own
    /// size; [`WeightsError::DType`] if none of its tensors holds floats.
    pub fn from_pytorch(path: &Path) -> Result<Self, WeightsError> {
        let size = fs::metadata(path).map_err(WeightsError::Read)?.len();
        let most = size.saturating_mul(LARGEST_RATIO).saturating_add(FREE);
        check_archive(path, most)?;
        let reader = match wrapper(path)? {
            Some(key) => PytorchReader::with_top_level_key(path, key),
            None => PytorchReader::new(path),
        };
        let tensors = reader.map_err(refused)?.into_tensors();

        let mut chosen = Vec::new();
        let mut claimed = 0u64;
        for (name, tensor) in &tensors {
            if is_counter(name) {
                continue;
            }
            claimed = claimed.saturating_add(tensor.byte_len() as u64);
            chosen.push((name, tensor));
        }
        if claimed > most {
            return Err(WeightsError::Pytorch(format!(
                "its tensors claim {claimed} bytes, and the file has {size}"
            )));
        }

        let mut state = Self::default();
        for (name, tensor) in chosen {
            let Some(dtype) = dtype(tensor.dtype()) else {
                state.insert_other(name, format!("{:?}", tensor.dtype()));
                continue;
            };
            let bytes = tensor.read().map_err(refused)?;
            if let Some(values) = floats(dtype, &bytes) {
                let shape = tensor.shape().to_vec();
                state.insert(name, StateTensor { shape, values });
            }
        }
        state.check_floats()?;
        match state.is_empty() {
            true => Err(WeightsError::Pytorch("it holds no tensors".into())),
            false => Ok(state),
        }
    }
}

fn refused(error: impl std::fmt::Display) -> WeightsError {
    WeightsError::Pytorch(error.to_string())
}

/// Looks at what a zip archive claims to hold, before any of it is unpacked.
fn check_archive(path: &Path, most: u64) -> Result<(), WeightsError> {
    let file = fs::File::open(path).map_err(WeightsError::Read)?;
    // What is no archive is of an older form, or broken: the reader tells.
    let Ok(mut archive) = ZipArchive::new(std::io::BufReader::new(file)) else {
        return Ok(());
    };
    let mut claimed = 0u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(refused)?;
        if entry.name().map_err(refused)?.ends_with("/constants.pkl") {
            let problem = "it is a scripted module (torch.jit.save): save its weights alone, by \
                           `torch.save(module.state_dict(), \"weights.pth\")`";
            return Err(WeightsError::Pytorch(problem.into()));
        }
        claimed = claimed.saturating_add(entry.size());
    }
    match claimed > most {
        true => Err(WeightsError::Pytorch(format!(
            "it claims to unpack to {claimed} bytes, more than {LARGEST_RATIO} times its own size"
        ))),
        false => Ok(()),
    }
}

/// The key under which the state dict is, unless it is the file's outermost dict.
fn wrapper(path: &Path) -> Result<Option<&'static str>, WeightsError> {
    let root = PytorchReader::read_pickle_data(path, None).map_err(refused)?;
    let PickleValue::Dict(root) = root else {
        return Ok(None);
    };
    let is_dict = |key: &&str| matches!(root.get(*key), Some(PickleValue::Dict(_)));
    let mut found = WRAPPERS.into_iter().filter(is_dict);
    match (found.next(), found.next()) {
        (Some(one), Some(other)) => Err(WeightsError::Pytorch(format!(
            "it holds a dict under `{one}` and one under `{other}`: save the one that is meant in \
             a file of its own"
        ))),
        (one, _) => Ok(one),
    }
}

fn dtype(dtype: DType) -> Option<Dtype> {
    Some(match dtype {
        DType::F64 => Dtype::F64,
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::BF16,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
