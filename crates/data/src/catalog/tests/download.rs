use std::{fs, path::PathBuf, thread, time::Duration};

use super::{
    server::{Reply, Request, Server},
    *,
};
use crate::{
    DataError,
    catalog::{Location, Progress, download::Patience, fetch, fetch::Options, verify::verify},
};

const IMAGES: &str = "images.gz";
const LABELS: &str = "labels.gz";

/// A data set of two files, servers of it, and a data root.
struct Case {
    images: Vec<u8>,
    labels: Vec<u8>,
    root: tempfile::TempDir,
    options: Options,
}

impl Case {
    fn new() -> Self {
        Self {
            images: noise(200_000, 1),
            labels: noise(1000, 2),
            root: tempfile::tempdir().unwrap(),
            options: Options {
                patience: Patience {
                    connect: Duration::from_secs(5),
                    stall: Duration::from_secs(1),
                    window: Duration::from_secs(60),
                    slowest: 1000,
                    retries: 2,
                    pause: Duration::from_millis(1),
                },
                ..Options::default()
            },
        }
    }

    /// A server that answers requests for the images so, and others rightly.
    fn server(
        &self,
        images: impl Fn(&Request, Vec<u8>) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let (good, labels) = (gzip(&self.images), gzip(&self.labels));
        Server::new(move |request| {
            if request.path.ends_with(IMAGES) {
                images(request, good.clone())
            } else {
                Reply::File(labels.clone())
            }
        })
    }

    fn good(&self) -> Server {
        self.server(|_, bytes| Reply::File(bytes))
    }

    fn fetch(&self, servers: &[&Server]) -> Result<Location, DataError> {
        let mirrors = servers.iter().map(|server| server.url()).collect();
        let files = gzips(&self.images, &self.labels, mirrors);
        let location = fetch::fetch("tiny", &files, self.root.path(), &self.options, &mut |_| {})?;
        // Whatever happened on the way, what is there is right.
        let report = verify(&tiny(), &files, self.root.path()).unwrap();
        assert!(report.is_ok(), "{report:?}");
        assert_eq!(self.files(), [IMAGES, LABELS]);
        Ok(location)
    }

    fn raw(&self) -> PathBuf {
        self.root.path().join("Tiny/raw")
    }

    /// The names of what lies there.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.raw()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// As an earlier process left it.
    fn leave(&self, part: &[u8]) {
        fs::create_dir_all(self.raw()).unwrap();
        fs::write(self.raw().join("images.gz.part"), part).unwrap();
    }

    /// First bytes that were asked for of the images.
    fn ranges(server: &Server) -> Vec<Option<usize>> {
        let asked = server.asked().into_iter();
        asked
            .filter(|(path, _)| path.ends_with(IMAGES))
            .map(|(_, range)| range)
            .collect()
    }
}

fn attempts(result: Result<Location, DataError>) -> Vec<String> {
    match result.unwrap_err() {
        DataError::Fetch { attempts, .. } => attempts,
        other => panic!("{other}"),
    }
}

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
