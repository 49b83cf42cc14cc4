use std::fs;

use super::*;
use crate::{
    DataError,
    catalog::{
        Status, Store, entry, fetch,
        read::{Part, assemble, read},
        verify::verify,
    },
    formats::idx,
};

#[test]
fn an_unknown_name_is_told_the_known_ones() {
    let error = Store::new(None).locate("minst").unwrap_err();
    let DataError::UnknownDataset { known, .. } = error else {
        panic!("{error}")
    };
    assert!(known.ends_with(&["mnist", "fashion-mnist", "kmnist", "cifar10", "cifar100"]));
}

#[cfg(feature = "mnist-mini")]
#[test]
fn the_embedded_digits_need_no_files() {
    let store = Store::new(Some("/nowhere".as_ref())).offline(true);
    assert!(store.locate("mnist-mini").unwrap().is_complete());
    assert!(store.verify("mnist-mini").unwrap().is_ok());
    store.fetch("mnist-mini", &mut |_| {}).unwrap();
    let digits = store.load("mnist-mini", &mut |_| {}).unwrap();
    let entry = entry("mnist-mini").unwrap();
    assert_eq!(
        (digits.train.len(), digits.test.len()),
        (entry.train, entry.test)
    );
    assert_eq!(digits.train.info().classes, entry.classes);
    assert_eq!(digits.train.info().shape(), entry.shape);
}

#[test]
fn offline_says_what_is_missing_and_where_to_put_it() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::new(Some(root.path())).offline(true);
    let raw = root.path().join("KMNIST/raw");
    fs::create_dir_all(&raw).unwrap();
    fs::write(raw.join("train-images-idx3-ubyte"), b"").unwrap();
    let error = store.load("kmnist", &mut |_| {}).unwrap_err().to_string();
    assert!(!error.contains("train-images"), "{error}");
    for word in [
        "KMNIST/raw/train-labels-idx1-ubyte",
        "offline",
        "codh.rois.ac.jp",
    ] {
        assert!(error.contains(word), "{error}");
    }
    let error = store.load("cifar10", &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("cifar-10-binary.tar.gz"), "{error}");
    assert_eq!(
        fs::read_dir(root.path()).unwrap().count(),
        1,
        "nothing is made"
    );
}

#[cfg(not(feature = "fetch"))]
#[test]
fn without_the_feature_the_error_names_it() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::new(Some(root.path()));
    let error = store.load("mnist", &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("feature `fetch`"), "{error}");
}

#[test]
fn a_wrong_number_of_images_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let raw = root.path().join("MNIST/raw");
    fs::create_dir_all(&raw).unwrap();
    let images = idx::write_images(&idx::Images {
        count: 2,
        rows: 28,
        columns: 28,
        pixels: vec![7; 2 * 784],
    });
    for part in ["train", "t10k"] {
        fs::write(raw.join(format!("{part}-images-idx3-ubyte.gz")), &images).unwrap();
        let labels = idx::write_labels(&[1, 2]);
        fs::write(raw.join(format!("{part}-labels-idx1-ubyte.gz")), labels).unwrap();
    }
    let store = Store::new(Some(root.path())).offline(true);
    let error = store.load("mnist", &mut |_| {}).unwrap_err().to_string();
    assert!(
        error.contains("train-images") && error.contains("expected 60000 images, found 2; delete"),
        "{error}"
    );
    let report = store.verify("mnist").unwrap();
    assert!(!report.is_ok());
    assert!(matches!(report.files[0].status, Status::Differs { .. }));
}

#[test]
fn statistics_are_those_of_the_training_images() {
    let part = |pixels: [u8; 4]| Part {
        pixels: pixels.to_vec(),
        labels: vec![0],
    };
    let (train, test) = (part([0, 255, 0, 255]), part([9; 4]));
    let datasets = assemble("n", &["a"], [1, 2, 2], train, test).unwrap();
    assert_eq!(
        (datasets.test.info().mean[0], datasets.test.info().std[0]),
        (0.5, 0.5)
    );
}

#[test]
fn verifying_tells_each_file_apart() {
    let (images, labels) = (noise(100, 1), noise(50, 2));
    let files = gzips(&images, &labels, vec![]);
    let root = tempfile::tempdir().unwrap();
    let raw = root.path().join(files.folder);
    fs::create_dir_all(&raw).unwrap();
    fs::write(raw.join("images.gz"), gzip(&images)).unwrap();
    let report = verify(&tiny(), &files, root.path()).unwrap();
    assert!(!report.is_ok());
    assert!(matches!(
        report.files[0].status,
        Status::Ok {
            from: "published",
            ..
        }
    ));
    assert_eq!(report.files[1].status, Status::Missing);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["files"][1]["status"], "missing");
    assert_eq!(json["files"][1]["file"], "Tiny/raw/labels");

    fs::write(raw.join("labels"), &labels).unwrap();
    assert!(verify(&tiny(), &files, root.path()).unwrap().is_ok());
    fs::write(raw.join("labels"), noise(50, 3)).unwrap();
    let report = verify(&tiny(), &files, root.path()).unwrap();
    assert!(matches!(report.files[1].status, Status::Differs { .. }));
}

#[test]
fn files_without_a_digest_are_checked_for_structure() {
    let files = archived(b"", vec![]);
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join(files.folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("train.bin"), records(1)).unwrap();
    fs::write(folder.join("test.bin"), gzip(&records(2))).unwrap();
    let report = verify(&tiny(), &files, root.path()).unwrap();
    assert!(report.is_ok());
    assert_eq!(report.files[0].status, Status::Unpublished);
    let mut wrong = records(1);
    wrong[3073] = 10;
    fs::write(folder.join("train.bin"), wrong).unwrap();
    let report = verify(&tiny(), &files, root.path()).unwrap();
    let Status::Malformed { problem } = &report.files[0].status else {
        panic!("{report:?}")
    };
    assert!(
        problem.contains("train.bin") && problem.contains("label"),
        "{problem}"
    );
    assert!(!report.is_ok());
}

#[test]
fn files_of_cifar_are_read_by_pieces_into_one_block() {
    // More than one piece, gzipped or not.
    let mut train = noise(2500 * 3073, 4);
    train.chunks_mut(3073).for_each(|record| record[0] %= 10);
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("cut-bin");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("train.bin"), &train).unwrap();
    fs::write(folder.join("test.bin"), gzip(&records(1))).unwrap();
    let file = |name, size| File {
        name,
        size,
        digest: Digest::None,
    };
    let mut files = archived(b"", vec![]);
    files.folder = "cut-bin";
    files.train = std::slice::from_ref(leak(file("train.bin", train.len() as u64)));
    let mut entry = *entry("cifar10").unwrap();
    (entry.train, entry.test) = (2500, 2);

    let datasets = read(&entry, &files, root.path()).unwrap();
    let (labels, at) = (datasets.train.labels(), 2100);
    assert_eq!(u8::try_from(labels[at]).unwrap(), train[at * 3073]);
    assert_eq!(
        datasets.train.image(at),
        &train[at * 3073 + 1..(at + 1) * 3073]
    );
    assert_eq!(datasets.test.labels(), [1, 2]);

    let error_with = |bytes: &[u8]| {
        fs::write(folder.join("train.bin"), bytes).unwrap();
        read(&entry, &files, root.path()).unwrap_err().to_string()
    };
    let mut wrong = train.clone();
    wrong[2100 * 3073] = 10;
    let error = error_with(&wrong);
    assert!(
        error.contains("byte 6453300") && error.contains("image 2100"),
        "{error}"
    );
    assert!(error_with(&train[..train.len() - 1]).contains("image 2499"));
    assert!(error_with(b"").contains("empty"));
    let error = error_with(&train[3073..]);
    let expected = "byte 7679427: expected 7682500 bytes, 2500 records of 3073, found the end";
    assert!(error.contains(expected), "{error}");
    let longer = [train.as_slice(), &[0; 3073 * 2000]].concat();
    assert!(
        error_with(&longer).contains("train.bin"),
        "{}",
        error_with(&longer)
    );
    let half = gzip(&train);
    assert!(error_with(&half[..half.len() / 2]).contains("damaged gzip"));
}

#[test]
fn files_of_a_part_do_not_make_up_for_each_other() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("tiny-bin");
    fs::create_dir_all(&folder).unwrap();
    let three = [records(1), records(2)[..3073].to_vec()].concat();
    fs::write(folder.join("one.bin"), &three).unwrap();
    fs::write(folder.join("two.bin"), &records(1)[..3073]).unwrap();
    fs::write(folder.join("test.bin"), records(3)).unwrap();
    let mut files = archived(b"", vec![]);
    let file = |name| File {
        name,
        ..files.test[0]
    };
    files.train = leak([file("one.bin"), file("two.bin")]);
    let mut entry = tiny();
    (entry.train, entry.test) = (4, 2);
    let error = || read(&entry, &files, root.path()).unwrap_err().to_string();
    let expected = "one.bin, byte 6146: expected the end, found 3073 more bytes";
    assert!(error().ends_with(expected), "{}", error());
    fs::write(folder.join("one.bin"), records(1)).unwrap();
    let expected = "two.bin, byte 3073: expected 6146 bytes, 2 records of 3073, \
                    found the end after 1 records";
    assert!(error().ends_with(expected), "{}", error());
}

/// Files of KMNIST that are not gzipped, so that no digest of them is known.
fn plain_kmnist([rows, columns]: [u32; 2], label: u8) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let raw = root.path().join("KMNIST/raw");
    fs::create_dir_all(&raw).unwrap();
    for (part, count) in [("train", 60_000u32), ("t10k", 10_000)] {
        let header = |sizes: &[u32]| -> Vec<u8> {
            let words = [&[0x800 + sizes.len() as u32], sizes].concat();
            words.iter().flat_map(|word| word.to_be_bytes()).collect()
        };
        let mut images = header(&[count, rows, columns]);
        images.resize(images.len() + (count * rows * columns) as usize, 7);
        fs::write(raw.join(format!("{part}-images-idx3-ubyte")), images).unwrap();
        let mut labels = header(&[count]);
        labels.resize(labels.len() + count as usize, label);
        fs::write(raw.join(format!("{part}-labels-idx1-ubyte")), labels).unwrap();
    }
    root
}

#[test]
fn verifying_and_loading_refuse_the_same() {
    let outcome = |root: &tempfile::TempDir| {
        let store = Store::new(Some(root.path())).offline(true);
        let report = store.verify("kmnist").unwrap();
        let problems = report.files.iter().filter_map(|file| match &file.status {
            Status::Malformed { problem } => Some(problem.clone()),
            Status::Unpublished => None,
            other => panic!("{other:?}"),
        });
        let loaded = store.load("kmnist", &mut |_| {});
        let error = loaded.map(drop).map_err(|error| error.to_string());
        (problems.collect::<Vec<_>>(), error)
    };
    // As many bytes as there should be.
    let (problems, error) = outcome(&plain_kmnist([56, 14], 9));
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].ends_with("train-images-idx3-ubyte, byte 8: expected 28 rows, found 56"));
    let damaged = |problem: &str| {
        format!("{problem}; delete that file, and `kiln data fetch kmnist` gets it again")
    };
    assert_eq!(error.unwrap_err(), damaged(&problems[0]));

    let (problems, error) = outcome(&plain_kmnist([28, 28], 200));
    assert_eq!(problems.len(), 2, "{problems:?}");
    let expected = "train-labels-idx1-ubyte, byte 8: expected the label of image 0, \
                    from 0 to 9, found 200";
    assert!(problems[0].ends_with(expected), "{problems:?}");
    assert_eq!(error.unwrap_err(), damaged(&problems[0]));

    // Pixels without deviation are no data set, but that is not the files' fault.
    let (problems, _) = outcome(&plain_kmnist([28, 28], 9));
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn a_complete_root_is_left_alone() {
    let files = gzips(b"a", b"b", vec![]);
    let root = tempfile::tempdir().unwrap();
    let raw = root.path().join(files.folder);
    fs::create_dir_all(&raw).unwrap();
    fs::write(raw.join("images"), b"a").unwrap();
    fs::write(raw.join("labels"), b"b").unwrap();
    let options = fetch::Options::default();
    let location = fetch::fetch("tiny", &files, root.path(), &options, &mut |_| panic!());
    assert!(location.unwrap().is_complete());
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "no lock");
}
