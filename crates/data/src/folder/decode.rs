use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::{FolderOptions, jpeg, webp};
use crate::{
    DataError,
    augment::{Image, Interpolation, center_crop, resize},
};

/// Decodes the image file `bytes` (PNG, JPEG, BMP or WebP, whatever its name),
/// and brings it to the size and channels of `options`. `file` names it in errors.
///
/// - It is turned as its EXIF orientation says.
/// - Transparency is dropped and the colours below it stay, as PIL's
///   `convert("RGB")` does it; grey is PIL's `convert("L")`: 0.299, 0.587 and
///   0.114 parts of red, green and blue. 16 bits are scaled to 8. Of an
///   animation the first image is taken.
/// - It is resized, bilinear and antialiased, with its proportions kept, to the
///   smallest size that covers the wanted one; of that the middle is kept. For a
///   square this is torchvision's `Resize(size)` and `CenterCrop(size)`.
///
/// # Errors
/// [`DataError::Image`] if the content is of another format, damaged or cut off,
/// or has more than `max_pixels` pixels (which is found before they are decoded);
/// [`DataError::FolderOption`] if an option is out of range.
pub fn decode(bytes: &[u8], file: &str, options: &FolderOptions) -> Result<Image, DataError> {
    let [channels, height, width] = options.shape()?;
    let fail = |problem: String| DataError::Image {
        file: file.into(),
        problem,
    };
    let image = open(bytes, options.max_pixels).map_err(fail)?;
    let sides = [image.height() as usize, image.width() as usize];
    let covering = cover(sides, [height, width]);
    if !within(covering, options.max_pixels) {
        return Err(fail(format!(
            "{}×{} pixels (width × height) are too oblong for {width}×{height}: \
             resized they would be {}×{}, over `max_pixels` = {}",
            sides[1], sides[0], covering[1], covering[0], options.max_pixels
        )));
    }
    let mut image = Image::new(planes(image, channels), [channels, sides[0], sides[1]]);
    resize(&mut image, covering, Interpolation::Bilinear, true);
    center_crop(&mut image, [height, width]);
    Ok(image)
}

/// Whether an image of these sides has a pixel, and at most so many.
fn within([height, width]: [usize; 2], max_pixels: u32) -> bool {
    height
        .checked_mul(width)
        .is_some_and(|pixels| (1..=u64::from(max_pixels)).contains(&(pixels as u64)))
}

/// The image as it is stored, turned upright.
fn open(bytes: &[u8], max_pixels: u32) -> Result<DynamicImage, String> {
    use ImageFormat::{Bmp, Jpeg, Png, WebP};
    const KNOWN: &str = "PNG, JPEG, BMP and WebP are read; convert it";
    let format = match image::guess_format(bytes) {
        Ok(format @ (Png | Jpeg | Bmp | WebP)) => format,
        Ok(other) => return Err(format!("is a {other:?} image; {KNOWN}")),
        Err(_) if bytes.is_empty() => return Err("is empty".into()),
        Err(_) => return Err(format!("is no image; {KNOWN}")),
    };
    let fits = |width: u32, height: u32| match within([height as usize, width as usize], max_pixels)
    {
        true => Ok(()),
        false => Err(format!(
            "{width}×{height} pixels (width × height) are none, or over `max_pixels` = {max_pixels}"
        )),
    };
    let bytes = match format {
        Jpeg if !jpeg::is_complete(bytes) => {
            return Err("is a JPEG image that is cut off: its end marker is missing".into());
        }
        WebP => webp::checked(bytes, fits)?,
        _ => bytes,
    };
    let words = |e: image::ImageError| e.to_string();
    let mut limits = Limits::no_limits();
    // The decoded image with eight bytes a pixel, and as much for the decoder.
    limits.max_alloc = Some(u64::from(max_pixels) * 16 + (1 << 20));
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(words)?;
    let (width, height) = decoder.dimensions();
    fits(width, height)?;
    let orientation = decoder.orientation().map_err(words)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(words)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// `channels × height × width` bytes of `image`.
fn planes(image: DynamicImage, channels: usize) -> Vec<u8> {
    use DynamicImage::{
        ImageLuma8, ImageLuma16, ImageLumaA8, ImageLumaA16, ImageRgb8, ImageRgb16, ImageRgba8,
        ImageRgba16,
    };
    // To the nearest: 65,535 is 257 times 255.
    let narrow = |wide: Vec<u16>| -> Vec<u8> {
        let byte = |value: u16| ((u32::from(value) + 128) / 257) as u8;
        wide.into_iter().map(byte).collect()
    };
    let (values, stored) = match image {
        ImageLuma8(image) => (image.into_raw(), 1),
        ImageLumaA8(image) => (image.into_raw(), 2),
        ImageRgb8(image) => (image.into_raw(), 3),
        ImageRgba8(image) => (image.into_raw(), 4),
        ImageLuma16(image) => (narrow(image.into_raw()), 1),
        ImageLumaA16(image) => (narrow(image.into_raw()), 2),
        ImageRgb16(image) => (narrow(image.into_raw()), 3),
        ImageRgba16(image) => (narrow(image.into_raw()), 4),
        other => (other.into_rgb8().into_raw(), 3),
    };
    let pixels = values.chunks_exact(stored);
    let mut planes = Vec::with_capacity(channels * pixels.len());
    match (stored, channels) {
        (3 | 4, 1) => planes.extend(pixels.map(grey)),
        _ => {
            for channel in 0..channels {
                // Grey has one channel for all.
                let from = if stored > 2 { channel } else { 0 };
                planes.extend(pixels.clone().map(|pixel| pixel[from]));
            }
        }
    }
    planes
}

/// PIL's `convert("L")`: the weights of ITU-R 601-2, in 16 bits behind the point.
fn grey(rgb: &[u8]) -> u8 {
    let weighted = |at: usize, weight: u32| u32::from(rgb[at]) * weight;
    ((weighted(0, 19_595) + weighted(1, 38_470) + weighted(2, 7_471) + 0x8000) >> 16) as u8
}

/// The smallest size with the proportions of `have` that covers `want`; the
/// longer side is rounded down, as torchvision does.
fn cover([height, width]: [usize; 2], [want_height, want_width]: [usize; 2]) -> [usize; 2] {
    let scaled = |side: usize, to: usize, of: usize| {
        usize::try_from(side as u128 * to as u128 / of as u128).unwrap_or(usize::MAX)
    };
    if want_height as u128 * width as u128 >= want_width as u128 * height as u128 {
        [
            want_height,
            scaled(width, want_height, height).max(want_width),
        ]
    } else {
        [
            scaled(height, want_width, width).max(want_height),
            want_width,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{Size, golden::Case};

    /// A file of a golden case.
    fn file(case: &Case) -> Vec<u8> {
        let hex: String = case.parameter("file");
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (0..hex.len()).step_by(2).map(byte).collect()
    }

    fn options(case: &Case) -> FolderOptions {
        FolderOptions {
            size: case.parameter::<Size>("size"),
            channels: case.parameter("channels"),
            ..Default::default()
        }
    }

    #[test]
    fn images_become_what_pil_and_torchvision_make_of_them() {
        for case in Case::all("folder.json") {
            let image = decode(&file(&case), &case.step, &options(&case)).unwrap();
            case.check(&image, case.parameter("levels"));
        }
    }
}
