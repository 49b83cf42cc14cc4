//! Data sets that are downloaded as archives.

use std::fs;

use super::{
    case::{Case, attempts},
    server::{Reply, Server},
    *,
};
use crate::{
    DataError,
    catalog::{fetch, fetch::Options, verify::verify},
};

#[test]
fn an_archive_is_fetched_unpacked_and_deleted() {
    let bytes = tiny_tar_gz();
    let server = Server::of(&[("tiny.tar.gz", &bytes)]);
    let files = archived(&bytes, vec![server.url()]);
    let case = Case::new();
    fetch::fetch("tiny", &files, case.root.path(), &case.options, &mut |_| {}).unwrap();
    assert_eq!(
        fs::read(case.root.path().join("tiny-bin/test.bin")).unwrap(),
        records(2)
    );
    assert!(!case.root.path().join("tiny.tar.gz").exists());
    assert!(verify(&tiny(), &files, case.root.path()).unwrap().is_ok());

    // One that is a byte too long is not that archive.
    let long = [bytes.clone(), vec![0]].concat();
    let server = Server::of(&[("tiny.tar.gz", &long)]);
    let files = archived(&bytes, vec![server.url()]);
    let case = Case::new();
    attempts(fetch::fetch(
        "tiny",
        &files,
        case.root.path(),
        &case.options,
        &mut |_| {},
    ));
    assert!(!case.root.path().join("tiny-bin").exists());
}

#[test]
fn an_archive_goes_on_where_an_end_that_was_not_told_came() {
    let bytes = tiny_tar_gz();
    let half = bytes.len() / 2;
    let whole = bytes.clone();
    let server = Server::new(move |request| match request.nth {
        0 => Reply::Unannounced(whole[..half].to_vec()),
        _ => Reply::File(whole.clone()),
    });
    let files = archived(&bytes, vec![server.url()]);
    let case = Case::new();
    fetch::fetch("tiny", &files, case.root.path(), &case.options, &mut |_| {}).unwrap();
    let ranges: Vec<_> = server.asked().into_iter().map(|(_, range)| range).collect();
    assert_eq!(ranges, [None, Some(half)]);
}

#[test]
fn an_archive_outlives_an_interrupted_unpacking_and_no_longer() {
    let bytes = tiny_tar_gz();
    let server = Server::of(&[("tiny.tar.gz", &bytes)]);
    let files = archived(&bytes, vec![server.url()]);
    let mut case = Case::new();
    let root = case.root.path().to_owned();
    let kept = root.join(".kiln-tiny.tar.gz");
    // A folder where a file is to be written stands for a disk that is full.
    let obstacle = root.join("tiny-bin/test.bin.part");
    fs::create_dir_all(&obstacle).unwrap();
    let fetch = |options: &Options| fetch::fetch("tiny", &files, &root, options, &mut |_| {});
    let error = fetch(&case.options).unwrap_err();
    assert!(matches!(error, DataError::Io { .. }), "{error}");
    assert!(kept.is_file() && !root.join("tiny.tar.gz").exists());

    // One that was damaged since is fetched again, but not without leave.
    fs::remove_dir(&obstacle).unwrap();
    fs::write(&kept, b"damaged").unwrap();
    case.options.offline = true;
    let error = fetch(&case.options).unwrap_err();
    assert!(matches!(error, DataError::Missing { .. }), "{error}");
    assert!(!kept.exists());

    fs::write(&kept, &bytes).unwrap();
    fetch(&case.options).unwrap();
    assert!(!kept.exists());
    assert_eq!(server.asked().len(), 1);

    // Ended between the unpacking and the deletion.
    fs::write(&kept, &bytes).unwrap();
    fetch(&case.options).unwrap();
    assert!(!kept.exists());
}
