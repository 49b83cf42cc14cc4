use std::sync::LazyLock;

/// Counts of numbers in TensorBoard's buckets, from 1e-12 on each a tenth wider than
/// the one before, on both sides of 0: as `torch.utils.tensorboard` makes them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Histogram {
    pub min: f64,
    pub max: f64,
    pub count: f64,
    pub sum: f64,
    pub sum_of_squares: f64,
    /// The upper limit of each bucket. The first bucket is empty: its limit is the
    /// lower one of the second.
    pub limits: Vec<f64>,
    /// Numbers in each bucket, lower limits included.
    pub counts: Vec<f64>,
}

/// The limits of all buckets, ascending.
static EDGES: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let upper = std::iter::successors(Some(1e-12), |edge| Some(edge * 1.1));
    let upper: Vec<f64> = upper.take_while(|edge| *edge < 1e20).collect();
    let lower = upper.iter().rev().map(|edge| -edge);
    lower.chain([0.0]).chain(upper.iter().copied()).collect()
});

impl Histogram {
    /// Of the finite ones of `values`; `None` if there are none. Numbers beyond the
    /// outermost buckets (some ±1e20) count in these.
    pub fn of(values: &[f32]) -> Option<Self> {
        let edges = EDGES.as_slice();
        let mut counts = vec![0.0; edges.len() - 1];
        let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut count, mut sum, mut sum_of_squares) = (0.0, 0.0, 0.0);
        for value in values.iter().filter(|value| value.is_finite()) {
            let value = f64::from(*value);
            let after = edges.partition_point(|edge| *edge <= value);
            counts[after.clamp(1, edges.len() - 1) - 1] += 1.0;
            (min, max) = (min.min(value), max.max(value));
            count += 1.0;
            sum += value;
            sum_of_squares += value * value;
        }
        let filled = |count: &f64| *count > 0.0;
        let (first, last) = (
            counts.iter().position(filled)?,
            counts.iter().rposition(filled)?,
        );
        let mut shown = vec![0.0];
        shown.extend(&counts[first..=last]);
        Some(Self {
            min,
            max,
            count,
            sum,
            sum_of_squares,
            limits: edges[first..=last + 1].to_vec(),
            counts: shown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_left_out_and_what_is_too_large_is_not() {
        assert_eq!(Histogram::of(&[]), None);
        assert_eq!(Histogram::of(&[f32::NAN, f32::INFINITY]), None);
        let histogram = Histogram::of(&[f32::NAN, -3e38, 0.0, 3e38]).unwrap();
        assert_eq!(histogram.count, 3.0);
        assert_eq!(histogram.counts.iter().sum::<f64>(), 3.0);
        assert_eq!(histogram.limits.len(), histogram.counts.len());
        // As many on each side, and 0.
        assert_eq!(histogram.limits.len(), EDGES.len());
        assert_eq!(histogram.max, f64::from(3e38_f32));
    }
}
