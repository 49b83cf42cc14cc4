//! A network in other people's loops: records, feature maps, copies.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

mod support;

use burn::{
    Tensor,
    module::Module,
    tensor::{Device, Distribution},
};
use models::{Activation, LayerSpec, NetworkSpec, StateDict, resnet18};

const IMAGE: [usize; 3] = [3, 32, 32];

fn images(device: &Device) -> Tensor<4> {
    Tensor::random([4, 3, 32, 32], Distribution::Normal(0.0, 1.0), device)
}

#[test]
fn a_record_finds_its_parameters_by_the_names_of_the_layers() {
    let device = Device::flex();
    let stem = || {
        NetworkSpec::new("stem")
            .layer("conv1", LayerSpec::conv2d(4, 3))
            .layer("bn1", LayerSpec::batch_norm())
    };
    let end = |spec: NetworkSpec| {
        spec.layer("avgpool", LayerSpec::global_avg_pool2d())
            .layer("flatten", LayerSpec::flatten())
            .layer("fc", LayerSpec::linear(10))
    };
    let old = end(stem()).seed(1).build(IMAGE, &device).unwrap();
    let state = old.state_dict().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.bpk");
    old.save_file(&path).unwrap();
    // The same network with other layers in between, and in a block.
    let residual = LayerSpec::Residual {
        body: vec![("relu".into(), LayerSpec::relu())],
        shortcut: Vec::new(),
        after: Vec::new(),
    };
    let new = stem()
        .layer("silu", LayerSpec::Silu {})
        .layer("block", residual);
    let new = end(new).seed(2).build(IMAGE, &device).unwrap();
    assert_ne!(new.state_dict().unwrap(), state);
    let new = new.try_load_file(&path).unwrap();
    assert_eq!(new.state_dict().unwrap(), state);
}

#[test]
fn gives_the_activations_of_named_layers() {
    let device = Device::flex();
    let network = resnet18(10).width(0.125).build(IMAGE, &device).unwrap();
    let images = images(&device);
    let names = ["fc", "layer2.0", "layer2.0.relu", "layer2.0.downsample.0"];
    let (logits, collected) = network.forward_collect(images.clone(), &names).unwrap();
    let shapes: Vec<String> = collected.iter().map(|a| a.shape().to_string()).collect();
    assert_eq!(shapes, ["10", "16×16×16", "16×16×16", "16×16×16"]);
    for (name, activation) in names.iter().zip(&collected) {
        let row = network
            .summary()
            .layers
            .iter()
            .find(|row| row.name == *name);
        assert_eq!(row.unwrap().output, activation.shape(), "{name}");
    }
    let Activation::Flat(last) = &collected[0] else {
        panic!("a row of logits");
    };
    assert_eq!(last.to_data(), logits.to_data());
    assert_eq!(logits.to_data(), network.forward(images.clone()).to_data());
    // A block gives what its last layer gives.
    let (Activation::Map(block), Activation::Map(relu)) = (&collected[1], &collected[2]) else {
        panic!("maps");
    };
    assert_eq!(block.to_data(), relu.to_data());

    let error = network.forward_collect(images, &["layer9"]).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("no layer `layer9`") && error.contains("layer2.0.conv1"),
        "{error}"
    );
}

#[test]
fn a_copy_keeps_its_running_statistics() {
    let device = Device::flex().autodiff();
    let network = resnet18(10).width(0.125).build(IMAGE, &device).unwrap();
    let copy = network.clone();
    let before = copy.state_dict().unwrap();
    let _ = network.forward(images(&device));
    let mean = |state: &StateDict| state.get("bn1.running_mean").unwrap().values.clone();
    assert_eq!(mean(&copy.state_dict().unwrap()), mean(&before));
    assert_ne!(mean(&network.state_dict().unwrap()), mean(&before));
    // Evaluation, and a frozen network, leave them alone.
    let frozen = network.clone().freeze();
    let before = frozen.state_dict().unwrap();
    let _ = frozen.forward(images(&device));
    assert_eq!(frozen.state_dict().unwrap(), before);
    let valid = network.valid();
    let _ = valid.forward(images(&Device::flex()));
    assert_eq!(mean(&valid.state_dict().unwrap()), mean(&before));
}

#[test]
fn a_single_value_leaves_the_running_variance_alone() {
    let device = Device::flex().autodiff();
    let network = NetworkSpec::new("n")
        .layer("flatten", LayerSpec::flatten())
        .layer("bn", LayerSpec::batch_norm())
        .build([2, 1, 1], &device)
        .unwrap();
    let output = network.forward(Tensor::ones([1, 2, 1, 1], &device));
    assert_eq!(output.try_into_vec_as::<f32>().unwrap(), [0.0, 0.0]);
    let state = network.state_dict().unwrap();
    assert_eq!(state.get("bn.running_var").unwrap().values, [1.0, 1.0]);
    assert_eq!(state.get("bn.running_mean").unwrap().values, [0.1, 0.1]);
}

#[test]
fn residual_blocks_can_start_as_their_shortcuts() {
    let init = models::Init {
        zero_residual: true,
        ..models::Init::RESNET
    };
    let device = Device::flex();
    let network = resnet18(10)
        .width(0.125)
        .init(init)
        .build(IMAGE, &device)
        .unwrap();
    let state = network.state_dict().unwrap();
    let scale = |name: &str| state.get(name).unwrap().values.clone();
    assert_eq!(scale("layer1.0.bn2.weight"), [0.0; 8]);
    assert_eq!(scale("layer1.0.bn1.weight"), [1.0; 8]);
    assert_eq!(scale("layer2.0.downsample.1.weight"), [1.0; 16]);
    // Where something follows the norm, no gradient would ever reach it.
    for model in [models::resnet9(10), models::resnet_mnist(10)] {
        let error = model.init(init).build(IMAGE, &device).unwrap_err();
        assert!(error.to_string().contains("zero_residual"), "{error}");
    }
}

#[test]
fn parameters_that_are_not_trained_are_not_counted() {
    let network = resnet18(10).build(IMAGE, &Device::flex()).unwrap();
    assert_eq!(network.num_params(), 11_173_962);
}
