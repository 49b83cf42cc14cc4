//! Memory that is kept from one operation to the next, for what an operation computes on its
//! way and for what it gives: fresh memory costs a page fault for every 4 KiB, and zeros
//! that are written over at once.

use std::{
    collections::BTreeMap,
    ops::{Deref, DerefMut},
    sync::{Mutex, PoisonError},
};

/// Bytes of a cache line, and of the longest vector.
const LINE: usize = 64;
/// Values that are kept at most: a quarter of a gigabyte.
const KEPT: usize = 64 << 20;

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
        Some(at) => free.remove(at),
        None => Vec::new(),
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(buffer);
        forget(&mut free, KEPT);
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

/// Values from which on the memory of an output is worth keeping. Tests keep it all.
const WORTHWHILE: usize = if cfg!(test) { 2 } else { 16 << 10 };
/// Values of outputs that are kept at most: a quarter of a gigabyte.
const ALL: usize = 64 << 20;
/// Outputs of one length that are thought to be in use at most.
const MOST: usize = 32;

/// Memory of outputs.
struct Outputs {
    /// What came back, the oldest first.
    free: Vec<Vec<f32>>,
    /// How many of a length were given, and have not come back. No more than these are kept:
    /// other memory comes here as well, that of Burn's own operations, and nobody would
    /// ask for it.
    in_use: BTreeMap<usize, usize>,
}

static OUTPUTS: Mutex<Outputs> = Mutex::new(Outputs {
    free: Vec::new(),
    in_use: BTreeMap::new(),
});

/// `len` values, whichever they are, for an operation that writes all of them.
pub fn output(len: usize) -> Vec<f32> {
    if len >= WORTHWHILE {
        let mut outputs = OUTPUTS.lock().unwrap_or_else(PoisonError::into_inner);
        let in_use = outputs.in_use.entry(len).or_default();
        *in_use = (*in_use + 1).min(MOST);
        let found = outputs.free.iter().rposition(|output| output.len() == len);
        if let Some(at) = found {
            return outputs.free.remove(at);
        }
    }
    vec![0.0; len]
}

/// Keeps the memory of values that nobody needs any more, for [`output`].
pub fn recycle(values: Vec<f32>) {
    if values.len() < WORTHWHILE {
        return;
    }
    let mut outputs = OUTPUTS.lock().unwrap_or_else(PoisonError::into_inner);
    match outputs.in_use.get_mut(&values.len()) {
        Some(in_use) if *in_use > 0 => *in_use -= 1,
        _ => return,
    }
    outputs.free.push(values);
    forget(&mut outputs.free, ALL);
}

/// Drops what has not been asked for the longest, until no more than `most` values are left.
fn forget(free: &mut Vec<Vec<f32>>, most: usize) {
    let mut kept: usize = free.iter().map(Vec::len).sum();
    let mut oldest = 0;
    while kept > most {
        kept -= free[oldest].len();
        oldest += 1;
    }
    free.drain(..oldest);
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

    #[test]
    fn as_many_outputs_are_kept_as_were_given() {
        let len = WORTHWHILE + 123;
        let outputs = [output(len), output(len)];
        for values in outputs {
            assert_eq!(values, vec![0.0; len]);
            recycle(vec![2.0; len]);
        }
        // A third was never given.
        recycle(vec![3.0; len]);
        assert_eq!(output(len - 1), vec![0.0; len - 1]);
        assert_eq!(output(len), vec![2.0; len]);
        assert_eq!(output(len), vec![2.0; len]);
        assert_eq!(output(len), vec![0.0; len]);
        let short = WORTHWHILE - 1;
        drop(output(short));
        recycle(vec![3.0; short]);
        assert_eq!(output(short), vec![0.0; short]);
    }
}
