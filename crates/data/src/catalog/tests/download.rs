//! Downloads that break, wait, and go on.

use std::{fs, thread, time::Duration};

use super::{
    case::{Case, LABELS, attempts},
    server::Reply,
    *,
};
use crate::catalog::{Progress, fetch};

#[test]
fn fetches_what_is_missing() {
    let case = Case::new();
    let server = case.good();
    assert!(case.fetch(&[&server]).unwrap().is_complete());
    let asked = server.asked();
    assert_eq!(
        asked,
        [("/images.gz".into(), None), ("/labels.gz".into(), None)]
    );
    // Again: nothing to do.
    case.fetch(&[&server]).unwrap();
    assert_eq!(server.asked().len(), 2);
    fs::remove_file(case.raw().join(LABELS)).unwrap();
    case.fetch(&[&server]).unwrap();
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn reports_bytes_as_they_come() {
    let case = Case::new();
    let server = case.good();
    let files = gzips(&case.images, &case.labels, vec![server.url()]);
    let size = gzip(&case.images).len() as u64;
    let mut last = 0;
    let mut progress = |progress: Progress<'_>| {
        if let Progress::Downloading {
            file: "Tiny/raw/images.gz",
            bytes,
            total,
        } = progress
        {
            assert!(bytes >= last);
            assert_eq!(total, Some(size));
            last = bytes;
        }
    };
    fetch::fetch(
        "tiny",
        &files,
        case.root.path(),
        &case.options,
        &mut progress,
    )
    .unwrap();
    assert_eq!(last, size);
}

#[test]
fn goes_on_where_the_connection_broke() {
    let case = Case::new();
    let server = case.server(|request, bytes| match request.nth {
        0 => Reply::Cut(bytes, 70_000),
        1 => Reply::Cut(bytes, 50_000),
        _ => Reply::File(bytes),
    });
    case.fetch(&[&server]).unwrap();
    assert_eq!(Case::ranges(&server), [None, Some(70_000), Some(120_000)]);
}

#[test]
fn goes_on_where_another_process_stopped() {
    let case = Case::new();
    let server = case.good();
    let good = gzip(&case.images);
    case.leave(&good[..100_000]);
    case.fetch(&[&server]).unwrap();
    assert_eq!(Case::ranges(&server), [Some(100_000)]);
}

#[test]
fn knows_that_a_file_is_complete() {
    let case = Case::new();
    let server = case.good();
    case.leave(&gzip(&case.images));
    case.fetch(&[&server]).unwrap();
    assert_eq!(Case::ranges(&server), [Some(gzip(&case.images).len())]);
}

#[test]
fn starts_anew_if_the_rest_does_not_fit() {
    let case = Case::new();
    let server = case.good();
    case.leave(&[0; 100_000]);
    case.fetch(&[&server]).unwrap();
    assert_eq!(Case::ranges(&server), [Some(100_000), None]);

    // Longer than the file is.
    let case = Case::new();
    case.leave(&[0; 210_000]);
    let server = case.good();
    case.fetch(&[&server]).unwrap();
    assert_eq!(Case::ranges(&server), [Some(210_000), None]);

    // From another place than was asked for.
    let case = Case::new();
    case.leave(&[0; 100]);
    let server = case.server(|request, bytes| match request.range {
        Some(_) => Reply::Range(format!("bytes 0-9/{}", bytes.len()), bytes[..10].to_vec()),
        None => Reply::File(bytes),
    });
    case.fetch(&[&server]).unwrap();
    assert_eq!(Case::ranges(&server), [Some(100), None]);
}

#[test]
fn takes_the_whole_from_a_server_without_ranges() {
    let case = Case::new();
    let server = case.server(|_, bytes| Reply::Whole(bytes));
    case.leave(&gzip(&case.images)[..100_000]);
    case.fetch(&[&server]).unwrap();
    assert_eq!(Case::ranges(&server), [Some(100_000)]);
}

#[test]
fn asks_again_after_faults_that_pass() {
    let case = Case::new();
    let server = case.server(|request, bytes| match request.nth {
        0 => Reply::Status(500),
        1 => Reply::Close,
        _ => Reply::File(bytes),
    });
    case.fetch(&[&server]).unwrap();
    assert_eq!(Case::ranges(&server).len(), 3);

    let case = Case::new();
    let server = case.server(|_, _| Reply::Status(503));
    assert_eq!(
        attempts(case.fetch(&[&server])).len(),
        3,
        "one, and two more"
    );
}

#[test]
fn a_server_that_only_ever_sends_the_beginning_is_left() {
    type Rest = fn(usize) -> Reply;
    let no_such_range: Rest = |_| Reply::Status(416);
    let another_range: Rest = |size| Reply::Range(format!("bytes 0-9/{size}"), vec![0; 10]);
    for rest in [no_such_range, another_range] {
        let case = Case::new();
        let server = case.server(move |request, bytes| match request.range {
            None => Reply::Cut(bytes, 100 << 10),
            Some(_) if request.nth > 20 => panic!("for ever"),
            Some(_) => rest(bytes.len()),
        });
        let good = case.good();
        case.fetch(&[&server, &good]).unwrap();
        let asked = Case::ranges(&server).len();
        assert!(asked <= 4, "the retries and two: {asked}");
        assert!(!Case::ranges(&good).is_empty());

        let case = Case::new();
        assert!(attempts(case.fetch(&[&server])).len() <= 4);
    }
}

#[test]
fn an_end_that_was_not_told_may_have_come_early() {
    let case = Case::new();
    let server = case.server(|request, bytes| match request.nth {
        0 => Reply::Unannounced(bytes[..100_000].to_vec()),
        _ => Reply::File(bytes),
    });
    case.fetch(&[&server]).unwrap();
    // Whether the bytes were the beginning cannot be known.
    assert_eq!(Case::ranges(&server), [None, None]);

    let case = Case::new();
    let server = case.server(|_, bytes| Reply::Unannounced(bytes[..100_000].to_vec()));
    assert_eq!(attempts(case.fetch(&[&server])).len(), 3);
    assert!(case.files().is_empty());
}

#[test]
fn does_not_wait_for_a_server_that_stalls() {
    let case = Case::new();
    let server = case.server(|request, bytes| match request.nth {
        0 => Reply::Stall(bytes, 80_000),
        _ => Reply::File(bytes),
    });
    case.fetch(&[&server]).unwrap();
    assert_eq!(Case::ranges(&server), [None, Some(80_000)]);
}

#[test]
fn does_not_wait_for_a_server_that_trickles() {
    let mut case = Case::new();
    case.options.patience.window = Duration::from_millis(200);
    let (slow, good) = (case.server(|_, bytes| Reply::Trickle(bytes)), case.good());
    case.fetch(&[&slow, &good]).unwrap();
    assert_eq!(Case::ranges(&slow).len(), 3);
    let ranges = Case::ranges(&good);
    assert!(ranges[0].is_some_and(|first| first > 0), "{ranges:?}");
}

#[test]
fn takes_no_more_than_the_file_can_be() {
    let case = Case::new();
    let announced = case.server(|_, bytes| Reply::File([bytes, noise(100_000, 3)].concat()));
    let unannounced =
        case.server(|_, bytes| Reply::Unannounced([bytes, noise(100_000, 3)].concat()));
    let attempts = attempts(case.fetch(&[&announced, &unannounced]));
    assert_eq!(attempts.len(), 2, "{attempts:?}");
    for attempt in attempts {
        assert!(attempt.contains("at most 265536"), "{attempt}");
    }
    assert!(case.files().is_empty());
}

#[test]
fn two_at_once_fetch_once() {
    let case = Case::new();
    let server = case.server(|_, bytes| {
        thread::sleep(Duration::from_millis(100));
        Reply::File(bytes)
    });
    let results: Vec<_> = thread::scope(|scope| {
        let fetches: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| case.fetch(&[&server])))
            .collect();
        fetches
            .into_iter()
            .map(|fetch| fetch.join().unwrap())
            .collect()
    });
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn one_who_waits_is_told() {
    let case = Case::new();
    let server = case.good();
    let files = gzips(&case.images, &case.labels, vec![server.url()]);
    let lock = crate::catalog::lock::lock(case.root.path(), &mut |_| panic!("it is free")).unwrap();
    let mut lock = Some(lock);
    let mut waited = 0;
    let mut progress = |progress: Progress<'_>| {
        if let Progress::Waiting { .. } = progress {
            waited += 1;
            drop(lock.take());
        }
    };
    fetch::fetch(
        "tiny",
        &files,
        case.root.path(),
        &case.options,
        &mut progress,
    )
    .unwrap();
    assert_eq!(waited, 1);
}
