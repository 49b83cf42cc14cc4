//! Every family against PyTorch: counts, names, predictions, training.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

mod support;

use burn::{
    Tensor,
    module::{Module, ModuleVisitor, Param},
    tensor::Device,
};
use models::{Form, Init, LayerSpec, Layers, Model, Shape, Weights};
use serde::Deserialize;
use support::{cases, fnv1a};

#[test]
fn predict_and_train_as_in_pytorch() {
    for case in cases() {
        case.check(&Device::flex(), true);
    }
}

#[test]
fn every_family_has_a_case() {
    let cases = cases();
    let tried = |name: &str| cases.iter().any(|case| case.model == name);
    let mut families: Vec<&str> = Vec::new();
    for architecture in models::architectures() {
        if tried(architecture.name) {
            families.push(architecture.family);
        }
    }
    for architecture in models::architectures() {
        assert!(
            families.contains(&architecture.family),
            "{}",
            architecture.name
        );
    }
}

/// What counts.py says of an architecture at its usual image.
#[derive(Deserialize)]
struct Count {
    name: String,
    form: Option<String>,
    input: [usize; 3],
    classes: usize,
    parameters: usize,
    macs: usize,
    dropouts: Vec<f64>,
    state: String,
    #[serde(default)]
    auxiliary: bool,
    #[serde(default)]
    auxiliary_macs: usize,
}

fn counts() -> Vec<Count> {
    serde_json::from_str(include_str!("golden/counts.json")).unwrap()
}

impl Count {
    fn model(&self) -> Model {
        // What the weights are does not matter, but drawing hundreds of millions does.
        let zeros = Init {
            conv: Weights::Constant { value: 0.0 },
            linear: Weights::Constant { value: 0.0 },
            ..Init::default()
        };
        let model = Model::find(&self.name, self.classes).unwrap().init(zeros);
        let model = match self.form.as_deref() {
            None => model,
            Some("small") => model.form(Form::Small),
            Some(_) => model.form(Form::ImageNet),
        };
        match self.auxiliary {
            true => model.auxiliary_heads(),
            false => model,
        }
    }
}

#[test]
fn have_the_parameters_and_multiply_adds_of_the_references() {
    let counts = counts();
    for architecture in models::architectures() {
        let of_name = counts
            .iter()
            .filter(|count| count.name == architecture.name);
        assert_eq!(
            of_name.count() >= 2,
            architecture.forms,
            "{}",
            architecture.name
        );
    }
    for count in counts {
        let summary = count.model().summary(count.input).unwrap();
        let what = format!("{} {:?}", count.name, count.form);
        assert_eq!(summary.parameters(), count.parameters, "{what}");
        let multiply_adds = count.macs + count.auxiliary_macs;
        assert_eq!(summary.multiply_adds(), multiply_adds, "{what}");
        assert_eq!(summary.output(), Shape::Flat(count.classes), "{what}");
        let spec = count.model().spec(count.input).unwrap();
        assert_eq!(dropouts(spec.as_layers()), count.dropouts, "{what}");
    }
}

/// The probabilities of all dropout layers, in the order of a forward pass; those of
/// second classifiers behind, as the reference computes them.
fn dropouts(layers: &Layers) -> Vec<f64> {
    let (mut found, mut of_heads) = (Vec::new(), Vec::new());
    for (_, layer) in layers {
        match layer {
            LayerSpec::Dropout { p } => found.push(*p),
            LayerSpec::Auxiliary { layers, .. } => of_heads.extend(dropouts(layers)),
            LayerSpec::Residual { body, .. } => found.extend(dropouts(body)),
            _ => {}
        }
    }
    found.extend(of_heads);
    found
}

#[test]
fn name_and_shape_their_tensors_as_pytorch_does() {
    for count in counts() {
        let network = count.model().build(count.input, &Device::flex()).unwrap();
        assert_eq!(network.num_params(), count.parameters);
        let mut names = Names::default();
        network.visit(&mut names);
        let mut entries = names.entries;
        entries.sort();
        let state: String = entries
            .iter()
            .map(|(name, shape)| {
                let shape: Vec<String> = shape.iter().map(ToString::to_string).collect();
                format!("{name}:{}\n", shape.join("x"))
            })
            .collect();
        let hash = format!("{:016x}", fnv1a(state.as_bytes()));
        assert_eq!(hash, count.state, "{} {:?}", count.name, count.form);
    }
}

/// The tensors of a network, without their values.
#[derive(Default)]
struct Names {
    path: Vec<String>,
    container: String,
    entries: Vec<(String, Vec<usize>)>,
}

impl ModuleVisitor for Names {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.push(name.into());
        self.container = container.into();
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let mut shape = param.dims().to_vec();
        // Burn keeps the weight of a fully connected layer the other way round.
        if self.container == "Struct:Linear" {
            shape.reverse();
        }
        self.entries.push((self.path.join("."), shape));
    }
}
