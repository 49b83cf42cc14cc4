//! Which servers are asked, and for what.

use super::{
    case::{Case, attempts},
    server::{Reply, Request, Server},
    *,
};
use crate::{
    DataError,
    catalog::{fetch, verify::verify},
};

#[test]
fn corrupted_bytes_are_never_left() {
    let corrupt = |_: &Request, mut bytes: Vec<u8>| {
        bytes[100_000] ^= 1;
        Reply::File(bytes)
    };
    let case = Case::new();
    let (bad, good) = (case.server(corrupt), case.good());
    case.fetch(&[&bad, &good]).unwrap();
    assert_eq!(
        Case::ranges(&bad),
        [None],
        "the same again would be of no use"
    );
    assert_eq!(Case::ranges(&good), [None]);

    let case = Case::new();
    let bad = case.server(corrupt);
    let attempts = attempts(case.fetch(&[&bad]));
    assert_eq!(attempts.len(), 1);
    assert!(attempts[0].contains(&bad.url()), "{attempts:?}");
    assert!(case.files().is_empty(), "{:?}", case.files());
}

#[test]
fn another_mirror_helps_where_one_has_nothing() {
    let case = Case::new();
    let none = Server::of(&[]);
    let good = case.good();
    case.fetch(&[&none, &good]).unwrap();
    assert_eq!(none.asked().len(), 2, "asked once a file");

    let case = Case::new();
    let attempts = attempts(case.fetch(&[&none, &none]));
    assert_eq!(attempts.len(), 2);
    assert!(attempts[0].contains("404"), "{attempts:?}");
}

#[test]
fn follows_redirects_but_not_for_ever() {
    let case = Case::new();
    let good = case.good();
    let url = good.url();
    let server = case.server(move |_, _| Reply::Redirect(format!("{url}images.gz")));
    case.fetch(&[&server]).unwrap();
    assert_eq!(Case::ranges(&good), [None]);

    let case = Case::new();
    let server = case.server(|_, _| Reply::Redirect("/images.gz".into()));
    assert_eq!(attempts(case.fetch(&[&server])).len(), 1);
}

#[test]
fn a_mirror_of_ones_own_is_the_only_one() {
    let mut case = Case::new();
    let (good, images, labels) = (case.good(), gzip(&case.images), gzip(&case.labels));
    let own = Server::of(&[
        ("data/Tiny/raw/images.gz", &images),
        ("data/Tiny/raw/labels.gz", &labels),
    ]);
    case.options.mirror = Some(format!("{}data/", own.url()));
    case.fetch(&[&good]).unwrap();
    assert!(good.asked().is_empty());

    let mut case = Case::new();
    case.options.mirror = Some(format!("{}elsewhere", own.url()));
    assert_eq!(attempts(case.fetch(&[&good])).len(), 2, "both names");
    assert!(good.asked().is_empty());

    case.options.mirror = Some("not an address".into());
    assert_eq!(attempts(case.fetch(&[&good])).len(), 1);
}

#[test]
fn a_mirror_may_hold_files_that_are_not_gzipped() {
    let mut case = Case::new();
    let own = Server::of(&[
        ("Tiny/raw/images", &case.images),
        ("Tiny/raw/labels", &case.labels),
    ]);
    case.options.mirror = Some(own.url());
    let files = gzips(&case.images, &case.labels, vec![]);
    let fetch = |files, root| fetch::fetch("tiny", files, root, &case.options, &mut |_| {});
    fetch(&files, case.root.path()).unwrap();
    assert_eq!(case.files(), ["images", "labels"]);
    assert!(verify(&tiny(), &files, case.root.path()).unwrap().is_ok());

    // A digest of the gzip could not tell whether they are right.
    let file = leak(File {
        digest: Digest::Gzip("0"),
        ..files.train[0]
    });
    let gzips_only = Files {
        train: std::slice::from_ref(file),
        ..files
    };
    let root = tempfile::tempdir().unwrap();
    let attempts = attempts(fetch(&gzips_only, root.path()));
    assert_eq!(attempts.len(), 1, "{attempts:?}");
}

#[test]
fn a_mirror_that_fails_is_not_asked_for_other_names() {
    let mut case = Case::new();
    let own = case.server(|_, _| Reply::Status(403));
    case.options.mirror = Some(own.url());
    let refused = attempts(case.fetch(&[]));
    assert_eq!(refused.len(), 1, "{refused:?}");

    // Both names are told if neither is there.
    let own = Server::of(&[]);
    case.options.mirror = Some(own.url());
    let both = attempts(case.fetch(&[]));
    assert_eq!(both.len(), 2, "{both:?}");
}

#[test]
fn offline_asks_nobody() {
    let mut case = Case::new();
    case.options.offline = true;
    let server = case.good();
    let error = case.fetch(&[&server]).unwrap_err();
    assert!(matches!(error, DataError::Missing { .. }), "{error}");
    assert!(server.asked().is_empty());
}
