use std::{collections::BTreeSet, fs, path::Path};

use tar::EntryType::{self, Link, Regular, Symlink};

use super::*;
use crate::{
    DataError,
    catalog::{Status, extract::extract, fetch, verify::verify},
};

/// The files under a folder, by name.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// What is wrong with an archive, and that nothing was left of it.
fn error_of(bytes: &[u8]) -> (String, String) {
    let root = tempfile::tempdir().unwrap();
    let inner = root.path().join("inner");
    let files = archived(bytes, vec![]);
    fs::create_dir(&inner).unwrap();
    let path = inner.join("tiny.tar.gz");
    fs::write(&path, bytes).unwrap();
    let error = extract(&path, &inner, &files, &mut |_| {}).unwrap_err();
    assert_eq!(names(root.path()), ["inner".to_owned()].into());
    assert!(names(&inner.join("tiny-bin")).is_empty(), "{error}");
    match error {
        DataError::Archive { entry, problem, .. } => (entry, problem),
        other => panic!("{other}"),
    }
}

/// The tiny archive with one entry more.
fn with(path: &str, kind: EntryType, content: &[u8]) -> Vec<u8> {
    tar_gz(&[
        ("tiny-bin/train.bin", Regular, &records(1)),
        (path, kind, content),
        ("tiny-bin/test.bin", Regular, &records(2)),
    ])
}

#[test]
fn writes_the_expected_files_and_their_digests_only() {
    let bytes = tiny_tar_gz();
    let files = archived(&bytes, vec![]);
    let root = tempfile::tempdir().unwrap();
    // Put there by hand: works offline, and stays.
    fs::write(root.path().join("tiny.tar.gz"), &bytes).unwrap();
    let options = fetch::Options {
        offline: true,
        ..fetch::Options::default()
    };
    fetch::fetch("tiny", &files, root.path(), &options, &mut |_| {}).unwrap();
    let folder = root.path().join("tiny-bin");
    let expected = ["SHA256SUMS", "test.bin", "train.bin"].map(String::from);
    assert_eq!(names(&folder), expected.into());
    assert_eq!(fs::read(folder.join("train.bin")).unwrap(), records(1));
    assert_eq!(fs::read(folder.join("test.bin")).unwrap(), records(2));
    assert!(root.path().join("tiny.tar.gz").is_file());

    let report = verify(&tiny(), &files, root.path()).unwrap();
    for file in &report.files {
        let from = "verified archive";
        assert!(matches!(&file.status, Status::Ok { from: f, .. } if *f == from));
    }
    fs::write(folder.join("test.bin"), records(3)).unwrap();
    let report = verify(&tiny(), &files, root.path()).unwrap();
    assert!(matches!(report.files[1].status, Status::Differs { .. }));
}

#[test]
fn what_is_there_already_stays_as_it_is() {
    let bytes = tiny_tar_gz();
    let files = archived(&bytes, vec![]);
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("tiny-bin");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("train.bin"), b"mine").unwrap();
    let path = root.path().join("tiny.tar.gz");
    fs::write(&path, &bytes).unwrap();
    extract(&path, root.path(), &files, &mut |_| {}).unwrap();
    assert_eq!(fs::read(folder.join("train.bin")).unwrap(), b"mine");
    assert_eq!(fs::read(folder.join("test.bin")).unwrap(), records(2));
    // But it is not what the archive holds.
    let report = verify(&tiny(), &files, root.path()).unwrap();
    assert!(matches!(report.files[0].status, Status::Differs { .. }));
}

#[test]
fn refuses_an_archive_put_there_that_is_another() {
    let bytes = tiny_tar_gz();
    let files = archived(&bytes, vec![]);
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("tiny.tar.gz"), &bytes[1..]).unwrap();
    let options = fetch::Options::default();
    let error = fetch::fetch("tiny", &files, root.path(), &options, &mut |_| {}).unwrap_err();
    assert!(matches!(error, DataError::Digest { .. }), "{error}");
}

#[test]
fn refuses_entries_that_leave_the_folder() {
    let evil = |path| error_of(&with(path, Regular, b"evil"));
    let climbs = "it climbs out of the folder".to_owned();
    assert_eq!(evil("../evil"), ("../evil".into(), climbs.clone()));
    assert_eq!(evil("tiny-bin/../../evil").1, climbs);
    assert_eq!(evil("tiny-bin/../tiny-bin/test.bin").1, climbs);
    assert_eq!(
        evil("/tmp/evil"),
        (
            "/tmp/evil".into(),
            "it is absolute".replace("it is", "its path is")
        )
    );
}

#[test]
fn refuses_links() {
    for kind in [Symlink, Link] {
        let (entry, problem) = error_of(&with("tiny-bin/batches.meta.txt", kind, b""));
        assert_eq!(
            (entry.as_str(), problem.as_str()),
            ("tiny-bin/batches.meta.txt", "it is a link")
        );
    }
    assert!(
        error_of(&with("tiny-bin/fifo", EntryType::Fifo, b""))
            .1
            .contains("neither")
    );
}

#[test]
fn refuses_sizes_that_are_not_expected() {
    let large = tar_gz(&[("tiny-bin/train.bin", Regular, &noise(2 * 3073 + 1, 1))]);
    let (entry, problem) = error_of(&large);
    assert_eq!(entry, "tiny-bin/train.bin");
    assert_eq!(problem, "expected 6146 bytes, found 6147");
    let aside = with("tiny-bin/readme.html", Regular, &vec![0; (1 << 20) + 1]);
    assert!(error_of(&aside).1.contains("not expected"));
    let twice = with("tiny-bin/train.bin", Regular, &records(1));
    assert_eq!(error_of(&twice).1, "it is there twice");
}

#[test]
fn refuses_what_is_not_all_there() {
    let missing = tar_gz(&[("tiny-bin/train.bin", Regular, &records(1))]);
    assert_eq!(
        error_of(&missing),
        ("tiny-bin/test.bin".into(), "it is not there".into())
    );
    let whole = tiny_tar_gz();
    let (entry, problem) = error_of(&whole[..whole.len() / 2]);
    assert!(entry.starts_with("tiny-bin/"), "{entry}: {problem}");
    error_of(&whole[..40]);
    error_of(b"");
    error_of(b"not a gzip");
    error_of(&gzip(&noise(2048, 9)));
}

#[test]
fn is_not_flooded_by_a_small_archive() {
    // A gigabyte and more of zeros after the end of the first entry.
    let mut header = tar::Header::new_gnu();
    header.set_path("tiny-bin/readme.html").unwrap();
    header.set_size(1 << 40);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(vec![0; 1 << 20]);
    let (entry, problem) = error_of(&gzip(&bytes));
    assert_eq!(entry, "tiny-bin/readme.html");
    assert!(problem.contains("not expected"), "{problem}");
}
