//! Memory for what an operation computes on its way, kept from one operation to the
//! next: fresh memory costs a page fault for every 4 KiB.

use std::{
    ops::{Deref, DerefMut},
    sync::{Mutex, PoisonError},
};

/// Bytes of a cache line, and of the longest vector.
const LINE: usize = 64;
/// Buffers that are kept.
const KEPT: usize = 32;

static FREE: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// Values in a row that begins with a cache line, so that no vector lies in two.
#[derive(Debug)]
pub struct Scratch {
    buffer: Vec<f32>,
    start: usize,
    len: usize,
}

/// `len` values, whichever they are.
pub fn scratch(len: usize) -> Scratch {
    let needed = len + LINE / size_of::<f32>();
    let mut buffer = take(needed);
    if buffer.len() < needed {
        buffer.resize(needed, 0.0);
    }
    let start = buffer.as_ptr().align_offset(LINE).min(needed - len);
    Scratch { buffer, start, len }
}

/// `len` zeros.
pub fn zeros(len: usize) -> Scratch {
    let mut scratch = scratch(len);
    scratch.fill(0.0);
    scratch
}

/// The smallest free buffer that is large enough, or an empty one.
fn take(needed: usize) -> Vec<f32> {
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let fitting = free.iter().enumerate();
    let fitting = fitting.filter(|(_, buffer)| (needed..=4 * needed).contains(&buffer.len()));
    let smallest = fitting.min_by_key(|(_, buffer)| buffer.len());
    match smallest.map(|(at, _)| at) {
        Some(at) => free.swap_remove(at),
        None => Vec::new(),
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(buffer);
        if free.len() > KEPT {
            // What has not been asked for the longest.
            free.remove(0);
        }
    }
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.buffer[self.start..][..self.len]
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.buffer[self.start..][..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scratch_is_aligned_and_as_long_as_asked_for() {
        for len in [0, 1, 15, 16, 17, 1000, 4096] {
            let mut first = zeros(len);
            let second = zeros(len);
            assert_eq!(first.len(), len);
            assert_eq!(first.as_ptr() as usize % LINE, 0);
            first.fill(1.0);
            assert!(second.iter().all(|&value| value == 0.0));
            drop(first);
            // What comes back is not what was left in it.
            assert!(zeros(len).iter().all(|&value| value == 0.0));
        }
    }
}
