use std::sync::Arc;

use super::{Augment, Draw, Image, parameter::Problem};
use crate::{DataError, DatasetInfo};

/// Steps in order, checked for the images of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    steps: Vec<Augment>,
    info: Arc<DatasetInfo>,
    shape: [usize; 3],
}

impl Pipeline {
    /// The changes `steps`, in order, of images that `info` describes.
    ///
    /// # Errors
    /// [`DataError::Augment`] with the first step and key that cannot be.
    pub fn new(steps: Vec<Augment>, info: Arc<DatasetInfo>) -> Result<Self, DataError> {
        let mut shape = info.shape();
        for (at, step) in steps.iter().enumerate() {
            shape = step
                .step()
                .check(shape)
                .map_err(|Problem { key, problem }| DataError::Augment {
                    position: at + 1,
                    step: step.name(),
                    key,
                    problem,
                })?;
        }
        Ok(Self { steps, info, shape })
    }

    /// The steps as they are for images that are scored: nothing random, but the
    /// same shape at the end.
    #[must_use]
    pub fn for_evaluation(&self) -> Self {
        let mut shape = self.info.shape();
        let mut steps = Vec::new();
        for step in &self.steps {
            let step = step.step();
            steps.extend(step.for_evaluation(shape));
            shape = step.check(shape).expect("checked when it was made");
        }
        Self::new(steps, Arc::clone(&self.info)).expect("what scores has the shapes of what trains")
    }

    /// `[channels, height, width]` of the images that come out.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Whether images stay as they are.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Changes `image`, which is image `index` of the data set, for `epoch`: a
    /// function of its bytes, `seed`, `epoch` and `index`.
    ///
    /// # Panics
    /// If the image does not have the data set's shape.
    pub fn apply(&self, image: &mut Image, seed: u64, epoch: u64, index: usize) {
        assert_eq!(image.shape(), self.info.shape(), "the data set's shape");
        let mut draw = Draw::for_image(&self.info, seed, epoch, index);
        for step in &self.steps {
            step.step().apply(image, &mut draw);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{RandomCrop, Size};
    use std::collections::HashSet;

    /// Two channels of 2×3 pixels.
    const IMAGE: [u8; 12] = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16];

    fn info() -> Arc<DatasetInfo> {
        Arc::new(DatasetInfo {
            name: "test".into(),
            classes: vec!["a".into()],
            channels: 2,
            height: 2,
            width: 3,
            mean: vec![0.5; 2],
            std: vec![0.25; 2],
        })
    }

    #[test]
    fn draws_every_shift_by_seed_epoch_and_index() {
        let crop = RandomCrop {
            padding: 1,
            ..RandomCrop::default()
        };
        let pipeline = Pipeline::new(vec![crop.into()], info()).unwrap();
        let applied = |seed, epoch, index| {
            let mut image = Image::new(IMAGE.to_vec(), [2, 2, 3]);
            pipeline.apply(&mut image, seed, epoch, index);
            image.pixels().to_vec()
        };
        assert_eq!(applied(1, 2, 3), applied(1, 2, 3));
        let shifts: HashSet<_> = (0..200).map(|index| applied(1, 1, index)).collect();
        assert_eq!(shifts.len(), 9);
        let shifts: HashSet<_> = (0..200).map(|epoch| applied(1, epoch, 0)).collect();
        assert_eq!(shifts.len(), 9);
    }

    #[test]
    fn says_which_step_and_key_cannot_be() {
        let flip = || crate::augment::RandomHorizontalFlip::default().into();
        let crop = RandomCrop {
            padding: 2,
            ..RandomCrop::default()
        };
        let error = Pipeline::new(vec![flip(), crop.into()], info()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "augment, step 2 (random-crop), padding: 2 is not below the 2×3 pixels of an image"
        );
    }

    #[test]
    fn images_that_are_scored_get_the_same_shape_without_chance() {
        let crop = RandomCrop {
            size: Some(Size::Square(2)),
            ..RandomCrop::default()
        };
        let pipeline = Pipeline::new(vec![crop.into()], info()).unwrap();
        let scored = pipeline.for_evaluation();
        assert_eq!((pipeline.shape(), scored.shape()), ([2, 2, 2], [2, 2, 2]));
        for epoch in 0..20 {
            let mut image = Image::new(IMAGE.to_vec(), [2, 2, 3]);
            scored.apply(&mut image, 0, epoch, 0);
            assert_eq!(image.pixels(), [1, 2, 4, 5, 11, 12, 14, 15]);
        }
    }
}
