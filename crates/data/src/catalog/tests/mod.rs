//! Getting data sets, against a server and archives made here.

mod archive;
#[cfg(feature = "fetch")]
mod archive_download;
#[cfg(feature = "fetch")]
mod case;
#[cfg(feature = "fetch")]
mod download;
#[cfg(feature = "fetch")]
mod mirrors;
#[cfg(feature = "fetch")]
mod server;
mod store;

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use md5::Md5;
use sha2::{Digest as _, Sha256};

use super::{
    digest::hex,
    entry::{Archive, Digest, Entry, File, Files, Format, Origin},
};

/// Bytes that cannot be compressed, so that a gzip of them is as long.
fn noise(len: usize, seed: u8) -> Vec<u8> {
    use rand::Rng;
    let mut bytes = vec![0; len];
    crate::random::generator(u64::from(seed), crate::random::Purpose::Split, 0, 0)
        .fill_bytes(&mut bytes);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// The entry of the data sets made here, of the shape and classes of CIFAR-10.
fn tiny() -> Entry {
    Entry {
        name: "tiny",
        ..*super::entry("cifar10").unwrap()
    }
}

/// Two gzipped files, `images` and `labels`, of this content.
fn gzips(images: &[u8], labels: &[u8], mirrors: Vec<String>) -> Files {
    let file = |name, content: &[u8]| File {
        name,
        size: content.len() as u64,
        digest: Digest::Content(hex(&Sha256::digest(content)).leak()),
    };
    Files {
        folder: "Tiny/raw",
        format: Format::Idx,
        train: std::slice::from_ref(leak(file("images", images))),
        test: std::slice::from_ref(leak(file("labels", labels))),
        origin: Origin::Gzips,
        mirrors: strs(mirrors),
        pickles: None,
    }
}

/// Two records of CIFAR-10 a file, in an archive of these bytes.
fn archived(archive: &[u8], mirrors: Vec<String>) -> Files {
    const fn file(name: &'static str) -> File {
        File {
            name,
            size: 2 * 3073,
            digest: Digest::None,
        }
    }
    Files {
        folder: "tiny-bin",
        format: Format::Cifar10,
        train: const { &[file("train.bin")] },
        test: const { &[file("test.bin")] },
        origin: Origin::Archive(Archive {
            name: "tiny.tar.gz",
            size: archive.len() as u64,
            md5: hex(&Md5::digest(archive)).leak(),
        }),
        mirrors: strs(mirrors),
        pickles: None,
    }
}

fn strs(strings: Vec<String>) -> &'static [&'static str] {
    let strings: Vec<&'static str> = strings.into_iter().map(|s| &*s.leak()).collect();
    strings.leak()
}

/// Two records whose labels are 1 and 2.
fn records(seed: u8) -> Vec<u8> {
    let mut bytes = noise(2 * 3073, seed);
    (bytes[0], bytes[3073]) = (1, 2);
    bytes
}

/// A tar archive, gzipped, of these entries, whatever their paths.
fn tar_gz(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        // Not `set_path`, which refuses what is tested here.
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    gzip(&builder.into_inner().unwrap())
}

/// The archive that [`archived`] is made for.
fn tiny_tar_gz() -> Vec<u8> {
    use tar::EntryType::{Directory, Regular};
    tar_gz(&[
        ("tiny-bin/", Directory, b""),
        ("tiny-bin/readme.html", Regular, b"<html>"),
        ("tiny-bin/train.bin", Regular, &records(1)),
        ("tiny-bin/test.bin", Regular, &records(2)),
    ])
}
