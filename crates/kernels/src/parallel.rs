//! Work on values that do not depend on one another, shared among threads.

use rayon::prelude::*;

/// Values of a task, 64 KiB: they stay in a core's cache, and are worth a thread's time.
pub const CHUNK: usize = 16 * 1024;

/// Runs `action` on every part of `values`.
pub fn each(values: &mut [f32], action: impl Fn(&mut [f32]) + Sync) {
    if values.len() <= CHUNK {
        action(values);
    } else {
        values.par_chunks_mut(CHUNK).for_each(&action);
    }
}

/// Runs `action` on every part of `values` and the same part of `others`.
pub fn each_with(values: &mut [f32], others: &[f32], action: impl Fn(&mut [f32], &[f32]) + Sync) {
    if values.len() <= CHUNK {
        action(values, others);
    } else {
        let parts = values.par_chunks_mut(CHUNK).zip(others.par_chunks(CHUNK));
        parts.for_each(|(values, others)| action(values, others));
    }
}
