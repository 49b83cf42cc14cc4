/// In rising order.
#[must_use]
pub fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The value below which a `share` of them lies, 0 to 1: between two values in a straight
/// line, as NumPy's `quantile`. The values are in rising order.
///
/// # Panics
/// If there are none.
#[must_use]
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_numpys() {
        // numpy.quantile([4, 1, 3, 10], [0, 0.25, 0.5, 0.75, 1])
        let values = sorted([4.0, 1.0, 3.0, 10.0]);
        for (share, expected) in [
            (0.0, 1.0),
            (0.25, 2.5),
            (0.5, 3.5),
            (0.75, 5.5),
            (1.0, 10.0),
        ] {
            assert_eq!(quantile(&values, share), expected);
        }
        assert_eq!(quantile(&[2.0], 0.75), 2.0);
    }
}
