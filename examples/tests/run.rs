//! The examples come to their end: each checks what it reaches itself, and exits with 1 if that is
//! too low.
//! On the embedded digits, wherever MNIST may lie.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

/// Runs a program in `folder`, where its files go, with `input` as its standard input.
fn run(program: &str, words: &[&str], input: &[u8], folder: &Path) -> Output {
    let mut child = Command::new(program)
        .args(words)
        .current_dir(folder)
        .env("KILN_DATA", folder.join("none"))
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input may be gone.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// Runs a program in `folder` that succeeds, and says all of `expected` on standard output.
fn succeeds(program: &str, words: &[&str], expected: &[&str], folder: &Path) -> String {
    let output = run(program, words, b"", folder);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}{complaint}");
    for word in expected {
        assert!(said.contains(word), "{program} does not say {word}: {said}");
    }
    said
}

/// As [`succeeds`], in a folder that is gone afterwards.
fn does(program: &str, expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    succeeds(program, &[], expected, folder.path());
}

#[test]
fn lenet_mnist() {
    let program = env!("CARGO_BIN_EXE_lenet_mnist");
    does(program, &["mnist-mini: 4500 training", "best epoch"]);
}

#[test]
fn own_network_goes_on_when_called_again() {
    let program = env!("CARGO_BIN_EXE_own_network");
    let folder = tempfile::tempdir().unwrap();
    let test = "test accuracy ";
    let first = succeeds(program, &[], &["epoch 1: ", test], folder.path());
    let second = succeeds(program, &[], &[test], folder.path());
    assert!(!second.contains("epoch 1:"), "{second}");
    assert_eq!(first.split(test).nth(1), second.split(test).nth(1));
}

#[test]
fn own_folder() {
    let program = env!("CARGO_BIN_EXE_own_folder");
    does(program, &["digits: 4500 training", "test/0/104.png: 0, "]);
}

/// Of photographs nothing is promised: none told right is no failure.
#[test]
fn own_folder_of_which_no_image_is_told() {
    let folder = tempfile::tempdir().unwrap();
    // What is black in training is white in the test.
    for (part, images, brightness) in [("train", 40, [0, 255]), ("test", 2, [255, 0])] {
        for (class, grey) in ["black", "white"].into_iter().zip(brightness) {
            let class = folder.path().join("photos").join(part).join(class);
            std::fs::create_dir_all(&class).unwrap();
            let image = image::GrayImage::from_pixel(28, 28, image::Luma([grey]));
            for index in 0..images {
                image.save(class.join(format!("{index}.png"))).unwrap();
            }
        }
    }
    let program = env!("CARGO_BIN_EXE_own_folder");
    succeeds(program, &["photos"], &["accuracy 0.00 %"], folder.path());
}

#[test]
fn own_folder_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(env!("CARGO_BIN_EXE_own_folder"), &["."], b"", folder.path());
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("sub-folder"), "{error}");
}

#[test]
fn own_loop() {
    let program = env!("CARGO_BIN_EXE_own_loop");
    does(program, &["epoch 10: loss 0.0", "test accuracy 9"]);
}

#[test]
fn burn_dataloader() {
    let program = env!("CARGO_BIN_EXE_burn_dataloader");
    does(program, &["epoch 10: test accuracy 9"]);
}

#[cfg(feature = "learner")]
#[test]
fn burn_learner() {
    let program = env!("CARGO_BIN_EXE_burn_learner");
    does(program, &["Accuracy", "test accuracy 9"]);
}

#[test]
fn swap_backend() {
    let program = env!("CARGO_BIN_EXE_swap_backend");
    does(program, &["accuracy", "flex ", "CPU"]);
}

#[test]
fn finetune() {
    let program = env!("CARGO_BIN_EXE_finetune");
    let told = "fc3.weight is [6, 84], the network has [4, 84]";
    does(program, &[told, "then all layers: ", "from scratch: "]);
}

#[test]
fn feature_maps() {
    let program = env!("CARGO_BIN_EXE_feature_maps");
    let folder = tempfile::tempdir().unwrap();
    let expected = ["conv2: 16 maps of 10×10", "drawn: 3.png"];
    succeeds(program, &["3.png", "30"], &expected, folder.path());
    let picture = image::open(folder.path().join("3.png")).unwrap();
    assert!(picture.width() > 300 && picture.height() > 300);
}

#[test]
fn feature_maps_of_no_image() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_feature_maps");
    let output = run(program, &["x.png", "1000"], b"", folder.path());
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("1000"), "{error}");
    assert!(!folder.path().join("x.png").exists());
}

#[test]
fn one_batch() {
    let program = env!("CARGO_BIN_EXE_one_batch");
    let expected = ["conv1     6×24×24", "fc3.bias ", "2.30", "after one step"];
    does(program, &expected);
}

#[test]
fn service_answers_every_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("black.png");
    image::GrayImage::new(40, 30).save(file).unwrap();
    let lines = b"black.png\r\nnot there.png\n\xff\n\nblack.png";
    let output = run(env!("CARGO_BIN_EXE_service"), &[], lines, folder.path());
    let said = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let answers: Vec<serde_json::Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<bool> = answers.iter().map(|a| a["class"].is_string()).collect();
    assert_eq!(told, [true, false, false, false, true], "{said}");
    assert!(answers[0]["probability"].as_f64().unwrap() > 0.1, "{said}");
    assert_eq!(answers[1]["image"], "not there.png");
    assert!(answers[1]["error"].is_string(), "{said}");
    assert!(complaint.contains("2 told, 3 failed; p50 "), "{complaint}");
}

#[test]
fn service_feeds_itself() {
    let program = env!("CARGO_BIN_EXE_service");
    let folder = tempfile::tempdir().unwrap();
    let said = succeeds(program, &["--demo"], &["\"error\":"], folder.path());
    assert_eq!(said.lines().count(), 201);
}

#[test]
fn service_without_the_run_that_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_service");
    let output = run(program, &["nowhere"], b"", folder.path());
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("nowhere"), "{error}");
    let output = run(program, &["--what"], b"", folder.path());
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_readme_lists_them_all() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(examples.join("../README.md")).unwrap();
    for entry in std::fs::read_dir(examples).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let link = format!("(examples/{name})");
        assert!(!name.ends_with(".rs") || readme.contains(&link), "{name}");
    }
}
