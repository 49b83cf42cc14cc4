//! Values that are drawn at random.

use sha2::{Digest, Sha256};
use toml::Value;

/// Where the values of a key are drawn from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Range {
    /// Evenly between two numbers.
    Uniform(f64, f64),
    /// Evenly between the logarithms of two numbers above 0.
    LogUniform(f64, f64),
    /// A whole number, both ends included.
    Int(i64, i64),
    /// One of these.
    Choice(Vec<Value>),
}

impl Range {
    /// The value of `key` in draw number `number`: a function of these alone.
    pub fn draw(&self, seed: u64, number: u64, key: &str) -> Value {
        let bits = bits(seed, number, key);
        // The upper 53 bits are a fraction of 0 to 1 that `f64` has exactly.
        let share = (bits >> 11) as f64 / (1_u64 << 53) as f64;
        match self {
            Self::Uniform(from, to) => {
                Value::Float(rounded(from + share * (to - from), *from, *to))
            }
            Self::LogUniform(from, to) => {
                let value = from * (to / from).powf(share);
                Value::Float(rounded(value, *from, *to))
            }
            Self::Int(from, to) => {
                let count = i128::from(*to) - i128::from(*from) + 1;
                let at = (i128::from(bits) * count) >> 64;
                // Between both ends.
                Value::Integer((i128::from(*from) + at) as i64)
            }
            Self::Choice(values) => {
                let at = (u128::from(bits) * values.len() as u128) >> 64;
                values[at as usize].clone()
            }
        }
    }
}

/// The first 64 bits of SHA-256 over all that decides a draw.
fn bits(seed: u64, number: u64, key: &str) -> u64 {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_le_bytes());
    hasher.update(number.to_le_bytes());
    hasher.update(key);
    let mut bits = [0; 8];
    bits.copy_from_slice(&hasher.finalize()[..8]);
    u64::from_le_bytes(bits)
}

/// In four significant digits: more say nothing, and a person is to read and type them.
fn rounded(value: f64, from: f64, to: f64) -> f64 {
    let short: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    short.clamp(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(range: &Range) -> Vec<f64> {
        let drawn = (0..1000).map(|number| range.draw(7, number, "optimizer.lr"));
        drawn.map(|value| value.as_float().unwrap()).collect()
    }

    #[test]
    fn draws_are_spread_over_their_range() {
        let uniform = floats(&Range::Uniform(-1.0, 3.0));
        let log = floats(&Range::LogUniform(1e-4, 1e-1));
        assert!(uniform.iter().all(|value| (-1.0..=3.0).contains(value)));
        assert!(log.iter().all(|value| (1e-4..=1e-1).contains(value)));
        // In every tenth of the range about a tenth: by ±4 standard deviations.
        for tenth in 0..10 {
            let share = |of: f64| (of * 10.0).floor() as usize == tenth;
            let in_uniform = uniform.iter().filter(|v| share((*v + 1.0) / 4.0)).count();
            let in_log = log
                .iter()
                .filter(|v| share((v.log10() + 4.0) / 3.0))
                .count();
            assert!((62..=138).contains(&in_uniform), "{tenth}: {in_uniform}");
            assert!((62..=138).contains(&in_log), "{tenth}: {in_log}");
        }
        assert!(log.iter().all(|value| format!("{value:e}").len() <= 8));
    }

    #[test]
    fn whole_numbers_and_choices_reach_both_ends() {
        for (range, ends) in [
            (Range::Int(-1, 2), [Value::Integer(-1), Value::Integer(2)]),
            (
                Range::Choice(vec!["a".into(), 1.into(), true.into()]),
                ["a".into(), true.into()],
            ),
            (
                Range::Int(i64::MIN, i64::MIN + 1),
                [Value::Integer(i64::MIN), Value::Integer(i64::MIN + 1)],
            ),
        ] {
            let drawn: Vec<Value> = (0..100).map(|number| range.draw(1, number, "k")).collect();
            assert!(ends.iter().all(|end| drawn.contains(end)), "{range:?}");
        }
    }

    #[test]
    fn a_draw_depends_on_seed_number_and_key() {
        let range = Range::Int(0, i64::MAX);
        let first = range.draw(1, 2, "a");
        assert_eq!(first, range.draw(1, 2, "a"));
        for other in [
            range.draw(2, 2, "a"),
            range.draw(1, 3, "a"),
            range.draw(1, 2, "b"),
        ] {
            assert_ne!(first, other);
        }
    }
}
