use std::sync::Arc;

use super::{Augment, Draw, Image, Kind, Normalization, parameter::Problem};
use crate::{DataError, DatasetInfo};

/// Steps in order, checked for the images of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    info: Arc<DatasetInfo>,
    /// What changes images.
    images: Vec<Augment>,
    /// What becomes of that for images that are scored.
    scored: Vec<Augment>,
    normalization: Normalization,
    /// What mixes a batch.
    batches: Vec<Augment>,
    shape: [usize; 3],
}

impl Pipeline {
    /// The changes `steps`, in order, of images that `info` describes.
    ///
    /// # Errors
    /// [`DataError::Augment`] with the first step and key that cannot be,
    /// [`DataError::AugmentOrder`], or [`DataError::Inconsistent`] if `info` has
    /// no pixels, or not a mean and a deviation that can normalise each channel.
    pub fn new(steps: Vec<Augment>, info: Arc<DatasetInfo>) -> Result<Self, DataError> {
        let mut pipeline = Self {
            images: Vec::new(),
            scored: Vec::new(),
            normalization: info.normalization()?,
            batches: Vec::new(),
            shape: info.shape(),
            info,
        };
        let mut before: Option<&'static str> = None;
        for (at, step) in steps.into_iter().enumerate() {
            let (position, name) = (at + 1, step.name());
            let impossible = |Problem { key, problem }| DataError::Augment {
                position,
                step: name,
                key,
                problem,
            };
            let earlier = before;
            let too_late = match step.kind() {
                Kind::Image(step) => {
                    let shape = pipeline.shape;
                    pipeline.shape = step.check(shape).map_err(impossible)?;
                    pipeline.scored.extend(step.for_evaluation(shape));
                    earlier.is_some()
                }
                Kind::Normalize(normalize) => {
                    pipeline.normalization =
                        normalize.resolve(&pipeline.info).map_err(impossible)?;
                    before = Some(name);
                    earlier.is_some()
                }
                Kind::Batch(mix) => {
                    mix.check().map_err(impossible)?;
                    before = Some(name);
                    false
                }
            };
            if let (true, Some(before)) = (too_late, earlier) {
                return Err(DataError::AugmentOrder {
                    position,
                    step: name,
                    before,
                });
            }
            match step.kind() {
                Kind::Image(_) => pipeline.images.push(step),
                Kind::Normalize(_) => {}
                Kind::Batch(_) => pipeline.batches.push(step),
            }
        }
        Ok(pipeline)
    }

    /// The steps as they are for images that are scored: nothing random, but the
    /// same shape and numbers at the end.
    #[must_use]
    pub fn for_evaluation(&self) -> Self {
        Self {
            info: Arc::clone(&self.info),
            images: self.scored.clone(),
            // What is not random stays as it is.
            scored: self.scored.clone(),
            normalization: self.normalization.clone(),
            batches: Vec::new(),
            shape: self.shape,
        }
    }

    /// What the data set is.
    #[must_use]
    pub fn info(&self) -> &Arc<DatasetInfo> {
        &self.info
    }

    /// `[channels, height, width]` of the images that come out.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// How bytes become numbers.
    #[must_use]
    pub fn normalization(&self) -> &Normalization {
        &self.normalization
    }

    /// Whether [`apply`](Self::apply) leaves every image as it is.
    #[must_use]
    pub fn keeps_images(&self) -> bool {
        self.images.is_empty()
    }

    /// Whether images are mixed with others, and get soft targets.
    #[must_use]
    pub fn mixes(&self) -> bool {
        !self.batches.is_empty()
    }

    /// Changes `image`, which is image `index` of the data set, for `epoch`: a
    /// function of its bytes, `seed`, `epoch` and `index`.
    ///
    /// # Panics
    /// If the image does not have the data set's shape.
    pub fn apply(&self, image: &mut Image, seed: u64, epoch: u64, index: usize) {
        assert_eq!(image.shape(), self.info.shape(), "the data set's shape");
        if self.images.is_empty() {
            return;
        }
        let mut draw = Draw::for_image(&self.normalization, seed, epoch, index);
        for step in &self.images {
            if let Kind::Image(step) = step.kind() {
                step.apply(image, &mut draw);
            }
        }
    }

    /// Mixes `pixels`, the images of batch `batch` (from 0) of `epoch`, changed
    /// by [`apply`](Self::apply): the share that each label keeps, while the one
    /// of the image before has the rest. 1 if no step mixes.
    ///
    /// # Panics
    /// If `pixels` holds no image, or a part of one.
    pub fn mix(&self, pixels: &mut [u8], seed: u64, epoch: u64, batch: usize) -> f32 {
        let len: usize = self.shape.iter().product();
        assert!(
            !pixels.is_empty() && pixels.len().is_multiple_of(len),
            "whole images"
        );
        if self.batches.is_empty() {
            return 1.0;
        }
        let mut draw = Draw::for_batch(&self.normalization, seed, epoch, batch);
        match self.batches[draw.below(self.batches.len())].kind() {
            Kind::Batch(step) => step.mix(pixels, self.shape, &mut draw),
            Kind::Image(_) | Kind::Normalize(_) => unreachable!("sorted when it was made"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{
        Cutmix, Mixup, Normalize, PaddingMode, RandomCrop, RandomHorizontalFlip, Size,
    };
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
        let flip = || RandomHorizontalFlip::default().into();
        let crop = RandomCrop {
            padding: 2,
            padding_mode: PaddingMode::Reflect,
            ..RandomCrop::default()
        };
        let error = Pipeline::new(vec![flip(), crop.into()], info()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "augment, step 2 (random-crop), padding: 2 pixels on a side cannot be mirrored \
             from 2×3: fewer than the image has are possible"
        );
    }

    #[test]
    fn refuses_what_cannot_normalise() {
        for (mean, std) in [
            (vec![0.5; 2], vec![0.25, 0.0]),
            (vec![0.5; 2], vec![0.25, 1e-40]),
            (vec![0.5; 2], vec![0.25]),
            (vec![f32::NAN, 0.5], vec![0.25; 2]),
            (vec![3e38, 0.5], vec![2e-38; 2]),
        ] {
            let info = (*info()).clone();
            let error = Pipeline::new(vec![], Arc::new(DatasetInfo { mean, std, ..info }));
            assert!(matches!(error, Err(DataError::Inconsistent { .. })));
        }
        let given = Normalize {
            mean: Some(vec![0.1; 2]),
            std: Some(vec![1e-30; 2]),
        };
        let pipeline = Pipeline::new(vec![given.into()], info()).unwrap();
        let scored = pipeline.for_evaluation();
        assert_eq!(scored.normalization(), pipeline.normalization());
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

    #[test]
    fn keeps_the_order_in_which_things_can_be_done() {
        let flip = || RandomHorizontalFlip::default().into();
        let normalize = || Normalize::default().into();
        let mixup = || Mixup::default().into();
        let new = |steps| Pipeline::new(steps, info());
        let good = new(vec![flip(), normalize(), mixup(), Cutmix::default().into()]).unwrap();
        assert!(good.mixes() && !good.for_evaluation().mixes());
        for (steps, words) in [
            (
                vec![normalize(), flip()],
                "step 2 (random-horizontal-flip) must come before normalize",
            ),
            (vec![mixup(), flip()], "before mixup"),
            (
                vec![mixup(), normalize()],
                "step 2 (normalize) must come before mixup",
            ),
            (vec![normalize(), normalize()], "normalize"),
        ] {
            let error = new(steps).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn each_batch_gets_one_of_the_mixtures() {
        let pipeline = Pipeline::new(
            vec![Mixup::default().into(), Cutmix::default().into()],
            info(),
        );
        let pipeline = pipeline.unwrap();
        // Two images of one colour each: a mixture of means holds neither.
        let mixed = |batch| {
            let mut pixels = [[0; 12], [200; 12]].concat();
            let kept = pipeline.mix(&mut pixels, 1, 1, batch);
            (kept, pixels)
        };
        assert_eq!(mixed(3), mixed(3));
        let cut = (0..200).filter(|&batch| mixed(batch).1.iter().all(|b| [0, 200].contains(b)));
        let cut = cut.count();
        assert!((70..130).contains(&cut), "{cut} of 200");
        for batch in 0..50 {
            let (kept, pixels) = mixed(batch);
            let mean = pixels[12..].iter().map(|&b| f32::from(b)).sum::<f32>() / 12.0;
            assert!((mean - 200.0 * kept).abs() < 0.51, "{kept}: {mean}");
        }
    }
}
