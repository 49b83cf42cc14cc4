use rand::seq::SliceRandom;

use crate::{
    DataError,
    random::{Purpose, generator},
};

/// Which images of a training set train, and which validate.
///
/// Both lists hold indices into the data set, ascending, and share none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The images that train.
    pub train: Vec<usize>,
    /// The images held out for validation.
    pub valid: Vec<usize>,
}

impl Split {
    /// Holds out `share` (0 ≤ share < 1) of the images, rounded to the nearest
    /// whole number, as evenly over the classes as can be, drawn by `seed`.
    ///
    /// Classes get the whole part of their share, and the largest remainders
    /// one image more (Hamilton's method).
    ///
    /// # Errors
    /// [`DataError::Split`] if `share` is not in range, or leaves no image to
    /// train on, or none to validate with although it is above 0.
    pub fn stratified(labels: &[u16], share: f64, seed: u64) -> Result<Self, DataError> {
        let fail = |problem: &str| {
            Err(DataError::Split {
                share,
                images: labels.len(),
                problem: problem.into(),
            })
        };
        if !(0.0..1.0).contains(&share) {
            return fail("the share must be at least 0 and below 1");
        }
        let classes = labels.iter().max().map_or(0, |&most| usize::from(most) + 1);
        let mut members = vec![Vec::new(); classes];
        for (index, &label) in labels.iter().enumerate() {
            members[usize::from(label)].push(index);
        }
        let total = (labels.len() as f64 * share).round() as usize;
        let mut held_out: Vec<usize> = members
            .iter()
            .map(|class| (class.len() as f64 * share) as usize)
            .collect();
        let remainder = |class: usize| (members[class].len() as f64 * share).fract();
        let mut by_remainder: Vec<usize> = (0..classes).collect();
        // Stable: of equal remainders the lower class comes first.
        by_remainder.sort_by(|&a, &b| remainder(b).total_cmp(&remainder(a)));
        let missing = total.saturating_sub(held_out.iter().sum());
        for &class in by_remainder.iter().take(missing) {
            held_out[class] += 1;
        }

        let mut split = Self {
            train: Vec::with_capacity(labels.len()),
            valid: Vec::with_capacity(total),
        };
        for (class, (mut indices, held_out)) in members.into_iter().zip(held_out).enumerate() {
            indices.shuffle(&mut generator(seed, Purpose::Split, 0, class as u64));
            split.valid.extend_from_slice(&indices[..held_out]);
            split.train.extend_from_slice(&indices[held_out..]);
        }
        split.train.sort_unstable();
        split.valid.sort_unstable();
        if split.train.is_empty() {
            return fail("no image would be left to train on");
        }
        if share > 0.0 && split.valid.is_empty() {
            return fail("there are too few images to hold one out");
        }
        Ok(split)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_share_out_of_every_class() {
        let labels: Vec<u16> = (0..1000).map(|i| if i < 900 { 0 } else { 1 }).collect();
        let split = Split::stratified(&labels, 0.1, 7).unwrap();
        let of = |class| split.valid.iter().filter(|&&i| labels[i] == class).count();
        assert_eq!((of(0), of(1)), (90, 10));
        let mut all = [split.train.clone(), split.valid.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..1000).collect::<Vec<_>>());
        assert_eq!(split, Split::stratified(&labels, 0.1, 7).unwrap());
        assert_ne!(split, Split::stratified(&labels, 0.1, 8).unwrap());
    }

    #[test]
    fn holds_out_the_whole_share_of_small_classes() {
        // Classes of 4, 3 and 3 images. Shares: 1.2, 0.9, 0.9; 2, 1.5, 1.5; 0.4, 0.3, 0.3.
        let labels = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0];
        for (share, expected) in [(0.3, [1, 1, 1]), (0.5, [2, 2, 1]), (0.1, [1, 0, 0])] {
            let split = Split::stratified(&labels, share, 7).unwrap();
            let of = |class| split.valid.iter().filter(|&&i| labels[i] == class).count();
            assert_eq!([of(0), of(1), of(2)], expected, "{share}");
        }
    }

    #[test]
    fn refuses_what_leaves_a_side_empty() {
        for share in [-0.1, 1.0, 1.5, f64::NAN] {
            assert!(Split::stratified(&[0, 1], share, 0).is_err(), "{share}");
        }
        assert!(Split::stratified(&[0, 1], 0.01, 0).is_err());
        assert!(Split::stratified(&[0, 1], 0.9, 0).is_err());
        assert!(Split::stratified(&[], 0.0, 0).is_err());
        let all = Split::stratified(&[0, 1], 0.0, 0).unwrap();
        assert_eq!((all.train, all.valid), (vec![0, 1], vec![]));
    }
}
