//! The loops, step by step in turn.

use std::{
    cell::RefCell,
    sync::Arc,
    time::{Duration, Instant},
};

use burn::tensor::Device;
use data::{BatchLoader, DatasetInfo, ImageDataset, Order};
use trainer::{
    BatchSource, EpochBatches, Event, FitConfig, FitData, Observer, TrainError, Trainer,
    config::{OptimizerConfig, OptimizerName, ScheduleConfig, ScheduleName},
};

use crate::{
    Case,
    bare::{BareLoop, LR, MOMENTUM, WEIGHT_DECAY},
    clock::{Clock, Took},
};

/// The first turns, in which memory is got and threads start.
const WARM_UP: usize = 3;
const CLASSES: usize = 10;
const BARE: [&str; 3] = [
    "bare, Burn's optimizer",
    "the same again",
    "bare, Kiln's optimizer",
];
/// Beside which of them Kiln's loop is held: what it takes more is the loop's.
const BESIDE_KILNS: usize = 2;

/// What the loops took.
pub struct Measured {
    pub loops: Vec<Loop>,
    pub epoch_end: f64,
    pub loss_difference: f64,
}

/// What a loop took.
pub struct Loop {
    pub name: &'static str,
    /// The number of the bare loop beside which it is held.
    pub beside: usize,
    /// Its steps, turn by turn.
    pub took: Vec<Took>,
}

/// Trains a case with every loop.
pub fn measure(case: &Case, device: &Device) -> anyhow::Result<Measured> {
    let device = &device.clone().autodiff();
    // The last step of an epoch is not measured.
    let loader = loader(case, WARM_UP + case.turns + 1)?;
    let optimizer = OptimizerConfig {
        name: OptimizerName::Sgd,
        lr: Some(LR),
        momentum: Some(MOMENTUM),
        nesterov: Some(false),
        weight_decay: Some(WEIGHT_DECAY),
        decay_norm_and_bias: true,
        ..OptimizerConfig::default()
    };
    let network = || case.model.build(case.image, device);
    let bare = [
        BareLoop::new(network()?, &loader, device),
        BareLoop::new(network()?, &loader, device),
        BareLoop::with_kilns_optimizer(network()?, &loader, device, &optimizer)?,
    ];
    let turns = Turns {
        loader: &loader,
        taken: RefCell::new(Taken::new(bare)),
    };
    let told = RefCell::default();
    let config = FitConfig {
        epochs: 1,
        optimizer,
        schedule: ScheduleConfig {
            name: ScheduleName::Constant,
            warmup_epochs: Some(0.0),
            ..ScheduleConfig::default()
        },
        // As `kiln train` on the CPU.
        report_every: 1,
        ..FitConfig::default()
    };
    let data = FitData {
        train: &turns,
        valid: None,
    };
    Trainer::new(config)
        .observe(Listener(&told))
        .class_counts(vec![1; CLASSES])
        .fit(&mut network()?, &data)?;

    let Told {
        losses: own_losses,
        epoch_end,
        ..
    } = told.into_inner();
    let Taken { bare, own, .. } = turns.taken.into_inner();
    let expected = &bare[0].losses;
    let others = bare.iter().map(|of| &of.losses).chain([&own_losses]);
    let loss_difference = others
        .flat_map(|losses| losses.iter().zip(expected))
        .map(|(loss, expected)| (loss - expected).abs() / expected)
        .fold(0.0, f64::max);
    let named = BARE.into_iter().zip(bare);
    let named = named.map(|(name, of)| (name, 0, of.took));
    let loops = named.chain([("Kiln's loop", BESIDE_KILNS, own)]);
    Ok(Measured {
        loops: loops
            .map(|(name, beside, steps)| Loop {
                name,
                beside,
                took: steps[WARM_UP..WARM_UP + case.turns].to_vec(),
            })
            .collect(),
        epoch_end: epoch_end.as_secs_f64(),
        loss_difference,
    })
}

/// A bare loop and its steps.
struct Stepped {
    bare: BareLoop,
    took: Vec<Took>,
    losses: Vec<f64>,
}

/// The steps so far.
struct Taken {
    bare: [Stepped; BARE.len()],
    /// Those of Kiln's loop.
    own: Vec<Took>,
    /// Begins when Kiln's loop asks for the batch of the step that it is at.
    asked: Option<Clock>,
}

impl Taken {
    fn new(bare: [BareLoop; BARE.len()]) -> Self {
        let bare = bare.map(|bare| Stepped {
            bare,
            took: Vec::new(),
            losses: Vec::new(),
        });
        Self {
            bare,
            own: Vec::new(),
            asked: None,
        }
    }

    /// The step of Kiln's loop ends; the bare loops have theirs.
    fn turn(&mut self) -> anyhow::Result<()> {
        if let Some(asked) = self.asked.take() {
            self.own.push(asked.took()?);
        }
        // All orders of the three, one after the other: none is always the first after
        // Kiln's, and none always comes after the same other.
        let turn = self.own.len();
        let mut order = [0, 1, 2];
        order.rotate_left(turn % 3);
        if turn % 2 == 1 {
            order.reverse();
        }
        for at in order {
            let of = &mut self.bare[at];
            let clock = Clock::start()?;
            let loss = of.bare.step()?;
            of.took.push(clock.took()?);
            of.losses.push(loss);
        }
        self.asked = Some(Clock::start()?);
        Ok(())
    }
}

/// The batches of Kiln's loop. Before it gives one, the other loops take their steps.
struct Turns<'a> {
    loader: &'a BatchLoader,
    taken: RefCell<Taken>,
}

impl BatchSource for Turns<'_> {
    fn images(&self) -> usize {
        self.loader.images()
    }

    fn batches(&self) -> usize {
        self.loader.batches()
    }

    fn epoch_from(&self, epoch: u64, first: usize) -> EpochBatches<'_> {
        let mut batches = self.loader.epoch_from(epoch, first);
        Box::new(std::iter::from_fn(move || {
            let turn = self.taken.borrow_mut().turn();
            if let Err(error) = turn {
                let problem = error.to_string();
                return Some(Err(TrainError::Source { problem }));
            }
            batches.next().map(|batch| batch.map_err(Into::into))
        }))
    }
}

/// What Kiln's loop tells.
#[derive(Default)]
struct Told {
    losses: Vec<f64>,
    last_step: Option<Instant>,
    epoch_end: Duration,
}

struct Listener<'a>(&'a RefCell<Told>);

impl Observer for Listener<'_> {
    fn on_event(&mut self, event: &Event) -> std::io::Result<()> {
        let mut told = self.0.borrow_mut();
        match event {
            Event::StepDone(step) => {
                told.losses.push(step.batch.loss);
                told.last_step = Some(Instant::now());
            }
            Event::EpochDone(_) => {
                told.epoch_end = told.last_step.map_or(Duration::ZERO, |at| at.elapsed());
            }
            _ => {}
        }
        Ok(())
    }
}

/// Noise of which each class has a brightness of its own, so that there is something
/// to learn.
fn loader(case: &Case, batches: usize) -> anyhow::Result<BatchLoader> {
    let [channels, height, width] = case.image;
    let info = DatasetInfo {
        name: "noise".into(),
        classes: (0..CLASSES).map(|class| class.to_string()).collect(),
        channels,
        height,
        width,
        mean: vec![0.5; channels],
        std: vec![0.25; channels],
    };
    let images = batches * case.batch;
    let labels: Vec<u16> = (0..images).map(|at| (at % CLASSES) as u16).collect();
    let noise = |at: usize| (at as u32).wrapping_mul(0x9e37_79b9) >> 25;
    let bytes = (0..images * info.image_len()).map(|at| {
        let class = at / info.image_len() % CLASSES;
        (noise(at) + 12 * class as u32) as u8
    });
    let pixels = bytes.collect();
    let dataset = ImageDataset::new(Arc::new(info), pixels, labels)?;
    let order = Order::Shuffled { seed: 1 };
    Ok(BatchLoader::new(
        dataset,
        (0..images).collect(),
        case.batch,
        order,
    )?)
}
