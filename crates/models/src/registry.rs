use crate::{ModelError, NetworkSpec, zoo};

/// An architecture under its name.
#[derive(Debug, Clone, Copy)]
pub struct Architecture {
    /// The name that [`find`] takes.
    pub name: &'static str,
    /// The specification for a number of classes.
    pub spec: fn(usize) -> NetworkSpec,
}

/// All architectures that Kiln knows by name.
#[must_use]
pub fn architectures() -> &'static [Architecture] {
    const fn entry(name: &'static str, spec: fn(usize) -> NetworkSpec) -> Architecture {
        Architecture { name, spec }
    }
    const ALL: &[Architecture] = &[
        entry("convnet", zoo::lenet::convnet),
        entry("lenet-small", zoo::lenet::lenet_small),
        entry("lenet5", zoo::lenet::lenet5),
        entry("lenet5-sigmoid", zoo::lenet::lenet5_sigmoid),
        entry("mlp", zoo::mlp::mlp),
        entry("perceptron", zoo::mlp::perceptron),
    ];
    ALL
}

/// The architecture of that name.
///
/// # Errors
/// [`ModelError::UnknownModel`] with all names.
pub fn find(name: &str) -> Result<Architecture, ModelError> {
    match architectures().iter().find(|known| known.name == name) {
        Some(known) => Ok(*known),
        None => Err(ModelError::UnknownModel {
            name: name.into(),
            known: architectures().iter().map(|known| known.name).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::{Tensor, module::Module, tensor::Device};

    #[test]
    fn every_architecture_has_its_parameters_and_runs() {
        let device = Device::flex();
        let expected = [
            ("convnet", 44_426),
            ("lenet-small", 32_998),
            ("lenet5", 61_706),
            ("lenet5-sigmoid", 61_706),
            ("mlp", 669_706),
            ("perceptron", 7_850),
        ];
        assert_eq!(expected.len(), architectures().len());
        for (name, parameters) in expected {
            let spec = (find(name).unwrap().spec)(10);
            assert_eq!(spec.name(), name);
            assert_eq!(
                spec.summary([1, 28, 28]).unwrap().parameters(),
                parameters,
                "{name}"
            );
            let network = spec.build([1, 28, 28], &device).unwrap();
            assert_eq!(network.num_params(), parameters, "{name}");
            let logits = network.forward(Tensor::ones([3, 1, 28, 28], &device));
            assert_eq!(logits.dims(), [3, 10]);
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = find("lenet-5").unwrap_err().to_string();
        assert!(
            error.contains("`lenet-5`; known: convnet, lenet-small"),
            "{error}"
        );
    }
}
