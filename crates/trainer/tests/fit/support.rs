//! A network, images and observers that are small.

use burn::{
    module::Module,
    nn::{Dropout, DropoutConfig, Linear, LinearConfig},
    tensor::{Device, Int, Tensor},
};
use data::{Batch, Pixels};
use models::StateDict;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use trainer::{
    BatchSource, Classifier, EpochBatches, Event, FitConfig, FitData, FitResult, Loss, Observer,
    Trainer, config::TrainConfig,
};

/// Burn's CPU backend has one generator for a process, from which dropout draws: only
/// trainings one after the other repeat.
pub fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub const CLASSES: usize = 3;
pub const SIDE: usize = 4;

/// Images whose class is the row that is bright; in batches of four, the last short.
pub struct Stripes {
    pub images: usize,
}

impl BatchSource for Stripes {
    fn images(&self) -> usize {
        self.images
    }

    fn batches(&self) -> usize {
        self.images.div_ceil(4)
    }

    fn epoch_from(&self, epoch: u64, first: usize) -> EpochBatches<'_> {
        Box::new((first..self.batches()).map(move |batch| {
            let images = (4 * batch)..self.images.min(4 * batch + 4);
            let labels: Vec<u16> = images.map(|image| (image % CLASSES) as u16).collect();
            let mut values = Vec::new();
            for (at, label) in labels.iter().enumerate() {
                for pixel in 0..SIDE * SIDE {
                    let noise = (epoch as usize * 31 + batch * 17 + at * 7 + pixel * 13) % 11;
                    let bright = pixel / SIDE == usize::from(*label);
                    values.push(noise as f32 / 10.0 + f32::from(u8::from(bright)));
                }
            }
            Ok(Batch {
                shape: [labels.len(), 1, SIDE, SIDE],
                pixels: Pixels::Values(values),
                labels,
                soft_targets: None,
            })
        }))
    }
}

#[derive(Module, Debug)]
pub struct Tiny {
    pub dropout: Dropout,
    pub fc: Linear,
}

impl Tiny {
    pub fn new() -> Self {
        let device = Device::flex().autodiff();
        let tiny = Self {
            dropout: DropoutConfig::new(0.1).init(),
            fc: LinearConfig::new(SIDE * SIDE, CLASSES).init(&device),
        };
        // The same weights in every test, whatever ran before it.
        let mut state = StateDict::of(&tiny).unwrap();
        for name in ["fc.weight", "fc.bias"] {
            let mut tensor = state.get(name).unwrap().clone();
            for (at, value) in tensor.values.iter_mut().enumerate() {
                *value = ((at * 37 % 19) as f32 - 9.0) / 50.0;
            }
            state.insert(name, tensor);
        }
        state.put_into(tiny).0
    }
}

impl Classifier for Tiny {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.fc.forward(self.dropout.forward(images.flatten(1, 3)))
    }
}

/// Squares of the logits: no matter what the classes are.
pub struct Squares;

impl Loss for Squares {
    fn forward(&self, logits: Tensor<2>, _: Tensor<1, Int>, _: Option<Tensor<2>>) -> Tensor<1> {
        (logits.clone() * logits).mean()
    }
}

/// The names of the events.
#[derive(Clone, Default)]
pub struct Names(pub Arc<Mutex<Vec<String>>>);

impl Observer for Names {
    fn on_event(&mut self, event: &Event) -> std::io::Result<()> {
        let value = serde_json::to_value(event)?;
        let name = value["event"].as_str().unwrap().to_string();
        self.0.lock().unwrap().push(name);
        Ok(())
    }
}

pub fn config() -> FitConfig {
    FitConfig {
        epochs: 4,
        ..TrainConfig::default().fit(1)
    }
}

pub const TRAIN: Stripes = Stripes { images: 30 };
pub const VALID: Stripes = Stripes { images: 9 };

pub fn data() -> FitData<'static> {
    FitData {
        train: &TRAIN,
        valid: Some(&VALID),
    }
}

pub fn fit(config: FitConfig) -> (Tiny, FitResult) {
    let mut network = Tiny::new();
    let result = Trainer::new(config).fit(&mut network, &data()).unwrap();
    (network, result)
}

pub fn bytes(network: &Tiny) -> Vec<u8> {
    let state = StateDict::of(network).unwrap();
    state.to_safetensors(&[]).unwrap()
}
