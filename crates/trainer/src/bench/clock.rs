//! Times of what a device does: the clock starts when it has nothing left to do, and stops
//! when it has done what it was given.

use std::time::{Duration, Instant};

use burn::tensor::Device;

use super::{quantile, sorted};
use crate::TrainError;

/// The times of the same thing done several times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Timing {
    pub median_ms: f64,
    /// The first and the third quartile.
    pub quartiles_ms: [f64; 2],
    pub shortest_ms: f64,
    /// How many times it was done.
    pub count: usize,
}

impl Timing {
    /// Of at least one time in milliseconds.
    pub fn of(times: Vec<f64>) -> Self {
        let times = sorted(times);
        Self {
            median_ms: quantile(&times, 0.5),
            quartiles_ms: [quantile(&times, 0.25), quantile(&times, 0.75)],
            shortest_ms: times[0],
            count: times.len(),
        }
    }
}

/// How often something is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Repeats {
    pub at_least: usize,
    pub at_most: usize,
    /// More often than `at_least` only until so much time was measured.
    pub time: Duration,
}

impl Repeats {
    /// So many times, however long it takes.
    pub fn exactly(count: usize) -> Self {
        Self {
            at_least: count,
            at_most: count,
            time: Duration::ZERO,
        }
    }

    fn go_on(&self, done: usize, took_ms: f64) -> bool {
        let enough = took_ms >= 1e3 * self.time.as_secs_f64();
        done < self.at_least || (done < self.at_most && !enough)
    }
}

/// Waits until the device has done all that it was given.
pub(super) fn synchronise(device: &Device) -> Result<(), TrainError> {
    device.sync().map_err(|e| TrainError::Device(e.to_string()))
}

/// The milliseconds that `action` takes on the device, and what it gives, which is
/// dropped after the clock has stopped.
pub(super) fn milliseconds<T>(
    device: &Device,
    action: impl FnOnce() -> Result<T, TrainError>,
) -> Result<(f64, T), TrainError> {
    synchronise(device)?;
    let start = Instant::now();
    let result = action()?;
    synchronise(device)?;
    Ok((1e3 * start.elapsed().as_secs_f64(), result))
}

/// The times of what `action` does again and again.
pub(super) fn repeat<T>(
    device: &Device,
    repeats: Repeats,
    mut action: impl FnMut() -> Result<T, TrainError>,
) -> Result<Timing, TrainError> {
    repeat_prepared(device, repeats, || Ok(()), |()| action())
}

/// As [`repeat`], with what is made ready before each time, off the clock.
pub(super) fn repeat_prepared<P, T>(
    device: &Device,
    repeats: Repeats,
    mut prepare: impl FnMut() -> Result<P, TrainError>,
    mut action: impl FnMut(P) -> Result<T, TrainError>,
) -> Result<Timing, TrainError> {
    let (mut times, mut all) = (Vec::new(), 0.0);
    while repeats.go_on(times.len(), all) {
        let prepared = prepare()?;
        let (took, result) = milliseconds(device, || action(prepared))?;
        drop(result);
        all += took;
        times.push(took);
    }
    Ok(Timing::of(times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timing_is_of_all_times() {
        let timing = Timing::of(vec![4.0, 1.0, 3.0, 10.0]);
        assert_eq!((timing.median_ms, timing.shortest_ms), (3.5, 1.0));
        assert_eq!((timing.quartiles_ms, timing.count), ([2.5, 5.5], 4));
    }

    #[cfg(feature = "flex")]
    #[test]
    fn it_is_repeated_until_there_is_enough() {
        let device = Device::flex();
        let count = |at_least, at_most, time| {
            let mut done = 0;
            let repeats = Repeats {
                at_least,
                at_most,
                time,
            };
            let timing = repeat(&device, repeats, || {
                done += 1;
                Ok(())
            });
            assert_eq!(timing.unwrap().count, done);
            done
        };
        assert_eq!(count(4, 9, Duration::ZERO), 4);
        assert_eq!(count(2, 5, Duration::from_secs(3600)), 5);
        assert_eq!(Repeats::exactly(7).at_most, 7);
    }
}
