use std::{fmt, str::FromStr};

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

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

/// How many images are held out. In a configuration, a number without a point is
/// a count, and one with a point a share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a number of images, or a share from 0.0 to 1.0")]
pub enum HoldOut {
    /// So many.
    Count(usize),
    /// A share of all, from 0 to below 1, rounded to the nearest whole image.
    Share(
        #[cfg_attr(
            feature = "schema",
            schemars(range(min = 0), extend("exclusiveMaximum" = 1))
        )]
        f64,
    ),
}

impl fmt::Display for HoldOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Share(share) => write!(f, "a share of {share}"),
        }
    }
}

impl FromStr for HoldOut {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let count = text.parse().map(Self::Count);
        count
            .or_else(|_| text.parse().map(Self::Share))
            .map_err(|_| format!("`{text}` is neither a number of images nor a share"))
    }
}

impl From<usize> for HoldOut {
    fn from(count: usize) -> Self {
        Self::Count(count)
    }
}

impl From<f64> for HoldOut {
    fn from(share: f64) -> Self {
        Self::Share(share)
    }
}

impl Split {
    /// Holds out a share or a count of the images, as evenly over the classes as
    /// can be, drawn by `seed`.
    ///
    /// Classes get the whole part of their share, and the largest remainders
    /// one image more (Hamilton's method). Where a class would lose its last image,
    /// the class with the most left gives one in its place, as long as one has two.
    ///
    /// ```
    /// use data::Split;
    ///
    /// let labels = [0, 0, 0, 0, 1, 1, 1, 1];
    /// assert_eq!(Split::stratified(&labels, 0.25, 42)?, Split::stratified(&labels, 2, 42)?);
    /// # Ok::<(), data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// [`DataError::Split`] if a share is not in range, if no image is left to
    /// train on, or if none is held out although the share is above 0.
    pub fn stratified(
        labels: &[u16],
        held_out: impl Into<HoldOut>,
        seed: u64,
    ) -> Result<Self, DataError> {
        Self::draw(labels, held_out.into(), seed, leave_one)
    }

    /// So many of the images, ascending, as evenly over the classes as can be, drawn
    /// by `seed`. A class whose share is below one image may have none.
    ///
    /// # Errors
    /// [`DataError::Split`] if that would be all images.
    pub fn sample(labels: &[u16], count: usize, seed: u64) -> Result<Vec<usize>, DataError> {
        let drawn = Self::draw(labels, count.into(), seed, |_, _| {})?;
        Ok(drawn.valid)
    }

    /// `adjust` is given how many images there are of each class, and how many of them
    /// are held out.
    fn draw(
        labels: &[u16],
        asked: HoldOut,
        seed: u64,
        adjust: impl FnOnce(&[usize], &mut [usize]),
    ) -> Result<Self, DataError> {
        let fail = |problem: &str| {
            Err(DataError::Split {
                held_out: asked,
                images: labels.len(),
                problem: problem.into(),
            })
        };
        let (share, total) = match asked {
            HoldOut::Share(share) if !(0.0..1.0).contains(&share) => {
                return fail("the share must be at least 0 and below 1");
            }
            HoldOut::Share(share) => (share, (labels.len() as f64 * share).round() as usize),
            HoldOut::Count(count) if count >= labels.len() => {
                return fail("no image would be left to train on");
            }
            HoldOut::Count(count) => (count as f64 / labels.len() as f64, count),
        };
        let classes = labels.iter().max().map_or(0, |&most| usize::from(most) + 1);
        let mut members = vec![Vec::new(); classes];
        for (index, &label) in labels.iter().enumerate() {
            members[usize::from(label)].push(index);
        }
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
        let sizes: Vec<usize> = members.iter().map(Vec::len).collect();
        adjust(&sizes, &mut held_out);

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

/// Leaves an image of each class of so many, as long as another class has two left.
fn leave_one(sizes: &[usize], held_out: &mut [usize]) {
    for class in 0..sizes.len() {
        if held_out[class] == 0 || held_out[class] < sizes[class] {
            continue;
        }
        let left = |other: &usize| sizes[*other] - held_out[*other];
        // Of as many left the lower class gives: the first of the reversed is the last.
        let Some(giver) = (0..sizes.len()).rev().max_by_key(left) else {
            return;
        };
        if left(&giver) < 2 {
            return;
        }
        held_out[class] -= 1;
        held_out[giver] += 1;
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
    fn holds_out_an_exact_count() {
        // Classes of 4, 3 and 3 images; 7 of 10 are 2.8, 2.1 and 2.1.
        let labels = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0];
        for (count, expected) in [(7, [3, 2, 2]), (9, [3, 3, 3]), (1, [1, 0, 0]), (0, [0; 3])] {
            let split = Split::stratified(&labels, count, 7).unwrap();
            let of = |class| split.valid.iter().filter(|&&i| labels[i] == class).count();
            assert_eq!([of(0), of(1), of(2)], expected, "{count}");
        }
        // Any count of any number of images, although the shares are rounded.
        for images in 1..80 {
            let labels: Vec<u16> = (0..images).map(|image| image % 7).collect();
            for count in 0..usize::from(images) {
                let split = Split::stratified(&labels, count, 0).unwrap();
                assert_eq!(split.valid.len(), count, "of {images}");
            }
        }
        let error = Split::stratified(&labels, 10, 0).unwrap_err().to_string();
        assert!(
            error.starts_with("cannot hold out 10 of 10 images"),
            "{error}"
        );
    }

    #[test]
    fn no_class_loses_its_last_image_if_another_has_two() {
        // Classes of 1, 8 and 1 images.
        let labels = [0, 1, 1, 1, 1, 1, 1, 1, 1, 2];
        for (count, expected) in [
            (5, [0, 5, 0]),
            (7, [0, 7, 0]),
            (8, [0, 7, 1]),
            (9, [1, 7, 1]),
        ] {
            let split = Split::stratified(&labels, count, 7).unwrap();
            let of = |class| split.valid.iter().filter(|&&i| labels[i] == class).count();
            assert_eq!([of(0), of(1), of(2)], expected, "{count}");
        }
        // A sample is for training, and takes them.
        let sample = Split::sample(&labels, 8, 7).unwrap();
        assert_eq!((sample.len(), sample[0], sample[7]), (8, 0, 9));
    }

    #[test]
    fn a_configuration_tells_counts_from_shares() {
        let read = |text: &str| serde_json::from_str::<HoldOut>(text).unwrap();
        assert_eq!(read("5000"), HoldOut::Count(5000));
        assert_eq!(read("0.1"), HoldOut::Share(0.1));
        assert_eq!(read("0"), HoldOut::Count(0));
        let error = serde_json::from_str::<HoldOut>("-1").unwrap();
        assert!(Split::stratified(&[0, 1], error, 0).is_err());
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
