//! `kiln eval` on parts and on other data sets, and its picture.

use std::{fs, path::Path};

use image::{GrayImage, Luma};
use serde_json::Value;

use crate::{
    bad_input::fails,
    support::{QUICK, kiln, scratch, stderr, stdout, summary, train},
};

/// What `kiln eval --json` says.
fn eval(run: &Path, words: &[&str]) -> Value {
    let output = kiln()
        .args(["eval", "--json"])
        .arg(run)
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "{words:?}: {}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

#[test]
fn every_part_is_scored_as_the_run_split_it() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let valid = eval(&run, &["--split", "valid"]);
    assert_eq!(
        (&valid["split"], &valid["valid_images"]),
        (&"valid".into(), &30.into())
    );
    let expected = &summary(&run)["valid"];
    assert_eq!(valid["valid"]["accuracy"], expected["accuracy"]);
    let loss = |scores: &Value| scores["loss"].as_f64().unwrap();
    // Batches are summed otherwise.
    assert!((loss(&valid["valid"]) - loss(expected)).abs() < 1e-6);
    let training = eval(&run, &["--split", "train"]);
    assert_eq!(training["train_images"], 270);
    assert_ne!(training["train"], valid["valid"]);

    let none = train(out.path(), &[&QUICK[..], &["--valid", "0"]].concat());
    let words = ["eval", none.to_str().unwrap(), "--split", "valid"];
    fails(
        out.path(),
        &words,
        2,
        &["`mnist-mini` has no validation images"],
    );
}

#[test]
fn the_confusion_matrix_is_drawn() {
    let out = scratch();
    let run = train(&out.path().join("runs"), &QUICK);
    let picture = out.path().join("c.svg");
    let output = kiln()
        .arg("eval")
        .arg(&run)
        .arg("--picture")
        .arg(&picture)
        .output()
        .unwrap();
    assert!(stdout(&output).ends_with("c.svg\n"), "{}", stdout(&output));
    let svg = fs::read_to_string(&picture).unwrap();
    let confusion = &eval(&run, &[])["evaluation"]["confusion"];
    let counts: Vec<Vec<u64>> = serde_json::from_value(confusion.clone()).unwrap();
    let mut shown = counts.iter().flatten().filter(|count| **count > 0);
    assert!(
        shown.all(|count| svg.contains(&format!("\n{count}\n"))),
        "{svg}"
    );
    assert!(svg.contains("lenet5 on mnist-mini, test"), "{svg}");

    let run = run.to_str().unwrap();
    let words = ["eval", run, "--picture", "c.png"];
    fails(out.path(), &words, 2, &["ends in .svg"]);
    let inside = format!("{run}/c.svg");
    let words = ["eval", run, "--picture", &inside];
    fails(
        out.path(),
        &words,
        1,
        &["c.svg would lie in the folder of a run"],
    );
}

/// The test images of the embedded digits as files, `folder/CLASS/NUMBER.png`, for those
/// classes that have a name.
fn write_digits(folder: &Path, name: impl Fn(usize) -> Option<String>) {
    let digits = data::load("mnist-mini").unwrap().test;
    for at in 0..digits.len() {
        let Some(class) = name(digits.labels()[at].into()) else {
            continue;
        };
        let class = folder.join(class);
        fs::create_dir_all(&class).unwrap();
        let pixels = GrayImage::from_raw(28, 28, digits.image(at).to_vec()).unwrap();
        pixels.save(class.join(format!("{at:04}.png"))).unwrap();
    }
}

#[test]
fn another_data_set_is_scored_by_the_names_of_its_classes() {
    let folder = scratch();
    let run = train(&folder.path().join("runs"), &QUICK);
    // The same images: the same figures.
    let digits = folder.path().join("digits");
    write_digits(&digits, |digit| Some(digit.to_string()));
    let dataset = format!("folder:{}", digits.display());
    let own = eval(&run, &[]);
    let found = eval(&run, &["--dataset", &dataset]);
    assert_eq!(found["test_images"], 1000);
    assert_eq!(
        found["evaluation"]["confusion"],
        own["evaluation"]["confusion"]
    );
    assert_eq!(found["dataset"], dataset);

    let some = folder.path().join("some");
    write_digits(&some, |digit| (digit > 1).then(|| digit.to_string()));
    let dataset = format!("folder:{}", some.display());
    let found = eval(&run, &["--dataset", &dataset]);
    let row = |value: &Value, class: usize| value["evaluation"]["confusion"][class].clone();
    assert_eq!(row(&found, 0), serde_json::json!(vec![0; 10]));
    assert_eq!(row(&found, 7), row(&own, 7));
    assert_eq!(found["test_images"], 800);

    GrayImage::from_pixel(28, 28, Luma([9]))
        .save(some.join("2/x.png"))
        .unwrap();
    fs::rename(some.join("9"), some.join("nine")).unwrap();
    let run = run.to_str().unwrap();
    let words = ["eval", run, "--dataset", &dataset];
    let says = ["7, 8, 9", "unknown to the run: nine; missing: 0, 1, 9"];
    fails(folder.path(), &words, 2, &says);
    // Of other classes, and of another shape; and what is not there.
    let words = ["eval", run, "--dataset", "folder:none"];
    fails(folder.path(), &words, 2, &["none: cannot be read"]);
    let words = ["eval", run, "--dataset", "minst"];
    fails(folder.path(), &words, 2, &["no data set `minst`", "mnist"]);
    let words = ["--dataset", "kmnist", "--data-dir", "sets", "--offline"];
    let words = [&["eval", run], &words[..]].concat();
    fails(
        folder.path(),
        &words,
        1,
        &["`kmnist` lacks", "KMNIST/raw", "offline"],
    );
}

/// A folder is the data set of a run however its path is spelled: what it trained on is never
/// scored as if it had not.
#[test]
fn the_folder_of_a_run_is_its_own_in_any_spelling() {
    let folder = scratch();
    for (class, level) in [("bright", 200), ("dark", 30)] {
        let images = folder.path().join("ph").join(class);
        fs::create_dir_all(&images).unwrap();
        for at in 0..20 {
            let image = GrayImage::from_pixel(8, 8, Luma([level + at]));
            image.save(images.join(format!("{at}.png"))).unwrap();
        }
    }
    let within = |words: &[&str]| {
        let mut command = kiln();
        command.args(words).current_dir(folder.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", stderr(&output));
        output
    };
    let words = [
        "--dataset",
        "folder:ph",
        "--image-size",
        "8",
        "--model",
        "perceptron",
    ];
    let common = [
        "train",
        "--backend",
        "flex",
        "--quiet",
        "--epochs",
        "1",
        "--out",
        "runs",
    ];
    within(&[&common[..], &words].concat());
    let run = crate::support::newest(&folder.path().join("runs"));
    let scored = |dataset: &str, split: &str| {
        let run = run.to_str().unwrap();
        let output = within(&[
            "eval",
            "--json",
            run,
            "--dataset",
            dataset,
            "--split",
            split,
        ]);
        let found: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let images = found[format!("{split}_images")].as_u64().unwrap();
        (images, stderr(&output))
    };
    let absolute = format!("folder:{}", folder.path().join("ph").display());
    for split in ["train", "valid", "test"] {
        let own = scored("folder:ph", split);
        for other in ["folder:ph/", "folder:./ph", absolute.as_str()] {
            assert_eq!(scored(other, split), own, "{other}, {split}");
        }
    }
    assert_eq!(scored("folder:ph", "test"), (8, String::new()));
    // Of another folder without a part `test` all images are taken, which is said.
    fs::create_dir(folder.path().join("other")).unwrap();
    for class in ["bright", "dark"] {
        let images = folder.path().join("other").join(class);
        fs::create_dir(&images).unwrap();
        let image = GrayImage::from_pixel(8, 8, Luma([99]));
        image.save(images.join("1.png")).unwrap();
    }
    let note = "note: folder:other has no part `test`: all of its 2 images are taken\n";
    assert_eq!(scored("folder:other", "test"), (2, note.into()));
    assert_eq!(scored("folder:other", "train"), (2, String::new()));
}

/// Weights, or logits, that are no numbers have no class.
#[test]
fn what_is_not_finite_is_not_scored() {
    let folder = scratch();
    let run = train(&folder.path().join("runs"), &QUICK);
    let file = run.join("best.safetensors");
    let whole = fs::read(&file).unwrap();
    let digit = data::load("mnist-mini").unwrap().test;
    let digit = GrayImage::from_raw(28, 28, digit.image(0).to_vec()).unwrap();
    digit.save(folder.path().join("digit.png")).unwrap();
    let path = run.to_str().unwrap();
    let check = |says: &str| {
        for words in [&["eval", path][..], &["eval", path, "--json"]] {
            fails(folder.path(), words, 1, &[says]);
        }
        let output = kiln()
            .args(["predict", path, "digit.png", "--json"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
    };
    // Which would tell that the file is another.
    fs::remove_file(run.join("summary.json")).unwrap();
    let mut broken = whole.clone();
    let last = broken.len() - 4;
    broken[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&file, broken).unwrap();
    check("best.safetensors: tensor `");
    // Numbers each, and too large together.
    let mut large = whole;
    let header = usize::try_from(u64::from_le_bytes(large[..8].try_into().unwrap())).unwrap();
    for value in large[8 + header..].chunks_exact_mut(4) {
        value.copy_from_slice(&3e38_f32.to_le_bytes());
    }
    fs::write(&file, large).unwrap();
    check("the logits are not all finite");
}

#[test]
fn a_run_of_a_newer_kiln_is_named_as_that() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let config = run.join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("wings = 2\n{text}")).unwrap();
    let words = ["eval", run.to_str().unwrap()];
    fails(out.path(), &words, 2, &["config.toml", "line 1", "`wings`"]);
    let mut newer = summary(&run);
    newer["versions"]["kiln"] = "17.2.0".into();
    newer["wings"] = 2.into();
    fs::write(run.join("summary.json"), newer.to_string()).unwrap();
    let says = ["`wings`", "was written by Kiln 17.2.0, and this is 0."];
    fails(out.path(), &words, 2, &says);
    // What it can read, it reads.
    fs::write(&config, text).unwrap();
    assert_eq!(eval(&run, &[])["test"], newer["test"]);
}
