//! The filters that people made by hand, before networks learned theirs.

use std::fmt;

use super::range::Range;
use crate::pictures::{ColourMap, Section, Tile, grid_of_side};

/// A filter made by hand: one kernel, or one for each direction.
///
/// A kernel is laid over the image as by a convolution of a network: it is not turned
/// (mathematics calls that cross-correlation). Beyond the edge, the pixels of the edge go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ImageKernel {
    /// Edges, by Sobel and Feldman, 1968
    Sobel,
    /// Edges, by Scharr, 2000: the same strength in more directions
    Scharr,
    /// Edges, by Prewitt, 1970
    Prewitt,
    /// Edges of all directions, by the second derivative
    Laplacian,
    /// Blur, by binomial numbers
    Gaussian,
    /// The image minus its Laplacian
    Sharpen,
    /// Relief, lit from above left
    Emboss,
}

/// One kernel, square with an odd side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel {
    /// The direction of the changes that it finds, `x` or `y`, where there are two.
    pub direction: Option<&'static str>,
    /// Row after row.
    pub numbers: &'static [i32],
    /// What the sum is divided by.
    pub divisor: i32,
}

/// What an [`ImageKernel`] makes of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelMaps {
    /// The filter.
    pub filter: ImageKernel,
    /// `[height, width]` of the image, and of each map.
    pub size: [usize; 2],
    /// The image in grey, row after row.
    pub image: Vec<u8>,
    /// What each of its kernels gives for pixels from 0 to 255, row after row.
    pub responses: Vec<Vec<f32>>,
    /// The root of the sum of the squares of both directions, where there are two.
    pub magnitude: Option<Vec<f32>>,
}

impl ImageKernel {
    /// Its kernels: of one, or of x and y.
    #[must_use]
    pub fn kernels(self) -> Vec<Kernel> {
        let one = |numbers, divisor| {
            vec![Kernel {
                direction: None,
                numbers,
                divisor,
            }]
        };
        let two = |x, y| {
            let of = |direction, numbers| Kernel {
                direction: Some(direction),
                numbers,
                divisor: 1,
            };
            vec![of("x", x), of("y", y)]
        };
        match self {
            Self::Sobel => two(
                &[-1, 0, 1, -2, 0, 2, -1, 0, 1],
                &[-1, -2, -1, 0, 0, 0, 1, 2, 1],
            ),
            Self::Scharr => two(
                &[-3, 0, 3, -10, 0, 10, -3, 0, 3],
                &[-3, -10, -3, 0, 0, 0, 3, 10, 3],
            ),
            Self::Prewitt => two(
                &[-1, 0, 1, -1, 0, 1, -1, 0, 1],
                &[-1, -1, -1, 0, 0, 0, 1, 1, 1],
            ),
            Self::Laplacian => one(&[0, 1, 0, 1, -4, 1, 0, 1, 0], 1),
            Self::Gaussian => one(
                &[
                    1, 4, 6, 4, 1, //
                    4, 16, 24, 16, 4, //
                    6, 24, 36, 24, 6, //
                    4, 16, 24, 16, 4, //
                    1, 4, 6, 4, 1,
                ],
                256,
            ),
            Self::Sharpen => one(&[0, -1, 0, -1, 5, -1, 0, -1, 0], 1),
            Self::Emboss => one(&[-2, -1, 0, -1, 1, 1, 0, 1, 2], 1),
        }
    }

    /// Whether it gives changes, of which 0 is none, and no image.
    fn gives_changes(self) -> bool {
        matches!(
            self,
            Self::Sobel | Self::Scharr | Self::Prewitt | Self::Laplacian
        )
    }

    /// Lays it over an image in grey, `height × width` bytes.
    ///
    /// # Panics
    /// If `image` is not that long.
    #[must_use]
    pub fn apply(self, image: &[u8], size: [usize; 2]) -> KernelMaps {
        assert_eq!(image.len(), size[0] * size[1], "{size:?}");
        let kernels = self.kernels();
        let responses: Vec<Vec<f32>> = kernels.iter().map(|k| k.apply(image, size)).collect();
        let magnitude = match responses.as_slice() {
            [x, y] => Some(x.iter().zip(y).map(|(x, y)| x.hypot(*y)).collect()),
            _ => None,
        };
        KernelMaps {
            filter: self,
            size,
            image: image.into(),
            responses,
            magnitude,
        }
    }
}

impl fmt::Display for ImageKernel {
    /// As on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = clap::ValueEnum::to_possible_value(self);
        f.pad(value.as_ref().map_or("", |value| value.get_name()))
    }
}

impl Kernel {
    /// Numbers in a row.
    #[must_use]
    pub fn side(&self) -> usize {
        self.numbers.len().isqrt()
    }

    fn apply(&self, image: &[u8], [height, width]: [usize; 2]) -> Vec<f32> {
        let (side, half) = (self.side(), self.side() / 2);
        // The pixel `offset - half` away from `at`, or that of the edge.
        let place =
            |at: usize, offset: usize, end: usize| (at + offset).saturating_sub(half).min(end - 1);
        let mut sums = Vec::with_capacity(image.len());
        for y in 0..height {
            for x in 0..width {
                let mut sum = 0;
                for (row, numbers) in self.numbers.chunks_exact(side).enumerate() {
                    let pixels = &image[place(y, row, height) * width..][..width];
                    for (column, number) in numbers.iter().enumerate() {
                        sum += number * i32::from(pixels[place(x, column, width)]);
                    }
                }
                sums.push(sum as f32 / self.divisor as f32);
            }
        }
        sums
    }

    /// A line for each row.
    fn lines(&self) -> Vec<String> {
        let texts: Vec<String> = self.numbers.iter().map(i32::to_string).collect();
        let width = texts.iter().map(String::len).max().unwrap_or(0);
        let rows = texts.chunks_exact(self.side());
        let row = |row: &[String]| {
            let cells: Vec<String> = row.iter().map(|text| format!("{text:>width$}")).collect();
            cells.join(" ")
        };
        let mut lines: Vec<String> = rows.map(row).collect();
        if self.divisor != 1 {
            lines.push(format!("divided by {}", self.divisor));
        }
        lines
    }
}

/// Side of the images, in pixels: as wide as the captions.
const SIDE: u32 = 140;
/// Of wider images, two lie beside each other.
const WIDE: usize = 256;

impl KernelMaps {
    /// The image, what each kernel gives with its numbers, and the magnitude; and what is
    /// to be said of them.
    #[must_use]
    pub fn section(&self) -> Section {
        let [height, width] = self.size;
        let tile = |pixels: Vec<u8>, caption: Vec<String>| Tile {
            pixels,
            shape: [1, height, width],
            caption,
        };
        let grey = |values: &[f32], share: &dyn Fn(f32) -> f32| -> Vec<u8> {
            let byte = |&value| ColourMap::Grey.colour(share(value))[0];
            values.iter().map(byte).collect()
        };
        let mut tiles = vec![tile(self.image.clone(), vec!["image".into()])];
        for (kernel, values) in self.filter.kernels().iter().zip(&self.responses) {
            let own = Range::of(values);
            let name = match kernel.direction {
                Some(direction) => format!("{} {direction}", self.filter),
                None => self.filter.to_string(),
            };
            let pixels = match self.filter.gives_changes() {
                true => grey(values, &|value| own.signed_share(value)),
                false => grey(values, &|value| value / 255.0),
            };
            let mut caption = vec![name];
            caption.extend(kernel.lines());
            caption.push(own.to_string());
            tiles.push(tile(pixels, caption));
        }
        if let Some(values) = &self.magnitude {
            let own = Range::of(values);
            let pixels = grey(values, &|value| Range { low: 0.0, ..own }.share(value));
            let caption = [
                "magnitude".into(),
                "root of x² + y²".into(),
                own.to_string(),
            ];
            tiles.push(tile(pixels, caption.into()));
        }
        let columns = match width <= WIDE {
            true => tiles.len(),
            false => 2,
        };
        let scale = match (self.filter.gives_changes(), &self.magnitude) {
            (true, Some(_)) => "a change of 0 is middle grey, a magnitude of 0 is black",
            (true, None) => "a change of 0 is middle grey",
            (false, _) => "values below 0 are black, above 255 white",
        };
        Section {
            heading: vec![
                format!("{} on {height}×{width} pixels from 0 to 255", self.filter),
                scale.into(),
            ],
            picture: grid_of_side(&tiles, columns, SIDE),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::ValueEnum as _;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        size: [usize; 2],
        image: Vec<u8>,
        /// Of each filter, what its kernels give, and the magnitude.
        maps: BTreeMap<String, Vec<Vec<f32>>>,
    }

    #[test]
    fn values_are_pytorchs() {
        let golden = include_str!("../../tests/golden/image_kernels.json");
        let golden: Golden = serde_json::from_str(golden).unwrap();
        assert_eq!(golden.maps.len(), ImageKernel::value_variants().len());
        for &filter in ImageKernel::value_variants() {
            let found = filter.apply(&golden.image, golden.size);
            let found = found.responses.iter().chain(&found.magnitude);
            let found: Vec<&Vec<f32>> = found.collect();
            let expected = &golden.maps[&filter.to_string()];
            assert_eq!(found.len(), expected.len(), "{filter}");
            for (found, expected) in found.into_iter().zip(expected) {
                assert_eq!(found.len(), expected.len(), "{filter}");
                for (found, expected) in found.iter().zip(expected) {
                    assert!(
                        (found - expected).abs() < 1e-3,
                        "{filter}: {found} {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_image_of_one_pixel_has_no_edge() {
        let sobel = ImageKernel::Sobel.apply(&[200], [1, 1]);
        assert_eq!(sobel.magnitude, Some(vec![0.0]));
        assert_eq!(
            ImageKernel::Gaussian.apply(&[200], [1, 1]).responses,
            [[200.0]]
        );
    }

    #[test]
    fn the_picture_tells_the_numbers() {
        let kernel = ImageKernel::Scharr.kernels()[1];
        assert_eq!(
            kernel.lines(),
            [" -3 -10  -3", "  0   0   0", "  3  10   3"]
        );
        assert_eq!(
            ImageKernel::Gaussian.kernels()[0].lines()[5],
            "divided by 256"
        );
        let maps = ImageKernel::Sobel.apply(&[0, 0, 255, 255], [2, 2]);
        let section = maps.section();
        assert_eq!(section.heading[0], "sobel on 2×2 pixels from 0 to 255");
        // Image, x, y and magnitude side by side: 70 times as large.
        assert_eq!(section.picture.width(), 4 * (140 + 6) + 6);
        // x finds nothing: middle grey. y changes by 4 times 255: white.
        let pixel = |tile: u32| section.picture.get_pixel(6 + tile * 146 + 1, 7).0[0];
        assert_eq!([pixel(0), pixel(1), pixel(2), pixel(3)], [0, 128, 255, 255]);
    }
}
