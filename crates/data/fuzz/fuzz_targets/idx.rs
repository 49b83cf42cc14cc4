//! IDX files of images and of labels. The input is read as it is (seeds with
//! gzip fuzz the container) and gzipped (which fuzzes the content of gzip): both
//! give the same.
#![no_main]

use std::io::Write;

use data::formats::idx;
use flate2::{Compression, write::GzEncoder};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let images = idx::read_images(bytes, "images");
    let labels = idx::read_labels(bytes, "labels");
    if let Ok(images) = &images {
        assert_eq!(
            images.pixels.len(),
            images.count * images.rows * images.columns
        );
        let again = idx::read_images(&idx::write_images(images), "again");
        assert_eq!(again.as_ref(), Ok(images));
    }
    if let Ok(labels) = &labels {
        assert!(!labels.is_empty());
        let again = idx::read_labels(&idx::write_labels(labels), "again");
        assert_eq!(again.as_ref(), Ok(labels));
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return;
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).expect("writing to memory");
    let gzipped = gzip.finish().expect("writing to memory");
    assert_eq!(idx::read_images(&gzipped, "gzipped").ok(), images.ok());
    assert_eq!(idx::read_labels(&gzipped, "gzipped").ok(), labels.ok());
});
