//! `kiln data`, and training on other images than the embedded ones.

use std::{fs, path::Path};

use image::{Rgb, RgbImage};
use serde_json::Value;

use crate::{
    bad_input::fails,
    support::{kiln, scratch, stderr, stdout, summary, train},
};

/// A folder of two classes that a perceptron can tell apart: images of
/// `count` sizes, dark and bright.
fn two_classes(folder: &Path, count: u32) {
    for (class, base) in [("bright", 170), ("dark", 20)] {
        fs::create_dir_all(folder.join(class)).unwrap();
        for at in 0..count {
            let image = RgbImage::from_fn(20 + at % 7, 24, |x, y| {
                Rgb([
                    base + (x % 8) as u8,
                    base + (y % 8) as u8,
                    base + (at % 40) as u8,
                ])
            });
            image
                .save(folder.join(class).join(format!("{at}.png")))
                .unwrap();
        }
    }
}

/// Runs `kiln data` in `folder`, without a network.
fn data(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let output = kiln()
        .arg("data")
        .args(words)
        .env("KILN_DATA", folder.join("sets"))
        .current_dir(folder)
        .output()
        .unwrap();
    (output.status.code(), stdout(&output), stderr(&output))
}

#[test]
fn list_says_what_is_here() {
    let folder = scratch();
    let raw = folder.path().join("sets/MNIST/raw");
    fs::create_dir_all(&raw).unwrap();
    fs::write(raw.join("train-labels-idx1-ubyte"), b"").unwrap();
    let (code, text, _) = data(folder.path(), &["list", "--json"]);
    assert_eq!(code, Some(0));
    let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
    let here: Vec<_> = rows
        .iter()
        .map(|row| (row["name"].as_str().unwrap(), row["here"].as_str().unwrap()))
        .collect();
    let expected = [
        ("mnist-mini", "embedded"),
        ("mnist", "partly"),
        ("fashion-mnist", "no"),
        ("kmnist", "no"),
        ("cifar10", "no"),
        ("cifar100", "no"),
    ];
    assert_eq!(here, expected);
    let (_, table, _) = data(folder.path(), &["list"]);
    assert!(expected.iter().all(|(name, here)| {
        table
            .lines()
            .any(|line| line.starts_with(name) && line.contains(here))
    }));
}

#[test]
fn what_is_missing_offline_is_named_with_where_to_put_it() {
    let folder = scratch();
    for words in [
        &["data", "fetch", "mnist", "--offline"][..],
        &[
            "train",
            "--dataset",
            "mnist",
            "--offline",
            "--data-dir",
            "sets",
        ],
    ] {
        let says = ["train-images-idx3-ubyte", "MNIST", "offline"];
        let output = kiln()
            .args(words)
            .env("KILN_DATA", folder.path().join("sets"))
            .current_dir(folder.path())
            .output()
            .unwrap();
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(says.iter().all(|word| error.contains(word)), "{error}");
        assert!(!folder.path().join("runs").exists());
    }
    // A slip in one name, and nothing is fetched.
    fails(
        folder.path(),
        &["data", "fetch", "mnist", "mnits"],
        2,
        &["did you mean `mnist`?"],
    );
}

#[test]
fn verify_tells_files_that_are_not_what_they_should_be() {
    let folder = scratch();
    assert_eq!(data(folder.path(), &["verify"]).0, Some(0));
    let raw = folder.path().join("sets/MNIST/raw");
    fs::create_dir_all(&raw).unwrap();
    fs::write(raw.join("train-labels-idx1-ubyte"), b"not labels").unwrap();
    let (code, text, _) = data(folder.path(), &["verify"]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("DIFFERS    MNIST/raw/train-labels-idx1-ubyte: expected"),
        "{text}"
    );
    let advice = "train-labels-idx1-ubyte, and `kiln data fetch mnist` gets it again";
    assert!(
        text.contains("\n           delete ") && text.contains(advice),
        "{text}"
    );
    assert!(
        text.contains("MISSING    MNIST/raw/train-images-idx3-ubyte"),
        "{text}"
    );
    let (code, text, _) = data(folder.path(), &["verify", "mnist-mini", "--json"]);
    assert_eq!(code, Some(0));
    assert_eq!(text, "[{\"files\":[],\"name\":\"mnist-mini\"}]\n");
}

#[test]
fn info_counts_the_images_of_each_class() {
    let folder = scratch();
    let (code, text, _) = data(folder.path(), &["info", "mnist-mini", "--json"]);
    assert_eq!(code, Some(0));
    let info: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        info["parts"]["test"]["by_class"],
        serde_json::json!(vec![100; 10])
    );
    assert_eq!(info["info"]["height"], 28);
    two_classes(&folder.path().join("photos"), 10);
    let (code, text, _) = data(
        folder.path(),
        &["info", "folder:photos", "--image-size", "16"],
    );
    assert_eq!(code, Some(0));
    assert!(text.contains("3×16×16"), "{text}");
    assert!(
        text.contains("bright                      8        2"),
        "{text}"
    );
}

#[test]
fn preview_draws_a_picture() {
    let folder = scratch();
    let config = "[[augment]]\nname = \"random-horizontal-flip\"\n[[augment]]\nname = \"mixup\"\n";
    fs::write(folder.path().join("mix.toml"), config).unwrap();
    let picture = |words: &[&str]| {
        let (code, _, error) = data(folder.path(), &[&["preview"], words].concat());
        assert_eq!(code, Some(0), "{error}");
        image::open(folder.path().join("preview.png"))
            .unwrap()
            .to_rgb8()
    };
    let plain = picture(&["mnist-mini"]);
    // Eight columns and five rows of 28 pixels, three times as large, with a line below.
    assert_eq!(
        plain.dimensions(),
        (8 * (84 + 6) + 6, 5 * (84 + 6 + 13) + 6)
    );
    assert_eq!(plain, picture(&["mnist-mini"]));
    assert_ne!(plain, picture(&["mnist-mini", "--seed", "1"]));
    assert_ne!(plain, picture(&["mnist-mini", "--augment"]));
    // A mixture has two lines of caption.
    let mixed = picture(&["--config", "mix.toml", "--augment", "--count", "3"]);
    assert_eq!(mixed.dimensions(), (3 * (84 + 6) + 6, 84 + 6 + 26 + 6));
    // Nothing but the images is needed of what a configuration names.
    let config = "model = \"./gone.toml\"\nweights = \"gone.safetensors\"\n";
    fs::write(folder.path().join("gone.config.toml"), config).unwrap();
    assert_eq!(plain, picture(&["--config", "gone.config.toml"]));
    fails(
        folder.path(),
        &["data", "preview", "mnist-mini", "--out", "nowhere/p.png"],
        1,
        &["cannot write nowhere/p.png"],
    );
    fails(
        folder.path(),
        &["data", "preview", "mnist-mini", "--split", "valid"],
        1,
        &["no validation images of its own"],
    );
    let run = folder.path().join("run");
    fs::create_dir(&run).unwrap();
    fs::write(run.join("config.toml"), "").unwrap();
    fs::write(run.join("dataset.json"), "{}").unwrap();
    fails(
        folder.path(),
        &["data", "preview", "mnist-mini", "--out", "run/p.png"],
        1,
        &["run/p.png would lie in the folder of a run"],
    );
}

#[test]
fn a_size_is_of_the_images_of_a_folder_alone() {
    let folder = scratch();
    for words in [
        &["data", "info", "mnist-mini"][..],
        &["data", "preview", "mnist-mini"],
        &["train", "--dataset", "mnist-mini"],
    ] {
        let words = [words, &["--image-size", "32"]].concat();
        let says = [
            "--image-size = 32: only for folder:PATH",
            "`resize` under augment",
        ];
        fails(folder.path(), &words, 2, &says);
    }
}

#[test]
fn classes_that_nothing_trains_are_named() {
    let folder = scratch();
    let warns = |limit: &str| {
        let words = [
            "train",
            "--model",
            "perceptron",
            "--epochs",
            "1",
            "--valid",
            "0",
        ];
        let output = kiln()
            .args(words)
            .args(["--no-report", "--backend", "flex", "--limit", limit])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let told = stderr(&output);
        assert!(output.status.success(), "{told}");
        let mut warnings = told.lines().filter(|line| line.starts_with("warning: "));
        warnings.next().map(String::from)
    };
    let warning = warns("5").unwrap();
    let expected = "warning: no training image is of 5, 6, 7, 8, 9: nothing of that can be learnt";
    assert!(warning.starts_with(expected), "{warning}");
    assert_eq!(warns("10"), None);
}

#[test]
fn trains_on_a_folder_of_images() {
    let folder = scratch();
    let photos = folder.path().join("photos");
    two_classes(&photos, 40);
    let dataset = format!("folder:{}", photos.display());
    let config = folder.path().join("folder.toml");
    let text = "model = \"perceptron\"\nepochs = 3\nbatch_size = 8\n[folder]\nsize = 16\n\
                [[augment]]\nname = \"random-crop\"\nsize = 12\n[[augment]]\nname = \"cutmix\"\n";
    fs::write(&config, text).unwrap();
    let out = folder.path().join("runs");
    let words = ["--dataset", &dataset, "--config", config.to_str().unwrap()];
    let run = train(&out, &words);
    assert_eq!(summary(&run)["test"]["accuracy"], 1.0);
    assert_eq!(summary(&run)["test_images"], 16);
    // The name of the run's folder holds no path.
    assert!(
        run.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("perceptron-photos-")
    );
    let output = kiln().arg("eval").arg(&run).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    // Weights know classes by number: with others the figures would mean nothing.
    fs::rename(photos.join("bright"), photos.join("light")).unwrap();
    let words = ["eval", run.to_str().unwrap()];
    fails(folder.path(), &words, 2, &["bright, dark", "dark, light"]);

    fs::write(photos.join("dark/7.png"), b"not a picture").unwrap();
    let words = [
        "train",
        "--dataset",
        "folder:photos",
        "--model",
        "perceptron",
    ];
    fails(folder.path(), &words, 1, &["photos/dark/7.png"]);
    let words = [
        "train",
        "--dataset",
        "folder:nowhere",
        "--model",
        "perceptron",
    ];
    fails(folder.path(), &words, 2, &["nowhere"]);
}

#[test]
fn trains_with_every_step_of_augmentation() {
    let folder = scratch();
    two_classes(&folder.path().join("photos"), 10);
    let names = data::augment::Augment::NAMES;
    let mut text = String::from("model = \"perceptron\"\nepochs = 1\n[folder]\nsize = 28\n");
    for name in names {
        text += &format!("[[augment]]\nname = \"{name}\"\n");
        text += match *name {
            "resize" | "center-crop" => "size = 28\n",
            "random-rotation" | "random-affine" => "degrees = 10\n",
            "cutout" => "size = 8\n",
            "gaussian-blur" => "kernel_size = 3\n",
            "posterize" => "bits = 4\n",
            "solarize" => "threshold = 128\n",
            "sharpness" => "sharpness_factor = 2\n",
            _ => "",
        };
    }
    let config = folder.path().join("all.toml");
    fs::write(&config, text).unwrap();
    let dataset = format!("folder:{}", folder.path().join("photos").display());
    let words = ["--config", config.to_str().unwrap(), "--dataset", &dataset];
    let run = train(&folder.path().join("runs"), &words);
    // What the run was is what was asked for.
    let saved = fs::read_to_string(run.join("config.toml")).unwrap();
    assert!(
        names
            .iter()
            .all(|name| saved.contains(&format!("name = \"{name}\"")))
    );
}
