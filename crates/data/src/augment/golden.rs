//! The steps against torchvision: `tests/golden/*.py` make the cases.

use serde::Deserialize;
use serde_json::Value;

use super::Image;

/// What torchvision makes of an image with fixed parameters.
#[derive(Debug, Deserialize)]
pub struct Case {
    /// Which operation.
    pub step: String,
    parameters: Value,
    shape: [usize; 3],
    salt: usize,
    /// The lowest level and how many there are.
    #[serde(default = "noise")]
    levels: [usize; 2],
    output_shape: [usize; 3],
    output: String,
}

/// The levels of images that say nothing else.
fn noise() -> [usize; 2] {
    [30, 200]
}

impl Case {
    /// The cases of a file of `tests/golden`.
    pub fn all(file: &str) -> Vec<Self> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/");
        let text = std::fs::read_to_string(format!("{folder}{file}")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The image before: `common.py` makes the same.
    pub fn image(&self) -> Image {
        let count = self.shape.iter().product();
        let [low, many] = self.levels;
        let value = |i| (low + (i * 7919 + self.salt * 104_729) % 2003 % many) as u8;
        Image::new((0..count).map(value).collect(), self.shape)
    }

    /// A parameter of the case.
    pub fn parameter<T: serde::de::DeserializeOwned>(&self, key: &str) -> T {
        serde_json::from_value(self.parameters[key].clone())
            .unwrap_or_else(|e| panic!("{self:?}, {key}: {e}"))
    }

    /// That `image` is what torchvision gives, to `levels` of 255.
    pub fn check(&self, image: &Image, levels: u8) {
        assert_eq!(image.shape(), self.output_shape, "{self:?}");
        let expected: Vec<u8> = (0..self.output.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&self.output[at..at + 2], 16).unwrap())
            .collect();
        for (at, (&found, &expected)) in image.pixels().iter().zip(&expected).enumerate() {
            assert!(
                found.abs_diff(expected) <= levels,
                "{} {}: byte {at} is {found}, and {expected} in torchvision",
                self.step,
                self.parameters
            );
        }
    }
}
