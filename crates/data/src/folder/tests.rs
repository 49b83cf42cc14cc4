use std::fs;

use image::{GrayImage, Luma};

use super::*;

/// A folder with these files. Each picture has one grey, its own number; what
/// is not named as an image is text.
fn folder(files: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (number, file) in files.iter().enumerate() {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match file.ends_with(".png") {
            true => GrayImage::from_pixel(3, 2, Luma([number as u8]))
                .save(path)
                .unwrap(),
            false => fs::write(path, "text").unwrap(),
        }
    }
    root
}

fn small() -> FolderOptions {
    FolderOptions {
        size: Size::Square(2),
        channels: 1,
        ..Default::default()
    }
}

/// The number and class of each picture of a part.
fn pictures(part: &ImageDataset) -> Vec<(u8, &str)> {
    let class = |at: usize| &*part.info().classes[usize::from(part.labels()[at])];
    (0..part.len())
        .map(|at| (part.image(at)[0], class(at)))
        .collect()
}

fn error(files: &[&str]) -> String {
    load(folder(files).path(), &small())
        .unwrap_err()
        .to_string()
}

#[test]
fn parts_have_the_classes_of_train_in_the_order_of_their_bytes() {
    let root = folder(&[
        "train/b/2.png",
        "train/b/10.png",
        "train/a/inner/1.png",
        "train/Z/1.png",
        "train/Z/.hidden.png",
        "train/Z/notes.txt",
        "train/.cache/1.png",
        "val/a/1.png",
        "test/b/1.png",
        "test/Z/1.png",
        "README.md",
    ]);
    let Datasets { train, valid, test } = load(root.path(), &small()).unwrap();
    assert_eq!(train.info().classes, ["Z", "a", "b"]);
    assert_eq!(pictures(&train), [(3, "Z"), (2, "a"), (1, "b"), (0, "b")]);
    assert_eq!(pictures(&valid.unwrap()), [(7, "a")]);
    assert_eq!(pictures(&test), [(9, "Z"), (8, "b")]);
    assert_eq!(train.info().shape(), [1, 2, 2]);
    assert!((train.info().mean[0] - 1.5 / 255.0).abs() < 1e-6);
}

#[test]
fn without_parts_a_share_of_each_class_is_the_test_part() {
    let files: Vec<String> = (0..20)
        .map(|number| format!("{}/{number}.png", ["cat", "train"][number % 2]))
        .collect();
    let root = folder(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let load = |options| load(root.path(), &options).unwrap();
    let sets = load(small());
    // A class may be called `train`, if no folders lie in it.
    assert_eq!(sets.train.info().classes, ["cat", "train"]);
    assert!(sets.valid.is_none());
    let mut all = [pictures(&sets.train), pictures(&sets.test)].concat();
    for (part, count) in [(&sets.train, 8), (&sets.test, 2)] {
        let cats = part.labels().iter().filter(|&&label| label == 0).count();
        assert_eq!([cats, part.len()], [count, 2 * count]);
    }
    all.sort_unstable();
    assert_eq!(all.len(), 20);
    assert!(
        all.iter()
            .enumerate()
            .all(|(at, (grey, _))| usize::from(*grey) == at)
    );
    assert_eq!(pictures(&load(small()).test), pictures(&sets.test));
    let other = load(FolderOptions {
        split_seed: 1,
        ..small()
    });
    assert_ne!(pictures(&other.test), pictures(&sets.test));
}

#[test]
fn what_is_not_laid_out_so_is_named() {
    let found = error(&["notes.txt"]);
    assert!(found.contains("no sub-folders"), "{found}");
    let found = error(&["a/1.png", "b/notes.txt"]);
    assert!(found.contains("class `b` has no images"), "{found}");
    let found = error(&["train/a/1.png", "test/a/1.png", "test/c/1.png"]);
    assert!(
        found.contains("test/c: there is no class `c` in"),
        "{found}"
    );
    let found = error(&["train/a/1.png", "val/a/1.png", "valid/a/1.png"]);
    assert!(found.contains("`valid` is there too"), "{found}");
    let found = error(&["train/a/1.png", "plane/1.png"]);
    assert!(found.contains("`plane` beside `train`"), "{found}");
    let found = error(&["train/a/1.png", "train/a/2.tiff", "test/a/1.png"]);
    assert!(found.contains("a/2.tiff: is no image"), "{found}");
    let gone = load("no/such/folder", &small()).unwrap_err().to_string();
    assert!(gone.starts_with("no/such/folder: cannot be read"), "{gone}");
    let nothing = FolderOptions {
        test_share: 0.0,
        ..small()
    };
    let root = folder(&["a/1.png", "a/2.png"]);
    let found = load(root.path(), &nothing).unwrap_err().to_string();
    assert!(
        found.starts_with("folder, test_share: 0 leaves nothing"),
        "{found}"
    );
}

#[test]
fn parts_do_not_become_classes() {
    let layouts: [(&str, &[&str]); 8] = [
        ("Test", &["Train/a/1.png", "Train/b/1.png", "Test/a/1.png"]),
        ("test", &["training/a/1.png", "test/a/1.png"]),
        ("testing", &["training/1.png", "testing/a/1.png"]),
        ("Validation", &["Validation/a/b/1.png", "other/1.png"]),
        ("test", &["train/1.png", "val/a/1.png", "test/a/1.png"]),
        ("val", &["train/1.png", "val/a/1.png", "val/b/1.png"]),
        ("TRAIN", &["TRAIN/a/1.png", "TRAIN/b/1.png"]),
        ("VALID", &["VALID/a/1.png", "cat/1.png"]),
    ];
    for (part, files) in layouts {
        let found = error(files);
        assert!(
            found.contains(&format!("`{part}` looks like a part"))
                && found.contains("parts are named `train`, `valid` (or `val`) and `test`"),
            "{files:?}: {found}"
        );
    }
    let classes = |files: &[&str]| {
        let files: Vec<String> = (0..5)
            .flat_map(|number| files.iter().map(move |file| format!("{file}{number}.png")))
            .chain(["Train/notes/1.txt".into()])
            .collect();
        let root = folder(&files.iter().map(String::as_str).collect::<Vec<_>>());
        let sets = load(root.path(), &small()).unwrap();
        sets.train.info().classes.clone()
    };
    // Flat, they are classes like others; below a class, sub-folders are its own.
    let flat = ["Train/", "test/", "validation/", "plane/test/"];
    assert_eq!(classes(&flat), ["Train", "plane", "test", "validation"]);
}

#[cfg(unix)]
#[test]
fn control_characters_are_not_passed_on() {
    let shows = |found: &str, part: &str| {
        assert!(!found.contains(char::is_control), "{found:?}");
        assert!(found.contains(part), "{found}");
    };
    for (name, escaped) in [
        ("cat\x1b[2J", r#""cat\u{1b}[2J" has control characters"#),
        ("two\nlines", r#""two\nlines" has control characters"#),
        ("c1\u{9b}31m", r#""c1\u{9b}31m" has control characters"#),
    ] {
        shows(&error(&["a/1.png", &format!("{name}/1.png")]), escaped);
        shows(&error(&[&format!("train/{name}/1.png")]), escaped);
        shows(
            &error(&["train/a/1.png", &format!("test/{name}/1.png")]),
            escaped,
        );
    }
    let found = error(&["train/a/1\x1b[2J.jpg", "test/a/1.png"]);
    shows(&found, r"a/1\u{1b}[2J.jpg: is no image");
}

#[test]
fn the_first_of_many_bad_images_are_named_in_order() {
    let bad: Vec<String> = (0..7)
        .map(|number| format!("train/a/{number}.jpg"))
        .collect();
    let mut files: Vec<&str> = bad.iter().map(String::as_str).collect();
    files.extend(["train/b/1.png", "test/a/1.png"]);
    let root = folder(&files);
    let Err(DataError::Images {
        count,
        images,
        first,
    }) = load(root.path(), &small())
    else {
        panic!("bad images are an error");
    };
    assert_eq!((count, images, first.len()), (7, 8, NAMED));
    assert!(
        first[0].to_string().contains("a/0.jpg: is no image"),
        "{}",
        first[0]
    );
    assert!(
        first[4].to_string().contains("a/4.jpg: is no image"),
        "{}",
        first[4]
    );
}

#[test]
fn a_flat_channel_is_normalised_to_0() {
    let root = folder(&["train/a/1.png", "test/a/1.png"]);
    let info = Arc::clone(load(root.path(), &small()).unwrap().train.info());
    assert_eq!((&*info.mean, &*info.std), (&[0.0][..], &[1.0][..]));
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_make_no_loop() {
    use std::os::unix::fs::symlink;

    let root = folder(&["train/a/1.png", "test/a/1.png", "elsewhere.png"]);
    let at = |path: &str| root.path().join(path);
    symlink(root.path(), at("train/a/up")).unwrap();
    symlink(at("train/a"), at("train/a/again")).unwrap();
    symlink(at("elsewhere.png"), at("test/a/2.png")).unwrap();
    let sets = load(root.path(), &small()).unwrap();
    // Through `up`, the file beside the parts and those of `test` are below.
    assert_eq!(sets.train.len(), 4);
    assert_eq!(sets.test.len(), 2);
    symlink(at("gone.png"), at("test/a/3.png")).unwrap();
    let found = load(root.path(), &small()).unwrap_err().to_string();
    assert!(found.contains("test/a/3.png: cannot be read"), "{found}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_class_whose_name_is_not_utf8_is_an_error() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let root = folder(&["a/1.png"]);
    fs::create_dir(root.path().join(OsStr::from_bytes(b"b\xff"))).unwrap();
    let found = load(root.path(), &small()).unwrap_err().to_string();
    assert!(found.contains("not UTF-8"), "{found}");
}

#[test]
fn options_are_read_from_a_configuration() {
    let read = serde_json::from_str::<FolderOptions>;
    let options = read(r#"{"size": [32, 48], "channels": 1}"#).unwrap();
    assert_eq!(options.shape().unwrap(), [1, 32, 48]);
    assert_eq!(options.test_share, 0.2);
    let error = read(r#"{"sise": 32}"#).unwrap_err().to_string();
    assert!(error.contains("unknown field `sise`"), "{error}");
}

#[test]
fn of_images_that_did_not_train_nothing_is_split_off() {
    let flat = folder(&["a/1.png", "b/2.png", "b/3.png"]);
    let all = load_unsplit(flat.path(), &small()).unwrap();
    assert_eq!(pictures(&all.test), [(0, "a"), (1, "b"), (2, "b")]);
    assert!(all.valid.is_none());
    let parts = folder(&["train/a/1.png", "val/a/2.png", "test/a/3.png"]);
    let parts = load_unsplit(parts.path(), &small()).unwrap();
    assert_eq!(pictures(&parts.test), [(2, "a")]);
    assert_eq!(pictures(&parts.valid.unwrap()), [(1, "a")]);
}

#[test]
fn images_are_found_wherever_they_lie() {
    let root = folder(&[
        "b/2.png",
        "1.PNG",
        "a/inner/3.jpg",
        ".hidden/4.png",
        "notes.txt",
    ]);
    let found = find_images(root.path()).unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|path| path.strip_prefix(root.path()).unwrap().to_str().unwrap())
        .collect();
    assert_eq!(found, ["1.PNG", "a/inner/3.jpg", "b/2.png"]);
    let image = read_image(root.path().join("b/2.png"), &small()).unwrap();
    assert_eq!((image.shape(), image.pixels()), ([1, 2, 2], &[0; 4][..]));
    let error = read_image(root.path().join("none.png"), &small()).unwrap_err();
    assert!(
        error.to_string().contains("none.png: cannot be read"),
        "{error}"
    );
    let endless = decode_from(
        std::io::repeat(0),
        "-",
        &FolderOptions {
            max_pixels: 1,
            ..small()
        },
    );
    let error = endless.unwrap_err().to_string();
    assert!(
        error.starts_with("-: has more than the 1048584 bytes"),
        "{error}"
    );
}
