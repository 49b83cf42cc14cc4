//! Every backend that is compiled in takes the same first steps.
#![cfg(feature = "flex")]
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::sync::{Arc, Mutex};

use trainer::{
    Event, Experiment, Observer, TrainConfig,
    backend::{AdapterKind, Backend, BackendChoice},
    config::{OptimizerConfig, OptimizerName, ScheduleConfig, ScheduleName},
};

const STEPS: usize = 20;

/// The cases of the models crate, held to PyTorch.
#[cfg(feature = "wgpu")]
#[path = "../../models/tests/support/mod.rs"]
mod networks;

/// Keeps the loss of every step.
struct Losses(Arc<Mutex<Vec<f64>>>);

impl Observer for Losses {
    fn on_event(&mut self, event: &Event) -> std::io::Result<()> {
        if let Event::StepDone(step) = event {
            self.0.lock().unwrap().push(step.batch.loss);
        }
        Ok(())
    }
}

fn losses(backend: Backend, adapter: AdapterKind) -> Vec<f64> {
    let out = tempfile::tempdir().unwrap();
    let losses = Arc::default();
    let config = TrainConfig {
        backend: BackendChoice::Fixed(backend),
        adapter,
        // An epoch of 20 steps.
        limit: Some(STEPS * 32),
        batch_size: 32,
        valid: 0.into(),
        epochs: 1,
        // What learns something within the 20 steps.
        augment: Vec::new(),
        schedule: ScheduleConfig {
            name: ScheduleName::Constant,
            warmup_epochs: Some(0.0),
            ..ScheduleConfig::default()
        },
        optimizer: OptimizerConfig {
            name: OptimizerName::Adam,
            lr: Some(5e-3),
            ..OptimizerConfig::default()
        },
        ..TrainConfig::default()
    };
    let trainer = Experiment::new(config)
        .unwrap()
        .observe(Losses(Arc::clone(&losses)));
    trainer.run(out.path()).unwrap();
    let losses = losses.lock().unwrap().clone();
    assert_eq!(losses.len(), STEPS);
    losses
}

/// The steps of a backend against those of flex, to 1e-3 relative.
#[cfg(any(feature = "wgpu", feature = "ndarray"))]
fn agrees_with_flex(backend: Backend, adapter: AdapterKind) {
    let expected = losses(Backend::Flex, AdapterKind::Gpu);
    assert!(
        expected[STEPS - 1] < 0.9 * expected[0],
        "nothing was learnt: {expected:?}"
    );
    for (step, (loss, expected)) in losses(backend, adapter).iter().zip(&expected).enumerate() {
        let difference = (loss - expected).abs() / expected;
        assert!(
            difference < 1e-3,
            "step {step}: {loss} on {backend}, {expected} on flex"
        );
    }
}

/// On a GPU where there is one, else on the software adapter (llvmpipe), which
/// `apt-get install mesa-vulkan-drivers` brings.
#[cfg(feature = "wgpu")]
#[test]
fn wgpu_agrees_with_flex() {
    let adapters = Backend::Wgpu.adapters();
    let adapter = adapters
        .first()
        .expect("an adapter, or mesa-vulkan-drivers for a software one");
    agrees_with_flex(Backend::Wgpu, adapter.kind);
}

/// Predictions and gradients of the cases that `wanted` takes.
#[cfg(feature = "wgpu")]
fn networks_on_wgpu(mut wanted: impl FnMut(&networks::Case) -> bool) {
    let adapter = Backend::Wgpu.adapters()[0].kind;
    let device = trainer::backend::select(BackendChoice::Fixed(Backend::Wgpu), adapter)
        .unwrap()
        .device;
    let cases = networks::cases().into_iter().filter(|case| wanted(case));
    for case in cases {
        let started = std::time::Instant::now();
        case.check(&device, false);
        eprintln!("{}: {:.0?}", case.name(), started.elapsed());
    }
}

/// One network; each takes minutes on a software adapter.
#[cfg(feature = "wgpu")]
#[test]
fn a_network_on_wgpu_is_pytorchs() {
    let mut checked = 0;
    networks_on_wgpu(|case| {
        let wanted = case.model == "vgg11";
        checked += usize::from(wanted);
        wanted
    });
    assert_eq!(checked, 1);
}

#[cfg(feature = "wgpu")]
#[test]
#[ignore = "a network of each family: a quarter of an hour on a software adapter"]
fn families_on_wgpu_are_pytorchs() {
    let mut families = std::collections::BTreeSet::new();
    networks_on_wgpu(|case| families.insert(models::find(&case.model).unwrap().family));
}

#[cfg(feature = "ndarray")]
#[test]
fn ndarray_agrees_with_flex() {
    agrees_with_flex(Backend::NdArray, AdapterKind::Gpu);
}

#[test]
fn flex_agrees_with_itself_to_the_bit() {
    let run = || losses(Backend::Flex, AdapterKind::Gpu);
    assert_eq!(run(), run());
}

/// What a run in bf16 would fail with.
fn in_bf16(backend: Backend, adapter: AdapterKind) -> String {
    let config = TrainConfig {
        backend: BackendChoice::Fixed(backend),
        adapter,
        precision: trainer::config::Precision::Bf16,
        ..TrainConfig::default()
    };
    let failed = Experiment::new(config).err();
    failed.expect("there is no bf16").to_string()
}

#[test]
fn a_process_computes_in_one_precision() {
    // From the first tensor on.
    burn::Tensor::<1>::zeros([1], &burn::tensor::Device::flex());
    let error = in_bf16(Backend::Flex, AdapterKind::Gpu);
    assert!(error.contains("precision = bf16"), "{error}");
    assert!(error.contains("another process"), "{error}");
}

#[cfg(feature = "wgpu")]
#[test]
fn a_precision_that_a_backend_lacks_is_refused() {
    let error = in_bf16(Backend::Wgpu, Backend::Wgpu.adapters()[0].kind);
    assert!(error.contains("precision = bf16"), "{error}");
    assert!(error.contains("`wgpu`") && error.contains("f32"), "{error}");
}

/// Batches of all kinds, to the bit, whichever way they come to a device.
fn batches_arrive_whole(device: &burn::tensor::Device) {
    use burn::tensor::Tensor;
    use data::{Batch, Pixels, augment::Normalization};
    let shape = [3, 2, 3, 3];
    let values: Vec<f32> = (0..54).map(|i| (i as f32 * 0.7).sin() * 3.0).collect();
    let bytes: Vec<u8> = (0..54).map(|i| (i * 37 % 256) as u8).collect();
    let info = data::load("mnist-mini").unwrap().train.info().clone();
    let info = data::DatasetInfo {
        channels: 2,
        mean: vec![0.4914, 0.4465],
        std: vec![0.247, 0.2616],
        ..(*info).clone()
    };
    let pipeline = data::Pipeline::new(Vec::new(), info.into()).unwrap();
    let normalization = pipeline.normalization().clone();
    let bytes = |normalization: &Normalization| Pixels::Bytes(bytes.clone(), normalization.clone());
    let mut pixels = vec![Pixels::Values(values)];
    if data::holds_bytes(device) {
        pixels.push(bytes(&normalization));
    }
    let kept = 0.1f32.powi(9);
    let soft = vec![kept, 1.0 - kept, 0.3, 0.7, 1.0, 0.0];
    for pixels in pixels {
        for soft_targets in [None, Some(soft.clone())] {
            let batch = Batch {
                pixels: pixels.clone(),
                labels: vec![0, 258, 65_535],
                shape,
                soft_targets: soft_targets.clone(),
            };
            let floats = |tensor: Tensor<1>| tensor.try_into_vec_as::<f32>().unwrap();
            let [one, other] = [
                batch.clone().to_tensors(device),
                batch.clone().to_tensors_at_once(device),
            ];
            for tensors in [&one, &other] {
                let labels = tensors.labels.clone().try_into_vec_as::<i32>().unwrap();
                assert_eq!(labels, [0, 258, 65_535]);
                let targets = tensors.soft_targets.clone();
                let targets = targets.map(|targets| floats(targets.flatten(0, 1)));
                assert_eq!(targets, soft_targets);
                assert_eq!(tensors.images.dims(), shape);
            }
            assert_eq!(one.labels.dtype(), other.labels.dtype());
            let [one, other] = [one, other].map(|tensors| floats(tensors.images.flatten(0, 3)));
            assert_eq!(one, other);
            let expected = batch.values();
            assert!(
                one.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5),
                "{one:?} {expected:?}"
            );
        }
    }
}

#[test]
fn batches_arrive_whole_on_flex() {
    let device = burn::tensor::Device::flex();
    assert!(data::holds_bytes(&device));
    batches_arrive_whole(&device);
    batches_arrive_whole(&device.autodiff());
}

#[cfg(feature = "wgpu")]
#[test]
fn batches_arrive_whole_on_wgpu() {
    let adapter = Backend::Wgpu.adapters()[0].kind;
    let selected = trainer::backend::select(BackendChoice::Fixed(Backend::Wgpu), adapter);
    batches_arrive_whole(&selected.unwrap().device);
}
