//! The binary files of CIFAR-10 and CIFAR-100, read alone and behind another.
#![no_main]

use data::{
    DataError,
    formats::cifar::{Records, read_cifar10, read_cifar100},
};
use libfuzzer_sys::fuzz_target;

type Read = fn(&[u8], &str) -> Result<Records, DataError>;
type Append = fn(&mut Records, &[u8], &str) -> Result<(), DataError>;

fuzz_target!(|bytes: &[u8]| {
    let layouts: [(Read, Append, u8, usize); 2] = [
        (read_cifar10, Records::append_cifar10, 10, 3073),
        (read_cifar100, Records::append_cifar100, 100, 3074),
    ];
    for (read, append, classes, record) in layouts {
        let read = read(bytes, "file");
        let first = vec![0; record];
        let mut both = Records::default();
        append(&mut both, &first, "first").expect("a record of zeros");
        let appended = append(&mut both, bytes, "file");
        assert_eq!(read.is_ok(), appended.is_ok());
        let images = 1 + read.map_or(0, |records| {
            assert_eq!(records.labels.len() * record, bytes.len());
            assert_eq!(records.pixels, both.pixels[3072..]);
            records.labels.len()
        });
        assert_eq!(both.labels.len(), images);
        assert_eq!(both.pixels.len(), images * 3072);
        assert!(both.labels.iter().all(|&label| label < classes));
    }
});
