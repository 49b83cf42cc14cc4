//! What a run has in memory stays what it is after its first epochs.
//!
//! Bytes are counted where they are asked for. What the system says of the process
//! moves with the arenas of its allocator, by a tenth and more from run to run.
#![cfg(feature = "flex")]
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::cell::RefCell;

use peak_alloc::PeakAlloc;
use trainer::{
    Event, Experiment, Observer, TrainConfig,
    backend::{Backend, BackendChoice},
    config::{AverageConfig, AverageName, CheckpointConfig},
};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const EPOCHS: usize = 10;
/// Epochs until all that is kept is there.
const FIRST: usize = 2;

/// Bytes of an epoch.
#[derive(Debug, Clone, Copy)]
struct Bytes {
    /// The most in it.
    peak: usize,
    /// At its end.
    end: usize,
}

struct Listener<'a>(&'a RefCell<Vec<Bytes>>);

impl Observer for Listener<'_> {
    fn on_event(&mut self, event: &Event) -> std::io::Result<()> {
        if let Event::EpochDone(_) = event {
            self.0.borrow_mut().push(Bytes {
                peak: ALLOCATOR.peak_usage(),
                end: ALLOCATOR.current_usage(),
            });
            ALLOCATOR.reset_peak_usage();
        }
        Ok(())
    }
}

/// With validation, averaged weights, augmentation, and checkpoints by epochs and
/// updates. The only test here, for others would count as well.
#[test]
fn memory_does_not_grow() {
    let out = tempfile::tempdir().unwrap();
    let config = TrainConfig {
        backend: BackendChoice::Fixed(Backend::Flex),
        epochs: EPOCHS,
        limit: Some(500),
        average: AverageConfig {
            name: AverageName::Ema,
            ..AverageConfig::default()
        },
        checkpoint: CheckpointConfig {
            every_updates: Some(4),
            keep_best: 1,
            ..CheckpointConfig::default()
        },
        ..TrainConfig::default()
    };
    let told = RefCell::default();
    Experiment::new(config)
        .unwrap()
        .observe(Listener(&told))
        .run(out.path())
        .unwrap();
    let epochs = told.into_inner();
    assert_eq!(epochs.len(), EPOCHS);
    for e in &epochs {
        eprintln!("{} {}", e.peak, e.end);
    }
    let (first, later) = epochs.split_at(FIRST);
    let most = |epochs: &[Bytes], of: fn(&Bytes) -> usize| epochs.iter().map(of).max().unwrap();
    for (what, of) in [
        ("peak", (|bytes| bytes.peak) as fn(&Bytes) -> usize),
        ("at the end", |bytes| bytes.end),
    ] {
        let (before, after) = (most(first, of), most(later, of));
        let growth = after as f64 / before as f64 - 1.0;
        assert!(
            growth < 0.01,
            "{what}: {before} bytes in the first {FIRST} epochs, {after} later: {epochs:#?}"
        );
    }
}
