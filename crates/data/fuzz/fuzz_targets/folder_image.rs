//! One file of a folder of images: decoded, turned, resized and cropped.
#![no_main]

use data::{
    augment::Size,
    folder::{FolderOptions, decode},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let options = FolderOptions {
        size: Size::Rectangle([9, 12]),
        // Both, but each input is always the same.
        channels: if bytes.len() % 4 == 0 { 1 } else { 3 },
        max_pixels: 1 << 14,
        ..FolderOptions::default()
    };
    if let Ok(image) = decode(bytes, "file", &options) {
        assert_eq!(image.shape(), [options.channels, 9, 12]);
        assert_eq!(image.pixels().len(), options.channels * 9 * 12);
    }
});
