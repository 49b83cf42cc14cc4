//! 5,000 training and 1,000 test images of MNIST, embedded in the program.
//!
//! `assets/mnist-mini/README.md` says where they come from and how they are made.

use crate::{
    DataError,
    catalog::{DIGITS, Datasets, Part, assemble},
    formats::idx,
};

pub(crate) const NAME: &str = "mnist-mini";

macro_rules! asset {
    ($file:literal) => {
        (
            include_bytes!(concat!("../../../assets/mnist-mini/", $file)).as_slice(),
            concat!("mnist-mini/", $file, " (embedded)"),
        )
    };
}

pub(crate) fn load() -> Result<Datasets, DataError> {
    let (bytes, file) = asset!("train-images-idx3-ubyte.gz");
    let train_images = idx::read_images(bytes, file)?;
    let (bytes, file) = asset!("train-labels-idx1-ubyte.gz");
    let train_labels = idx::read_labels(bytes, file)?;
    let (bytes, file) = asset!("t10k-images-idx3-ubyte.gz");
    let test_images = idx::read_images(bytes, file)?;
    let (bytes, file) = asset!("t10k-labels-idx1-ubyte.gz");
    let test_labels = idx::read_labels(bytes, file)?;

    let shape = [1, train_images.rows, train_images.columns];
    let part = |images: idx::Images, labels| Part {
        pixels: images.pixels,
        labels,
    };
    let train = part(train_images, train_labels);
    let test = part(test_images, test_labels);
    assemble(NAME, DIGITS, shape, train, test)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_balanced_digits() {
        let Datasets { train, test, .. } = load().unwrap();
        for (part, each) in [(&train, 500), (&test, 100)] {
            assert_eq!(part.len(), 10 * each);
            for digit in 0..10 {
                let count = part
                    .labels()
                    .iter()
                    .filter(|&&label| label == digit)
                    .count();
                assert_eq!(count, each, "digit {digit}");
            }
        }
        assert_eq!(train.info().shape(), [1, 28, 28]);
        // The whole of MNIST has 0.1307 and 0.3081 (torchvision's examples).
        assert!(
            (train.info().mean[0] - 0.1307).abs() < 2e-3,
            "{:?}",
            train.info().mean
        );
        assert!(
            (train.info().std[0] - 0.3081).abs() < 2e-3,
            "{:?}",
            train.info().std
        );
    }
}
