//! Weights under PyTorch's names and in PyTorch's order:
//! `torch_model.load_state_dict(safetensors.torch.load_file(…))` takes them.

mod file;
mod path;
mod prefix;
#[cfg(feature = "pytorch")]
mod pytorch;
mod state_dict;

use std::collections::BTreeSet;

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Tensor, TensorData},
};
use serde::{Deserialize, Serialize};

pub use self::{
    path::ParameterPath,
    state_dict::{StateDict, StateTensor},
};
use crate::{Network, WeightsError, transpose::transposed};

/// What of a [`StateDict`] did not fit a network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// Parameters and buffers of the network that the dict does not hold.
    pub missing: Vec<String>,
    /// Tensors of the dict that the network has no place for.
    pub unexpected: Vec<String>,
    /// Tensors of another shape than the network's: name, the network's shape,
    /// the dict's.
    pub shapes: Vec<(String, Vec<usize>, Vec<usize>)>,
}

impl Mismatch {
    /// Whether everything did fit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.shapes.is_empty()
    }
}

impl std::fmt::Display for Mismatch {
    /// A line for each tensor.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let missing = self.missing.iter().map(|name| format!("missing: {name}"));
        let shapes = self.shapes.iter().map(|(name, expected, found)| {
            format!("another shape: {name} is {found:?}, the network has {expected:?}")
        });
        let unexpected = self
            .unexpected
            .iter()
            .map(|name| format!("unexpected: {name}"));
        let lines: Vec<String> = missing.chain(shapes).chain(unexpected).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl Network {
    /// The parameters, and the running statistics of batch norms.
    ///
    /// # Errors
    /// [`WeightsError::Device`] if the device does not give the values back.
    pub fn state_dict(&self) -> Result<StateDict, WeightsError> {
        StateDict::of(self)
    }

    /// The network with the values of `state` in the place of its own.
    ///
    /// # Errors
    /// [`WeightsError::Mismatch`] with everything that does not fit, unless
    /// `state` holds exactly this network's tensors: every name, every shape;
    /// [`WeightsError::DType`] if one of them holds no floats.
    pub fn with_state_dict(self, state: &StateDict) -> Result<Self, WeightsError> {
        let name = self.name().to_string();
        let (network, mismatch) = self.with_part_of(state);
        state.check_types(&mismatch.missing)?;
        match mismatch.is_empty() {
            true => Ok(network),
            false => Err(WeightsError::Mismatch {
                network: name,
                mismatch,
            }),
        }
    }

    /// The network with those values of `state` in the place of its own that have
    /// its names and shapes, and what does not: for fine-tuning, with a new head.
    #[must_use]
    pub fn with_part_of(self, state: &StateDict) -> (Self, Mismatch) {
        state.put_into(self)
    }

    /// The weights as the bytes of a safetensors file. `metadata` is stored with them.
    ///
    /// The same weights and metadata give the same bytes.
    ///
    /// # Errors
    /// [`WeightsError::Device`] if the device does not give the values back.
    pub fn to_safetensors(&self, metadata: &[(&str, &str)]) -> Result<Vec<u8>, WeightsError> {
        self.state_dict()?.to_safetensors(metadata)
    }

    /// The network with the weights of a safetensors file in the place of its own.
    ///
    /// # Errors
    /// If the bytes are not a whole safetensors file of floats, or its tensors
    /// are not exactly this network's: every name, every shape.
    pub fn with_safetensors(self, bytes: &[u8]) -> Result<Self, WeightsError> {
        self.with_state_dict(&StateDict::from_safetensors(bytes)?)
    }
}

impl StateDict {
    /// The floats of any Burn module, by their names in it: `conv1.weight`.
    ///
    /// # Errors
    /// [`WeightsError::Device`] if the device does not give the values back.
    pub fn of<M: Module>(module: &M) -> Result<Self, WeightsError> {
        let mut reader = Reader {
            path: ParameterPath::default(),
            state: Ok(Self::default()),
        };
        module.visit(&mut reader);
        reader.state
    }

    /// Any Burn module with the values that have its names and shapes in the place
    /// of its own, and what does not fit.
    #[must_use]
    pub fn put_into<M: Module>(&self, module: M) -> (M, Mismatch) {
        let mut writer = Writer {
            path: ParameterPath::default(),
            state: self,
            seen: BTreeSet::new(),
            mismatch: Mismatch::default(),
        };
        let module = module.map(&mut writer);
        let Writer {
            seen, mut mismatch, ..
        } = writer;
        mismatch.unexpected = self
            .names()
            .filter(|name| !seen.contains(*name))
            .map(Into::into)
            .collect();
        (module, mismatch)
    }
}

struct Reader {
    path: ParameterPath,
    state: Result<StateDict, WeightsError>,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Ok(state) = &mut self.state else { return };
        let mut shape = param.dims().to_vec();
        match param.val().try_into_vec_as::<f32>() {
            Ok(mut values) => {
                if self.path.is_transposed(D) {
                    values = transposed(&values, shape[0], shape[1]);
                    shape.reverse();
                }
                state.insert(&self.path.name(), StateTensor { shape, values });
            }
            Err(e) => self.state = Err(WeightsError::Device(e.to_string())),
        }
    }
}

struct Writer<'a> {
    path: ParameterPath,
    state: &'a StateDict,
    seen: BTreeSet<String>,
    mismatch: Mismatch,
}

impl ModuleMapper for Writer<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name();
        let Some(found) = self.state.get(&name) else {
            self.mismatch.missing.push(name);
            return param;
        };
        let own = param.dims();
        let mut expected = own.to_vec();
        let transpose = self.path.is_transposed(D);
        if transpose {
            expected.reverse();
        }
        self.seen.insert(name.clone());
        if found.shape != expected {
            let shapes = (name, expected, found.shape.clone());
            self.mismatch.shapes.push(shapes);
            return param;
        }
        let values = match transpose {
            true => transposed(&found.values, expected[0], expected[1]),
            false => found.values.clone(),
        };
        param.map(|old| {
            Tensor::from_data(TensorData::new(values, own), &old.device())
                .set_require_grad(old.is_require_grad())
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use safetensors::{Dtype, SafeTensors, tensor::TensorView};

    use super::*;
    use crate::{convnet, lenet5, lenet5_sigmoid};

    const IMAGE: [usize; 3] = [1, 28, 28];

    fn bytes(network: &Network) -> Vec<u8> {
        network
            .to_safetensors(&[("model", "lenet5"), ("epoch", "1")])
            .unwrap()
    }

    #[test]
    fn come_back_bit_for_bit() {
        let device = Device::flex();
        let network = lenet5(10).seed(1).build(IMAGE, &device).unwrap();
        let other = lenet5(10).seed(2).build(IMAGE, &device).unwrap();
        assert_ne!(bytes(&network), bytes(&other));
        let loaded = other.with_safetensors(&bytes(&network)).unwrap();
        assert_eq!(bytes(&network), bytes(&loaded));
    }

    #[test]
    fn are_named_and_shaped_as_in_pytorch() {
        let network = lenet5(10).build(IMAGE, &Device::flex()).unwrap();
        let bytes = bytes(&network);
        let file = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.names().len(), 10);
        assert_eq!(file.tensor("conv2.weight").unwrap().shape(), [16, 6, 5, 5]);
        assert_eq!(file.tensor("fc1.weight").unwrap().shape(), [120, 400]);
        assert_eq!(file.tensor("fc3.bias").unwrap().shape(), [10]);
    }

    #[test]
    fn of_another_network_or_broken_are_refused() {
        let device = Device::flex();
        let network = lenet5(10).build(IMAGE, &device).unwrap();
        let good = bytes(&network);
        let load = |model: crate::Model, bytes: &[u8]| {
            let network = model.build(IMAGE, &device).unwrap();
            network.with_safetensors(bytes).unwrap_err().to_string()
        };
        for length in [0, 4, 100, good.len() / 2, good.len() - 1] {
            let error = load(lenet5(10), &good[..length]);
            assert!(error.contains("safetensors"), "{length}: {error}");
        }
        let error = load(convnet(10), &good);
        assert!(
            error.contains("fc1.weight is [120, 400], the network has [120, 256]"),
            "{error}"
        );
        let error = load(lenet5_sigmoid(100), &good);
        assert!(
            error.contains("fc3.weight") && error.contains("fc3.bias"),
            "{error}"
        );
        let error = load(crate::perceptron(10), &good);
        assert!(
            error.contains("missing: fc.weight") && error.contains("unexpected: conv1.bias"),
            "{error}"
        );
    }

    #[test]
    fn a_part_is_taken_when_asked_for() {
        let device = Device::flex();
        let network = lenet5(10).seed(1).build(IMAGE, &device).unwrap();
        let state = network.state_dict().unwrap();
        let other = lenet5(100).seed(2).build(IMAGE, &device).unwrap();
        let head = other.state_dict().unwrap().get("fc3.weight").cloned();
        let (other, mismatch) = other.with_part_of(&state);
        assert_eq!(
            mismatch.to_string(),
            "another shape: fc3.weight is [10, 84], the network has [100, 84]\n\
             another shape: fc3.bias is [10], the network has [100]"
        );
        let taken = other.state_dict().unwrap();
        assert_eq!(taken.get("fc2.weight"), state.get("fc2.weight"));
        assert_eq!(taken.get("fc3.weight").cloned(), head);
    }

    #[test]
    fn of_16_and_64_bits_are_converted_and_of_integers_refused() {
        let file = |dtype, bytes: &[u8]| {
            let weight = TensorView::new(dtype, vec![2], bytes).unwrap();
            safetensors::serialize([("fc.weight", weight)], None).unwrap()
        };
        let values = |bytes: Vec<u8>| {
            let state = StateDict::from_safetensors(&bytes).unwrap();
            state.get("fc.weight").unwrap().values.clone()
        };
        let f64s: Vec<u8> = [1.5f64, -2.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        assert_eq!(values(file(Dtype::F64, &f64s)), [1.5, -2.0]);
        // 1.5 and -2 by IEEE 754 in 16 bits, and as the upper halves of floats.
        assert_eq!(values(file(Dtype::F16, &[0, 0x3e, 0, 0xc0])), [1.5, -2.0]);
        assert_eq!(
            values(file(Dtype::BF16, &[0xc0, 0x3f, 0, 0xc0])),
            [1.5, -2.0]
        );
        let error = StateDict::from_safetensors(&file(Dtype::I32, &[0; 8])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "tensor `fc.weight` holds I32, which are no floats"
        );
    }

    #[test]
    fn integers_are_refused_only_where_the_network_has_floats() {
        let network = crate::perceptron(2).build([1, 1, 2], &Device::flex());
        let network = network.unwrap();
        let floats = [0; 16];
        let integers = [0; 16];
        let load = |bias, names: [&str; 3]| {
            let weight = TensorView::new(Dtype::F32, vec![2, 2], &floats).unwrap();
            let view = |dtype, bytes| TensorView::new(dtype, vec![2], bytes).unwrap();
            let bias = match bias {
                Dtype::F32 => view(bias, &floats[..8]),
                other => view(other, &integers[..]),
            };
            let counter = view(Dtype::I64, &integers[..]);
            let views = names.into_iter().zip([weight, bias, counter]);
            let bytes = safetensors::serialize(views, None).unwrap();
            let state = StateDict::from_safetensors(&bytes).unwrap();
            let state = state.named_for(network.summary());
            network.clone().with_state_dict(&state).map(drop)
        };
        // As torch.optim.swa_utils.AveragedModel has them.
        let averaged = ["module.fc.weight", "module.fc.bias", "n_averaged"];
        load(Dtype::F32, averaged).unwrap();
        let another = ["module.fc.weight", "module.fc.bias", "module.steps"];
        let error = load(Dtype::F32, another).unwrap_err().to_string();
        assert!(error.ends_with("unexpected: steps"), "{error}");
        let error = load(Dtype::I64, averaged).unwrap_err().to_string();
        assert_eq!(error, "tensor `fc.bias` holds I64, which are no floats");
    }
}
