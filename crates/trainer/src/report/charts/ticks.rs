//! Round numbers along an axis.

/// At most some `most` numbers from `low` to `high`, 1, 2 or 5 times a power of ten apart.
pub(super) fn ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let span = high - low;
    if span <= 0.0 || !span.is_finite() {
        return vec![low];
    }
    let step = step(span / most.max(1) as f64);
    let first = (low / step - 1e-9).ceil();
    let last = (high / step + 1e-9).floor();
    let count = (last - first).max(0.0) as usize;
    (0..=count).map(|at| (first + at as f64) * step).collect()
}

/// The next larger of 1, 2 and 5 times a power of ten.
fn step(at_least: f64) -> f64 {
    let power = 10f64.powf(at_least.log10().floor());
    let factors = [1.0, 2.0, 5.0].into_iter();
    let mut steps = factors.map(|factor| factor * power);
    steps
        .find(|step| *step >= at_least * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

/// The end of an axis from 0: `high`, up to the next tick.
pub(super) fn round_up(high: f64, most: usize) -> f64 {
    if high <= 0.0 || !high.is_finite() {
        return 1.0;
    }
    let step = step(high / most.max(1) as f64);
    let end = (high / step - 1e-9).ceil() * step;
    if end.is_finite() { end } else { high }
}

/// A tick's number, with no more digits than `step` needs.
pub(super) fn label(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if !(1e-3..1e6).contains(&value.abs()) || step < 1e-4 {
        return super::super::format::short(value);
    }
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_round_and_few() {
        let found = |low, high, most| {
            let ticks = ticks(low, high, most);
            let step = ticks.get(1).map_or(1.0, |second| second - ticks[0]);
            let labels = ticks.iter().map(|&tick| label(tick, step));
            labels.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found(0.0, 1.0, 5), "0 0.2 0.4 0.6 0.8 1.0");
        assert_eq!(found(60.0, 100.0, 5), "60 70 80 90 100");
        assert_eq!(found(1.0, 3.0, 6), "1.0 1.5 2.0 2.5 3.0");
        assert_eq!(found(0.0, 3e-5, 3), "0 1e-5 2e-5 3e-5");
        assert_eq!(found(0.0, 3e30, 3), "0 1e30 2e30 3e30");
        assert_eq!(found(2.0, 2.0, 5), "2");
        for (high, expected) in [(0.93, 1.0), (2.3, 2.5), (0.0, 1.0), (f64::NAN, 1.0)] {
            assert_eq!(round_up(high, 5), expected);
        }
    }
}
