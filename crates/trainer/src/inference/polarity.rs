//! Whether an image is dark on light where the training images are light on dark.

use data::{DatasetInfo, augment::Image};

/// A mean beyond these is that of shapes on a plain ground. Photos lie between: 0.47 for
/// CIFAR-10, 0.13 for MNIST, 0.19 for KMNIST, 0.29 for FashionMNIST.
const DARK_GROUND: f64 = 1.0 / 3.0;
const LIGHT_GROUND: f64 = 2.0 / 3.0;

/// The ground of images, as far as they have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polarity {
    /// Light shapes on a dark ground, such as the digits of MNIST.
    LightOnDark,
    /// Dark shapes on a light ground, such as ink on paper.
    DarkOnLight,
}

impl Polarity {
    /// That of a data set by its mean, or `None` if its images are not alike in that,
    /// as photos are not.
    #[must_use]
    pub fn of(info: &DatasetInfo) -> Option<Self> {
        let all = |test: fn(f64) -> bool| info.mean.iter().all(|&mean| test(f64::from(mean)));
        if all(|mean| mean < DARK_GROUND) {
            Some(Self::LightOnDark)
        } else if all(|mean| mean > LIGHT_GROUND) {
            Some(Self::DarkOnLight)
        } else {
            None
        }
    }

    /// That of an image, by the mean of the pixels along its edge: above or below one half.
    ///
    /// It is above one half for none of the 20,000 test images of MNIST and of
    /// FashionMNIST, and for all of them if they are inverted.
    #[must_use]
    pub fn of_image(image: &Image) -> Self {
        let [_, height, width] = image.shape();
        let (mut sum, mut count) = (0_u64, 0_u64);
        for (at, &byte) in image.pixels().iter().enumerate() {
            let (y, x) = (at / width % height, at % width);
            if y == 0 || x == 0 || y == height - 1 || x == width - 1 {
                sum += u64::from(byte);
                count += 1;
            }
        }
        match 2 * sum > 255 * count {
            true => Self::DarkOnLight,
            false => Self::LightOnDark,
        }
    }

    /// The other one.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::LightOnDark => Self::DarkOnLight,
            Self::DarkOnLight => Self::LightOnDark,
        }
    }

    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LightOnDark => "light on dark",
            Self::DarkOnLight => "dark on light",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(mean: &[f32]) -> DatasetInfo {
        DatasetInfo {
            name: "set".into(),
            classes: vec!["a".into()],
            channels: mean.len(),
            height: 4,
            width: 4,
            mean: mean.to_vec(),
            std: vec![0.3; mean.len()],
        }
    }

    #[test]
    fn photos_have_no_ground() {
        assert_eq!(Polarity::of(&set(&[0.1307])), Some(Polarity::LightOnDark));
        assert_eq!(Polarity::of(&set(&[0.87])), Some(Polarity::DarkOnLight));
        assert_eq!(Polarity::of(&set(&[0.4914, 0.4822, 0.4465])), None);
        assert_eq!(Polarity::of(&set(&[0.2, 0.5, 0.2])), None);
    }

    #[test]
    fn the_edge_decides_and_not_the_middle() {
        // A thick shape that leaves little of the ground.
        let mut pixels = vec![10; 36];
        for y in 1..5 {
            pixels[y * 6 + 1..y * 6 + 5].fill(255);
        }
        let image = Image::new(pixels, [1, 6, 6]);
        assert_eq!(Polarity::of_image(&image), Polarity::LightOnDark);
        let paper = image.inverted();
        assert_eq!(Polarity::of_image(&paper), Polarity::DarkOnLight);
        assert_eq!(paper.inverted(), image);
    }

    #[test]
    fn the_embedded_digits_are_what_they_are() {
        let digits = data::load("mnist-mini").unwrap().test;
        let ground = Polarity::of(digits.info());
        assert_eq!(ground, Some(Polarity::LightOnDark));
        for at in 0..digits.len() {
            let image = Image::new(digits.image(at).to_vec(), digits.info().shape());
            assert_eq!(Some(Polarity::of_image(&image)), ground, "{at}");
            let paper = Polarity::of_image(&image.inverted());
            assert_eq!(paper, Polarity::DarkOnLight, "{at}");
        }
    }
}
