use super::{Image, random_step::random_step};

random_step! {
    /// Mirrors the image left to right, with probability `p`: torchvision's
    /// `RandomHorizontalFlip`.
    RandomHorizontalFlip, p: 0.5, check: |_| Ok(()), apply: horizontal_flip
}

random_step! {
    /// Mirrors the image top to bottom, with probability `p`: torchvision's
    /// `RandomVerticalFlip`.
    RandomVerticalFlip, p: 0.5, check: |_| Ok(()), apply: vertical_flip
}

pub(super) fn horizontal_flip(image: &mut Image) {
    let [_, _, width] = image.shape();
    for row in image.pixels_mut().chunks_exact_mut(width) {
        row.reverse();
    }
}

pub(super) fn vertical_flip(image: &mut Image) {
    let [_, _, width] = image.shape();
    let plane = image.plane();
    image.redraw(image.shape(), |old, new| {
        for (old, new) in old.chunks_exact(plane).zip(new.chunks_exact_mut(plane)) {
            let rows = old.chunks_exact(width).rev();
            for (old, new) in rows.zip(new.chunks_exact_mut(width)) {
                new.copy_from_slice(old);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Pipeline, augment::Augment};
    use std::sync::Arc;

    #[test]
    fn flips_as_often_as_asked_for() {
        let info = Arc::new(crate::dataset::tests::info());
        let flipped = |step: Augment| {
            let pipeline = Pipeline::new(vec![step], Arc::clone(&info)).unwrap();
            let changed = |index: &usize| {
                let mut image = Image::new(vec![1, 2, 3, 4], [1, 2, 2]);
                pipeline.apply(&mut image, 1, 1, *index);
                image.pixels() != [1, 2, 3, 4]
            };
            (0..4000).filter(changed).count()
        };
        for (p, expected) in [(0.0, 0..=0), (0.25, 900..=1100), (1.0, 4000..=4000)] {
            let across = flipped(RandomHorizontalFlip { p }.into());
            let upside = flipped(RandomVerticalFlip { p }.into());
            assert!(
                expected.contains(&across) && expected.contains(&upside),
                "{across} {upside}"
            );
        }
        for p in [-0.1, 1.1, f64::NAN] {
            assert!(
                Pipeline::new(vec![RandomHorizontalFlip { p }.into()], Arc::clone(&info)).is_err()
            );
            assert!(
                Pipeline::new(vec![RandomVerticalFlip { p }.into()], Arc::clone(&info)).is_err()
            );
        }
    }
}
