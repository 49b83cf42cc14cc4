use super::short;

/// The lowest and the highest of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub low: f32,
    pub high: f32,
}

impl Range {
    /// Of `values`; of none 0 to 0.
    pub fn of(values: &[f32]) -> Self {
        let first = values.first().copied().unwrap_or(0.0);
        let fold = |pick: fn(f32, f32) -> f32| values.iter().copied().fold(first, pick);
        Self {
            low: fold(f32::min),
            high: fold(f32::max),
        }
    }

    /// Where `value` lies in the range as far to both sides of 0 as the farther of the
    /// two ends, from 0 (the lowest) to 1; 0 is in the middle.
    pub fn signed_share(self, value: f32) -> f32 {
        match self.low.abs().max(self.high.abs()) {
            0.0 => 0.5,
            farthest => 0.5 + value / farthest / 2.0,
        }
    }

    /// Where `value` lies, from 0 (the lowest) to 1; in a range of one value, 0.
    pub fn share(self, value: f32) -> f32 {
        match self.high - self.low {
            0.0 => 0.0,
            // Halved, for the width may be no number where both ends are.
            _ => (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0),
        }
    }
}

impl std::fmt::Display for Range {
    /// In few characters; one number if there is one only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.low == self.high {
            true => write!(f, "all {}", short(self.low)),
            false => write!(f, "{}..{}", short(self.low), short(self.high)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_go_from_the_lowest_to_the_highest() {
        let range = Range::of(&[0.0, -1.0, 3.0]);
        let shares = [-1.0, 0.0, 3.0].map(|value| range.share(value));
        assert_eq!(shares, [0.0, 0.25, 1.0]);
        let range = Range::of(&[-1.0, 4.0]);
        let shares = [-1.0, 0.0, 4.0].map(|value| range.signed_share(value));
        assert_eq!(shares, [0.375, 0.5, 1.0]);
        assert_eq!(Range::of(&[0.0]).signed_share(0.0), 0.5);
        assert_eq!(Range::of(&[2.0, 2.0]).share(2.0), 0.0);
        assert_eq!(Range::of(&[f32::MIN, f32::MAX]).share(0.0), 0.5);
    }

    #[test]
    fn are_written_in_few_characters() {
        assert_eq!(Range::of(&[-0.512, 13.0]).to_string(), "-0.51..13.0");
        assert_eq!(Range::of(&[0.0, 0.0]).to_string(), "all 0");
        assert_eq!(Range::of(&[0.001, 12_345.0]).to_string(), "1e-3..1e4");
        assert_eq!(Range::of(&[]).to_string(), "all 0");
    }
}
