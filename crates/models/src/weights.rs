//! Weights as safetensors, under PyTorch's names and in PyTorch's order:
//! `torch_model.load_state_dict(safetensors.torch.load_file(…))` takes them.

use std::collections::HashMap;

use burn::{
    module::Param,
    tensor::{Device, Tensor},
};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{
    Network, WeightsError,
    layer::{Layer, bias, conv_weight, linear_weight, transposed},
};

/// A parameter as PyTorch holds it.
struct Stored {
    name: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Network {
    /// The weights as the bytes of a safetensors file. `metadata` is stored with them.
    ///
    /// The same weights and metadata give the same bytes.
    ///
    /// # Errors
    /// [`WeightsError::Device`] if the device does not give the values back.
    pub fn to_safetensors(&self, metadata: &[(&str, &str)]) -> Result<Vec<u8>, WeightsError> {
        let mut stored = Vec::new();
        for named in &self.layers {
            match &named.layer {
                Layer::Conv2d(conv) => {
                    let shape = conv.weight.dims().to_vec();
                    stored.push(store(&named.name, "weight", shape, &values(&conv.weight)?));
                    stored.extend(store_bias(&named.name, conv.bias.as_ref())?);
                }
                Layer::Linear(linear) => {
                    let [inputs, outputs] = linear.weight.dims();
                    let weight = transposed(&values(&linear.weight)?, inputs, outputs);
                    stored.push(store(&named.name, "weight", vec![outputs, inputs], &weight));
                    stored.extend(store_bias(&named.name, linear.bias.as_ref())?);
                }
                Layer::Relu(_)
                | Layer::Sigmoid(_)
                | Layer::MaxPool2d(_)
                | Layer::AvgPool2d(_)
                | Layer::Dropout(_)
                | Layer::Flatten(_) => {}
            }
        }
        let views = stored.iter().map(|s| {
            let view = TensorView::new(Dtype::F32, s.shape.clone(), &s.bytes)
                .expect("a parameter has as many values as its shape says");
            (s.name.as_str(), view)
        });
        // One entry at most: the format keeps no order of several, and bytes must repeat.
        let note = (!metadata.is_empty()).then(|| {
            let pairs: Vec<String> = metadata.iter().map(|(k, v)| format!("{k}={v}")).collect();
            HashMap::from([("kiln".to_string(), pairs.join(" "))])
        });
        safetensors::serialize(views, note).map_err(|e| WeightsError::Format(e.to_string()))
    }

    /// The network with the weights of a safetensors file in the place of its own.
    ///
    /// # Errors
    /// If the bytes are not a whole safetensors file, or its tensors are not
    /// exactly this network's parameters: every name, every shape, all `F32`.
    pub fn with_safetensors(mut self, bytes: &[u8]) -> Result<Self, WeightsError> {
        let file =
            SafeTensors::deserialize(bytes).map_err(|e| WeightsError::Format(e.to_string()))?;
        let network = self.name().to_string();
        let mut reader = StateDict {
            file,
            network,
            read: Vec::new(),
        };
        for named in &mut self.layers {
            let name = &named.name;
            match &mut named.layer {
                Layer::Conv2d(conv) => {
                    let device = conv.weight.device();
                    let shape = conv.weight.dims();
                    let weight = reader.take(name, "weight", &shape)?;
                    reader.bias(name, &mut conv.bias, &device)?;
                    conv.weight = conv_weight(weight, shape, &device);
                }
                Layer::Linear(linear) => {
                    let device = linear.weight.device();
                    let [inputs, outputs] = linear.weight.dims();
                    let weight = reader.take(name, "weight", &[outputs, inputs])?;
                    reader.bias(name, &mut linear.bias, &device)?;
                    linear.weight = linear_weight(&weight, [outputs, inputs], &device);
                }
                Layer::Relu(_)
                | Layer::Sigmoid(_)
                | Layer::MaxPool2d(_)
                | Layer::AvgPool2d(_)
                | Layer::Dropout(_)
                | Layer::Flatten(_) => {}
            }
        }
        reader.nothing_left()?;
        Ok(self)
    }
}

fn values<const D: usize>(param: &Param<Tensor<D>>) -> Result<Vec<f32>, WeightsError> {
    param
        .val()
        .try_into_vec_as::<f32>()
        .map_err(|e| WeightsError::Device(e.to_string()))
}

fn store(layer: &str, parameter: &str, shape: Vec<usize>, values: &[f32]) -> Stored {
    Stored {
        name: format!("{layer}.{parameter}"),
        shape,
        bytes: values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
    }
}

fn store_bias(
    layer: &str,
    bias: Option<&Param<Tensor<1>>>,
) -> Result<Option<Stored>, WeightsError> {
    bias.map(|bias| Ok(store(layer, "bias", bias.dims().to_vec(), &values(bias)?)))
        .transpose()
}

/// A file whose tensors are taken one by one.
struct StateDict<'a> {
    file: SafeTensors<'a>,
    network: String,
    read: Vec<String>,
}

impl StateDict<'_> {
    fn take(
        &mut self,
        layer: &str,
        parameter: &str,
        shape: &[usize],
    ) -> Result<Vec<f32>, WeightsError> {
        let name = format!("{layer}.{parameter}");
        let Ok(view) = self.file.tensor(&name) else {
            let mut present: Vec<String> = self.file.names().into_iter().map(Into::into).collect();
            present.sort();
            return Err(WeightsError::Missing {
                name,
                network: self.network.clone(),
                present,
            });
        };
        if view.dtype() != Dtype::F32 {
            let found = format!("{:?}", view.dtype());
            return Err(WeightsError::DType { name, found });
        }
        if view.shape() != shape {
            return Err(WeightsError::Shape {
                network: self.network.clone(),
                expected: shape.to_vec(),
                found: view.shape().to_vec(),
                name,
            });
        }
        self.read.push(name);
        let float = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        Ok(view.data().chunks_exact(4).map(float).collect())
    }

    fn bias(
        &mut self,
        layer: &str,
        place: &mut Option<Param<Tensor<1>>>,
        device: &Device,
    ) -> Result<(), WeightsError> {
        if let Some(old) = place {
            *old = bias(self.take(layer, "bias", &old.dims())?, device);
        }
        Ok(())
    }

    fn nothing_left(&self) -> Result<(), WeightsError> {
        let mut left: Vec<_> = self.file.names().into_iter().collect();
        left.sort_unstable();
        match left
            .into_iter()
            .find(|name| !self.read.iter().any(|read| read == name))
        {
            Some(name) => Err(WeightsError::Unexpected {
                name: name.into(),
                network: self.network.clone(),
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
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
        let load = |spec: crate::NetworkSpec, bytes: &[u8]| {
            let network = spec.build(IMAGE, &device).unwrap();
            network.with_safetensors(bytes).unwrap_err().to_string()
        };
        for length in [0, 4, 100, good.len() / 2, good.len() - 1] {
            let error = load(lenet5(10), &good[..length]);
            assert!(error.contains("safetensors"), "{length}: {error}");
        }
        let error = load(convnet(10), &good);
        assert!(
            error.contains("fc1.weight") && error.contains("[120, 256]"),
            "{error}"
        );
        let error = load(lenet5_sigmoid(100), &good);
        assert!(error.contains("fc3.weight"), "{error}");
        let error = load(crate::perceptron(10), &good);
        assert!(
            error.contains("fc.weight") && error.contains("conv1.bias"),
            "{error}"
        );
        // A prefix of the network: all its parameters are there, and more.
        let prefix = crate::NetworkSpec::new("prefix")
            .conv2d("conv1", 6, 5, 2)
            .layer("flatten", crate::LayerSpec::Flatten);
        let error = load(prefix, &good);
        assert!(error.contains("`conv2.bias` has no place"), "{error}");
    }
    #[test]
    fn of_another_type_are_refused() {
        let network = crate::perceptron(2)
            .build([1, 1, 2], &Device::flex())
            .unwrap();
        let bytes = [0; 16];
        let weight = TensorView::new(Dtype::I32, vec![2, 2], &bytes).unwrap();
        let file = safetensors::serialize([("fc.weight", weight)], None).unwrap();
        let error = network.with_safetensors(&file).unwrap_err().to_string();
        assert_eq!(error, "tensor `fc.weight` holds I32, but only F32 is read");
    }
}
