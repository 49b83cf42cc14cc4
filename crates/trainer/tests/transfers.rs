//! What goes over the bus in a training step: one batch to the device, and nothing back
//! until the scores of several steps are read together.
//!
//! wgpu tells its logger of every call. What is counted are real transfers, those that
//! Burn does by itself included: its kernels' shapes and constants go over too, but once,
//! for CubeCL keeps them.
#![cfg(feature = "wgpu")]
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::{
    cell::RefCell,
    sync::atomic::{AtomicUsize, Ordering},
};

use log::{LevelFilter, Log, Metadata, Record};
use trainer::{
    Event, Experiment, Observer, TrainConfig,
    backend::{Backend, BackendChoice},
    config::{OptimizerConfig, OptimizerName, ScheduleConfig, ScheduleName},
};

const STEPS: usize = 60;
/// Steps until all kernels have been chosen and have what they need.
const FIRST: usize = 30;
const REPORT_EVERY: usize = 10;

struct Counter {
    uploads: AtomicUsize,
    read_backs: AtomicUsize,
}

static COUNTER: Counter = Counter {
    uploads: AtomicUsize::new(0),
    read_backs: AtomicUsize::new(0),
};

impl Log for Counter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("wgpu_core")
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let call = record.args().to_string();
        // The second where sizes are not whole words.
        if call.starts_with("Queue::write_buffer") || call.starts_with("Queue::create_staging") {
            self.uploads.fetch_add(1, Ordering::SeqCst);
        } else if call.starts_with("Buffer::map_async") {
            self.read_backs.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn flush(&self) {}
}

/// Transfers up to a step whose scores are there.
#[derive(Debug, Clone, Copy)]
struct Counts {
    step: usize,
    uploads: usize,
    read_backs: usize,
}

struct Listener<'a>(&'a RefCell<Vec<Counts>>);

impl Observer for Listener<'_> {
    fn on_event(&mut self, event: &Event) -> std::io::Result<()> {
        match event {
            Event::StepDone(step) if step.step.is_multiple_of(REPORT_EVERY) => {
                self.0.borrow_mut().push(Counts {
                    step: step.step,
                    uploads: COUNTER.uploads.load(Ordering::SeqCst),
                    read_backs: COUNTER.read_backs.load(Ordering::SeqCst),
                });
            }
            _ => {}
        }
        Ok(())
    }
}

/// The only test here: others would transfer as well.
#[test]
fn a_step_uploads_once_and_reads_nothing_back() {
    log::set_logger(&COUNTER).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let out = tempfile::tempdir().unwrap();
    let adapters = Backend::Wgpu.adapters();
    let adapter = adapters.first().expect("mesa-vulkan-drivers has one");
    let mut config = TrainConfig {
        backend: BackendChoice::Fixed(Backend::Wgpu),
        adapter: adapter.kind,
        limit: Some(STEPS * 8),
        batch_size: 8,
        valid: 0.into(),
        epochs: 1,
        augment: Vec::new(),
        // The same numbers in every step.
        schedule: ScheduleConfig {
            name: ScheduleName::Constant,
            warmup_epochs: Some(0.0),
            ..ScheduleConfig::default()
        },
        optimizer: OptimizerConfig {
            name: OptimizerName::Sgd,
            momentum: Some(0.9),
            ..OptimizerConfig::default()
        },
        ..TrainConfig::default()
    };
    config.log.every_steps = Some(REPORT_EVERY);
    let told = RefCell::default();
    Experiment::new(config)
        .unwrap()
        .observe(Listener(&told))
        .run(out.path())
        .unwrap();
    let counts: Vec<Counts> = told.into_inner();
    assert_eq!(counts.len(), STEPS / REPORT_EVERY);
    for pair in counts.windows(2).filter(|pair| pair[0].step >= FIRST) {
        let uploads = pair[1].uploads - pair[0].uploads;
        let read_backs = pair[1].read_backs - pair[0].read_backs;
        assert_eq!((uploads, read_backs), (REPORT_EVERY, 1), "{counts:#?}");
    }
}
