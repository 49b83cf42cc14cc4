//! What may not, and what may, be another when a run goes on.

use std::{fs, path::Path};

use super::{assert_same, outcome, resume};
use crate::support::{QUICK, kiln, scratch, stderr, summary, train};

#[test]
fn other_values_are_refused_by_key() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let before = outcome(&run);
    let output = resume(&run)
        .args(["--lr", "0.5", "--batch-size", "32"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    for line in [
        "optimizer.lr was 0.05, and would be 0.5",
        "batch_size was 64, and would be 32",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert_same(&run, &before);
    let output = resume(out.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn goes_on_with_the_network_that_the_run_kept() {
    let out = scratch();
    let file = out.path().join("net.toml");
    let tiny = include_str!("../../../../../assets/networks/tiny.toml");
    fs::write(&file, tiny).unwrap();
    let words = ["--model", file.to_str().unwrap()];
    let runs = out.path().join("runs");
    let run = train(&runs, &[&QUICK[..], &words].concat());
    let whole = train(
        &runs,
        &["--limit", "300", "--epochs", "3", words[0], words[1]],
    );
    fs::remove_file(&file).unwrap();
    let output = resume(&run).args(["--epochs", "3"]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    // Of another schedule, and of the same network.
    let shapes = |run: &Path| fs::read(run.join("last.safetensors")).unwrap().len();
    assert_eq!(shapes(&run), shapes(&whole));
}

#[test]
fn other_images_are_refused() {
    let out = scratch();
    let photos = out.path().join("photos");
    let image = |class: &str, at: u8| {
        let path = photos.join(class).join(format!("{at}.png"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        image::GrayImage::from_pixel(28, 28, image::Luma([at * 20]))
            .save(path)
            .unwrap();
    };
    for at in 0..10 {
        image("cat", at);
        image("dog", at + 1);
    }
    let dataset = format!("folder:{}", photos.display());
    let words = ["--dataset", &dataset, "--image-size", "28", "--epochs", "1"];
    let run = train(&out.path().join("runs"), &words);
    fs::rename(photos.join("cat"), photos.join("lynx")).unwrap();
    let output = resume(&run).args(["--epochs", "2"]).output().unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("were cat, dog, and are dog, lynx"), "{text}");
    fs::rename(photos.join("lynx"), photos.join("cat")).unwrap();
    for at in 0..10 {
        fs::remove_file(photos.join("cat").join(format!("{at}.png"))).unwrap();
        image("cat", at + 2);
    }
    let output = resume(&run).args(["--epochs", "2"]).output().unwrap();
    let text = stderr(&output);
    assert!(text.contains("not those that it was begun with"), "{text}");
    assert!(summary(&run)["test"].is_object(), "nothing was touched");
}

#[test]
fn other_labels_are_refused() {
    let out = scratch();
    let photos = out.path().join("photos");
    let place = |part: &str, class: &str, at: u8| {
        let path = photos.join(part).join(class);
        fs::create_dir_all(&path).unwrap();
        path.join(format!("{at}.png"))
    };
    for part in ["train", "valid", "test"] {
        for (class, from) in [("cat", 0), ("dog", 6)] {
            for at in from..from + 6 {
                image::GrayImage::from_pixel(28, 28, image::Luma([at * 20]))
                    .save(place(part, class, at))
                    .unwrap();
            }
        }
    }
    let dataset = format!("folder:{}", photos.display());
    let words = ["--dataset", &dataset, "--image-size", "28", "--epochs", "1"];
    let run = train(&out.path().join("runs"), &words);
    let refused = || {
        let output = resume(&run).args(["--epochs", "2"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        stderr(&output)
    };
    // Mean and deviation of the pixels stay as they are.
    let swap = |part: &str| {
        let (cat, dog) = (place(part, "cat", 5), place(part, "dog", 6));
        let other = place(part, "dog", 5);
        fs::rename(&cat, &other).unwrap();
        fs::rename(&dog, place(part, "cat", 6)).unwrap();
    };
    swap("valid");
    // Nor can what was held out be scored.
    let eval = |part: &str| {
        let output = kiln()
            .arg("eval")
            .arg(&run)
            .args(["--split", part])
            .output();
        let output = output.unwrap();
        (output.status.code(), stderr(&output))
    };
    let (code, text) = eval("valid");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("have changed"), "{text}");
    assert_eq!(eval("train").0, Some(0));
    assert_eq!(eval("test").0, Some(0));
    let text = refused();
    assert!(
        text.contains("validation images, or their labels, are not"),
        "{text}"
    );
    swap("train");
    let text = refused();
    assert!(
        text.contains("training images, or their labels, are not"),
        "{text}"
    );
    fs::remove_file(place("train", "cat", 0)).unwrap();
    fs::copy(place("test", "dog", 6), place("train", "dog", 0)).unwrap();
    fs::remove_file(place("train", "dog", 7)).unwrap();
    refused();
    assert!(summary(&run)["test"].is_object(), "nothing was touched");
}

#[test]
fn what_was_changed_on_the_way_is_kept() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let promise = "Train again, to the same bits";
    let report = || fs::read_to_string(run.join("report.html")).unwrap();
    assert!(summary(&run)["changes"].is_null() && report().contains(promise));
    let output = resume(&run).args(["--epochs", "3"]).output().unwrap();
    assert!(stderr(&output).contains("epochs was 2 and is 3"));
    // It stays so, whatever follows.
    let output = resume(&run).output().unwrap();
    assert!(output.status.success());
    let changes = summary(&run)["changes"].clone();
    assert_eq!(changes.as_array().unwrap().len(), 1, "{changes}");
    assert!(
        changes[0]
            .as_str()
            .unwrap()
            .contains("epochs was 2 and is 3")
    );
    assert!(!report().contains(promise));
    assert!(report().contains("Changed on the way"));

    // A schedule that does not go by the epochs gives the run that had them.
    let words = ["--limit", "300", "--schedule", "exponential", "--epochs"];
    let grown = train(out.path(), &[&words[..], &["2"]].concat());
    let output = resume(&grown).args(["--epochs", "3"]).output().unwrap();
    assert_eq!(stderr(&output), "");
    let whole = train(out.path(), &[&words[..], &["3"]].concat());
    assert_same(&grown, &outcome(&whole));
}

#[test]
fn epochs_that_were_begun_are_not_undone() {
    let out = scratch();
    let run = train(out.path(), &["--limit", "300", "--epochs", "3"]);
    let output = resume(&run).args(["--epochs", "2"]).output().unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains("--epochs") && text.contains("at least 3"),
        "{text}"
    );
    let output = resume(&run).args(["--steps", "2"]).output().unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("updates are done"), "{text}");
}
