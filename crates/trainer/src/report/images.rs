//! Images of a data set as they are written into a page: small files in data URIs.

use std::io::Cursor;

use data::ImageDataset;
use data_encoding::BASE64;
use image::{
    DynamicImage, GrayImage, ImageEncoder, RgbImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
    imageops,
};
use serde::Serialize;

use super::source::Source;
use crate::TestPrediction;

/// Larger images are made smaller, to this side in pixels.
const MOST_PIXELS: u32 = 64;
/// Smaller ones are shown magnified by a whole number, to at least this side.
const SIDE: u32 = 56;
/// From this side on, images in colour are written as JPEG: photographs are a fifth of
/// their size as PNG then, and no pixel counts.
const PHOTO: u32 = 48;
const QUALITY: u8 = 82;

/// Characters beside the bytes that an image takes in the page.
const BESIDES: usize = 240;

/// An image with what a network took it for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Tile {
    /// A data URI.
    src: String,
    /// As it is shown, in pixels.
    width: u32,
    height: u32,
    /// Its place in the test set, from 0.
    index: usize,
    of: String,
    taken: String,
    confidence: String,
    right: bool,
}

impl Tile {
    /// Whether it was taken for what it is.
    pub fn right(&self) -> bool {
        self.right
    }
}

/// The images of a test set that go into a page, as long as there is place.
pub(super) struct Images<'a> {
    source: &'a Source,
    images: &'a ImageDataset,
    predictions: &'a [TestPrediction],
    /// Characters that are left.
    left: usize,
}

impl<'a> Images<'a> {
    /// With place for `characters`. The images must be those that were predicted.
    ///
    /// # Errors
    /// A sentence on what does not fit.
    pub fn new(
        source: &'a Source,
        images: &'a ImageDataset,
        predictions: &'a [TestPrediction],
        characters: usize,
    ) -> Result<Self, String> {
        let labels = predictions.iter().map(|image| image.label);
        if !labels.eq(images.labels().iter().copied()) {
            return Err(format!(
                "The test set of `{}` is not the one that the run was scored on: it has {} images, \
                 and the run {}, or their labels differ.",
                images.info().name,
                images.len(),
                predictions.len()
            ));
        }
        Ok(Self {
            source,
            images,
            predictions,
            left: characters,
        })
    }

    /// Image `index`, if there is place for it.
    pub fn tile(&mut self, index: usize) -> Option<Tile> {
        let image = self.predictions[index];
        let (src, [width, height]) = uri(self.images.image(index), self.images.info().shape());
        self.left = self.left.checked_sub(src.len() + BESIDES)?;
        let [width, height] = magnified([width, height]);
        Some(Tile {
            src,
            width,
            height,
            index,
            of: self.source.class(image.label.into()),
            taken: self.source.class(image.predicted.into()),
            confidence: format!("{:.1} %", 100.0 * image.confidence),
            right: image.is_right(),
        })
    }

    /// What became of the images.
    pub fn predictions(&self) -> &'a [TestPrediction] {
        self.predictions
    }
}

/// How large an image is shown, in pixels of the page: small ones by a whole number of
/// times.
pub(super) fn magnified(size: [u32; 2]) -> [u32; 2] {
    let scale = SIDE.div_ceil(size[0].max(size[1])).max(1);
    size.map(|side| side * scale)
}

/// A data URI of pixels, channel by channel, row by row, and its width and height.
/// Images of other than 1 or 3 channels are shown by their first.
pub(super) fn uri(pixels: &[u8], [channels, height, width]: [usize; 3]) -> (String, [u32; 2]) {
    let plane = height * width;
    let size = [width as u32, height as u32];
    let image = match channels {
        3 => {
            let rgb = (0..plane).flat_map(|at| [0, 1, 2].map(|c| pixels[c * plane + at]));
            let image = RgbImage::from_raw(size[0], size[1], rgb.collect());
            DynamicImage::from(image.expect("as many bytes as pixels"))
        }
        _ => {
            let image = GrayImage::from_raw(size[0], size[1], pixels[..plane].to_vec());
            DynamicImage::from(image.expect("as many bytes as pixels"))
        }
    };
    let largest = size[0].max(size[1]);
    let image = match largest > MOST_PIXELS {
        true => {
            let side = |side: u32| (side * MOST_PIXELS / largest).max(1);
            let [width, height] = size.map(side);
            // The mean of each pixel's place.
            match image {
                DynamicImage::ImageRgb8(image) => imageops::thumbnail(&image, width, height).into(),
                other => imageops::thumbnail(&other.into_luma8(), width, height).into(),
            }
        }
        false => image,
    };
    let photo = channels == 3 && image.width().max(image.height()) >= PHOTO;
    let mut bytes = Cursor::new(Vec::new());
    let written = match photo {
        true => image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)),
        false => write_png(&image, &mut bytes),
    };
    // Into memory, and of a size that every encoder takes.
    written.expect("a small image can be written");
    let kind = if photo { "jpeg" } else { "png" };
    let text = BASE64.encode(bytes.get_ref());
    (
        format!("data:image/{kind};base64,{text}"),
        [image.width(), image.height()],
    )
}

fn write_png(image: &DynamicImage, bytes: &mut Cursor<Vec<u8>>) -> image::ImageResult<()> {
    let encoder = PngEncoder::new_with_quality(bytes, CompressionType::Best, FilterType::Adaptive);
    encoder.write_image(
        image.as_bytes(),
        image.width(),
        image.height(),
        image.color().into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(uri: &str) -> DynamicImage {
        let (_, text) = uri.split_once(";base64,").unwrap();
        image::load_from_memory(&BASE64.decode(text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn pixels_are_kept() {
        let pixels: Vec<u8> = (0..3 * 4 * 5).collect();
        let (grey, size) = uri(&pixels[..20], [1, 4, 5]);
        assert_eq!(size, [5, 4]);
        assert_eq!(decoded(&grey).into_luma8().as_raw(), &pixels[..20]);
        let (colour, _) = uri(&pixels, [3, 4, 5]);
        let colour = decoded(&colour).into_rgb8();
        assert_eq!(colour.get_pixel(1, 2).0, [11, 31, 51]);
    }

    #[test]
    fn large_images_are_made_small() {
        let (photo, size) = uri(&vec![200; 3 * 100 * 300], [3, 100, 300]);
        assert!(photo.starts_with("data:image/jpeg;base64,") && size == [64, 21]);
        let pixel = decoded(&photo).into_rgb8().get_pixel(9, 9).0;
        assert!(
            pixel.iter().all(|&byte| byte.abs_diff(200) < 3),
            "{pixel:?}"
        );
        let (drawing, size) = uri(&vec![200; 999], [1, 1, 999]);
        assert!(drawing.starts_with("data:image/png;base64,") && size == [64, 1]);
    }
}
