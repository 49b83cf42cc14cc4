use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::{FolderOptions, jpeg, png, webp};
use crate::{
    DataError,
    augment::{Fill, Image, Interpolation, PaddingMode, center_crop, grey, resize},
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
/// A JPEG file without its end-of-image marker is refused, even if all image data
/// are there: the decoder does not tell, and makes grey of what is missing. PIL
/// can tell, and reads some of such files. Saved again, they have the marker.
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
    center_crop(
        &mut image,
        [height, width],
        PaddingMode::Constant,
        &Fill::default(),
    );
    Ok(image)
}

/// As [`decode`], but all of the image and nothing else, whatever `size` says: as large as it
/// is, or made smaller with its proportions until its longer side has `longest` pixels.
///
/// # Errors
/// As [`decode`].
pub fn decode_whole(
    bytes: &[u8],
    file: &str,
    longest: usize,
    options: &FolderOptions,
) -> Result<Image, DataError> {
    let [channels, ..] = options.shape()?;
    let image = open(bytes, options.max_pixels).map_err(|problem| DataError::Image {
        file: file.into(),
        problem,
    })?;
    let [height, width] = [image.height() as usize, image.width() as usize];
    let mut whole = Image::new(planes(image, channels), [channels, height, width]);
    let (longer, longest) = (height.max(width), longest.max(1));
    if longer > longest {
        let smaller = |side: usize| (side * longest / longer).max(1);
        let size = [height, width].map(smaller);
        resize(&mut whole, size, Interpolation::Bilinear, true);
    }
    Ok(whole)
}

/// Whether an image of these sides has a pixel, and at most so many.
fn within([height, width]: [usize; 2], max_pixels: u32) -> bool {
    height
        .checked_mul(width)
        .is_some_and(|pixels| (1..=u64::from(max_pixels)).contains(&(pixels as u64)))
}

/// The image as it is stored, turned upright.
fn open(bytes: &[u8], max_pixels: u32) -> Result<DynamicImage, String> {
    let mut decoder = decoder(bytes, max_pixels)?;
    let orientation = decoder.orientation().map_err(words)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(words)?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn words(e: image::ImageError) -> String {
    e.to_string()
}

/// The decoder for `bytes`, if they are whole and have at most `max_pixels`.
fn decoder(bytes: &[u8], max_pixels: u32) -> Result<impl ImageDecoder + '_, String> {
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
    // The decoded image with eight bytes a pixel, and as much for the decoder.
    let mut memory = u64::from(max_pixels) * 16;
    let bytes = match format {
        Png => {
            let (width, height) = png::size(bytes)?;
            fits(width, height)?;
            // What lies beside the pixels is held against this, too. As it lies in
            // the file it takes up to four times its length; what unpacks to more,
            // a colour profile, is left out.
            let beside = bytes.len() as u64 * 4;
            memory = memory.min(u64::from(width) * u64::from(height) * 16 + beside);
            bytes
        }
        Jpeg if !jpeg::is_complete(bytes) => {
            return Err(
                "is a JPEG image that is cut off: its end marker is missing. If it looks whole, \
                 save it again with an image program; if not, take it away"
                    .into(),
            );
        }
        WebP => webp::checked(bytes, fits)?,
        _ => bytes,
    };
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(memory + (1 << 20));
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(words)?;
    let (width, height) = decoder.dimensions();
    fits(width, height)?;
    Ok(decoder)
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
        (3 | 4, 1) => planes.extend(pixels.map(|rgb| grey([rgb[0], rgb[1], rgb[2]]))),
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
    use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};

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
            case.check(&image, case.parameter("tolerance"));
        }
    }

    #[test]
    fn the_whole_of_an_image_is_not_cut() {
        let options = FolderOptions::default();
        let bytes = encoded(ImageFormat::Png);
        let shape = |longest| {
            let image = decode_whole(&bytes, "f", longest, &options).unwrap();
            image.shape()
        };
        assert_eq!(shape(20), [3, 14, 20]);
        assert_eq!(shape(10), [3, 7, 10]);
        assert_eq!(shape(1), [3, 1, 1]);
        let whole = decode_whole(&bytes, "f", 99, &options).unwrap();
        assert_eq!(&whole.pixels()[..3], [0, 12, 24], "the first red ones");
        let error = decode_whole(&bytes[..40], "f", 99, &options).unwrap_err();
        assert!(error.to_string().contains("f"), "{error}");
    }

    /// A file of 20×14 pixels without transparency or colour lost.
    fn encoded(format: ImageFormat) -> Vec<u8> {
        let picture = image::RgbImage::from_fn(20, 14, |x, y| {
            image::Rgb([(x * 12) as u8, (y * 18) as u8, (x * y) as u8])
        });
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    fn problem(bytes: &[u8], options: &FolderOptions) -> String {
        match decode(bytes, "some-file", options) {
            Err(DataError::Image { file, problem }) => {
                assert_eq!(file, "some-file");
                problem
            }
            Err(other) => panic!("{other:?}"),
            Ok(image) => panic!("an image of {:?}", image.shape()),
        }
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        let options = FolderOptions::default();
        for (format, not_needed) in [
            // The checksum of the last chunk, which is empty.
            (ImageFormat::Png, 4),
            (ImageFormat::Jpeg, 0),
            (ImageFormat::Bmp, 0),
            (ImageFormat::WebP, 0),
        ] {
            let bytes = encoded(format);
            decode(&bytes, "whole", &options).unwrap();
            for cut in 0..bytes.len() - not_needed {
                let problem = problem(&bytes[..cut], &options);
                assert!(!problem.is_empty(), "{format:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn damage_and_other_content_are_named() {
        let options = FolderOptions::default();
        let jpeg = encoded(ImageFormat::Jpeg);
        let unmarked = problem(&jpeg[..jpeg.len() - 2], &options);
        assert!(unmarked.contains("marker is missing. If it looks whole, save it again"));
        assert_eq!(problem(&[], &options), "is empty");
        let text = problem(b"<!DOCTYPE html>", &options);
        assert!(text.contains("no image; PNG, JPEG, BMP and WebP"), "{text}");
        let gif = problem(b"GIF89a......", &options);
        assert!(gif.contains("is a Gif image"), "{gif}");
        let mut bytes = encoded(ImageFormat::Png);
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
        let damaged = problem(&bytes, &options);
        assert!(damaged.contains("decoding Png"), "{damaged}");
    }

    #[test]
    fn too_many_pixels_are_refused_before_they_are_decoded() {
        let small = FolderOptions {
            max_pixels: 20 * 14 - 1,
            ..Default::default()
        };
        for format in [
            ImageFormat::Png,
            ImageFormat::Jpeg,
            ImageFormat::Bmp,
            ImageFormat::WebP,
        ] {
            let refused = problem(&encoded(format), &small);
            assert!(
                refused.contains("`max_pixels` = 279"),
                "{format:?}: {refused}"
            );
        }
        // A header of 60,000×60,000 pixels with its checksum (that of Python's
        // zlib.crc32), and nothing behind: 3.6 billion pixels are not reserved.
        let mut bomb = encoded(ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        bomb[29..33].copy_from_slice(&[0x0f, 0xb0, 0xe2, 0x15]);
        let refused = problem(&bomb, &FolderOptions::default());
        assert!(refused.contains("60000×60000 pixels"), "{refused}");
        // As many pixels as are let through, but of which few would be seen.
        let oblong = image::GrayImage::new(30_000, 1);
        let mut file = Cursor::new(Vec::new());
        oblong.write_to(&mut file, ImageFormat::Png).unwrap();
        let refused = problem(&file.into_inner(), &FolderOptions::default());
        assert!(refused.contains("too oblong for 64×64"), "{refused}");
    }

    /// 4×4 pixels with a colour profile of so many zeros, packed to a thousandth.
    fn with_profile(len: usize) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = PngEncoder::new(&mut file);
        encoder.set_icc_profile(vec![0; len]).unwrap();
        encoder
            .write_image(&[9; 16], 4, 4, ExtendedColorType::L8)
            .unwrap();
        assert!(file.len() < 200 + len / 500, "{}", file.len());
        file
    }

    #[test]
    fn a_profile_may_not_unpack_to_what_many_pixels_would_need() {
        let options = FolderOptions {
            size: Size::Square(4),
            channels: 1,
            ..Default::default()
        };
        for (len, kept) in [(3000, true), (8 << 20, false)] {
            let bytes = with_profile(len);
            let image = decode(&bytes, "f", &options).unwrap();
            assert_eq!(image.pixels(), [9; 16]);
            // What `decode` allowed the decoder.
            let mut allowed = decoder(&bytes, options.max_pixels).unwrap();
            assert_eq!(allowed.icc_profile().unwrap().is_some(), kept, "{len}");
        }
        let seed = include_bytes!("../../fuzz/seeds/folder_image/profile-bomb.png");
        let mut allowed = decoder(seed, options.max_pixels).unwrap();
        assert_eq!(allowed.icc_profile().unwrap(), None);
        decode(seed, "f", &options).unwrap();
    }

    /// What lies in a file as it is may be larger than its image.
    #[test]
    fn long_text_in_a_small_image_is_no_error() {
        let mut bytes = encoded(ImageFormat::Png);
        let text = [&b"tEXtComment\0"[..], &[b'x'; 3 << 20]].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&text);
        let len = (text.len() - 4) as u32;
        let chunk = [&len.to_be_bytes(), &text[..], &crc.sum().to_be_bytes()].concat();
        bytes.splice(33..33, chunk);
        decode(&bytes, "f", &FolderOptions::default()).unwrap();
    }

    #[test]
    fn options_that_cannot_be_are_named() {
        for (options, key) in [
            (
                FolderOptions {
                    channels: 2,
                    ..Default::default()
                },
                "channels",
            ),
            (
                FolderOptions {
                    size: Size::Square(0),
                    ..Default::default()
                },
                "size",
            ),
        ] {
            let error = decode(&encoded(ImageFormat::Png), "f", &options).unwrap_err();
            assert!(matches!(error, DataError::FolderOption { key: found, .. } if found == key));
        }
    }
}
