//! `kiln features`: pictures of feature maps, filters and hand-made filters.

use std::{fs, path::Path};

use image::{GrayImage, Rgb, RgbImage, imageops};

use crate::support::{QUICK, kiln, kiln_with, scratch, stderr, stdout, train};

/// Test image 12 of the embedded digits.
fn digit() -> GrayImage {
    let test = data::load("mnist-mini").unwrap().test;
    GrayImage::from_raw(28, 28, test.image(12).to_vec()).unwrap()
}

/// Runs `kiln features` in `folder` and gives what it prints.
fn features(folder: &Path, words: &[&str]) -> String {
    let mut command = kiln();
    let output = command
        .arg("features")
        .args(words)
        .current_dir(folder)
        .output();
    let output = output.unwrap();
    assert!(output.status.success(), "{words:?}: {}", stderr(&output));
    assert_eq!(stderr(&output), "", "{words:?}");
    stdout(&output)
}

fn picture(path: &Path) -> RgbImage {
    image::open(path).unwrap().into_rgb8()
}

#[test]
fn maps_of_a_file_are_those_of_the_same_test_image() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let run = run.to_str().unwrap();
    digit().save(out.path().join("digit.png")).unwrap();
    let text = features(out.path(), &[run, "digit.png"]);
    assert!(text.contains("lenet5\n"), "{text}");
    assert!(text.contains("digit.png; the network tells "), "{text}");
    assert!(
        text.contains("\nconv1 (Conv2d): 6×28×28, receptive field 5×5\ndrawn: features.png\n"),
        "{text}"
    );
    let words = [run, "--test-image", "12", "--out", "test.png"];
    let text = features(out.path(), &words);
    assert!(
        text.contains("test image 12 of mnist-mini, of class "),
        "{text}"
    );
    // All but the line that says where the image is from.
    let [file, test] = ["features.png", "test.png"].map(|name| {
        let picture = picture(&out.path().join(name));
        let (width, height) = picture.dimensions();
        // The image of 5 times its size, and six maps of 3 times theirs.
        assert_eq!(width, 6 * (84 + 6) + 6);
        imageops::crop_imm(&picture, 0, 20, width, height - 20).to_image()
    });
    assert_eq!(file, test);
    // The image is in it: a pixel of the digit and one of the ground.
    let inside = |x: u32, y: u32| file.get_pixel(6 + 5 * x + 2, 5 + 5 * y + 2);
    let lightest = digit()
        .enumerate_pixels()
        .max_by_key(|(_, _, p)| p.0[0])
        .map(|(x, y, _)| (x, y));
    let (x, y) = lightest.unwrap();
    assert_eq!(inside(x, y).0, [digit().get_pixel(x, y).0[0]; 3]);
    assert_eq!(inside(0, 0), &Rgb([0; 3]));
}

#[test]
fn layers_filters_and_scales_can_be_chosen() {
    let out = scratch();
    let run = train(out.path(), &[&QUICK[..], &["--model", "convnet"]].concat());
    let run = run.to_str().unwrap();
    let list = features(out.path(), &[run, "--list"]);
    let mut lines = list.lines();
    assert!(lines.next().unwrap().starts_with("layer "), "{list}");
    assert!(lines.next().unwrap().starts_with("conv1 "), "{list}");
    assert!(
        !list.contains("Linear") && !list.contains("Flatten"),
        "{list}"
    );
    assert!(!out.path().join("features.png").exists());

    let filters = features(out.path(), &[run, "--filters"]);
    assert!(
        filters.contains("conv1: ") && filters.contains(" filters of 1×"),
        "{filters}"
    );
    assert!(!filters.contains("the network tells"), "{filters}");
    let alone = picture(&out.path().join("features.png"));

    let both = [
        "--test-image",
        "0",
        "--filters",
        "--layer",
        "conv2",
        "--layer",
        "conv1",
    ];
    let text = features(out.path(), &[&[run], &both[..]].concat());
    let order: Vec<usize> = ["conv2: ", "conv2 (", "conv1: ", "conv1 ("]
        .map(|part| text.find(part).unwrap())
        .into();
    assert!(order.is_sorted(), "{text}");
    assert!(picture(&out.path().join("features.png")).height() > alone.height());

    let maps = |words: &[&str]| {
        let words = [&[run, "--test-image", "0"], words].concat();
        features(out.path(), &words);
        fs::read(out.path().join("features.png")).unwrap()
    };
    let each = maps(&[]);
    assert_eq!(each, maps(&[]), "the same picture again");
    assert_ne!(each, maps(&["--shared-scale"]));
    assert_ne!(each, maps(&["--most", "2"]));
    assert_ne!(each, maps(&["--columns", "2"]));
}

#[test]
fn ink_on_paper_is_noticed_and_inverted() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let mut paper = digit();
    imageops::invert(&mut paper);
    paper.save(out.path().join("digit.png")).unwrap();
    let draw = |words: &[&str]| {
        let mut command = kiln();
        command
            .arg("features")
            .arg(&run)
            .args(words)
            .current_dir(out.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        (stdout(&output), stderr(&output))
    };
    let (_, note) = draw(&["digit.png"]);
    assert!(
        note.contains("1 image is dark on light") && note.contains("--invert auto"),
        "{note}"
    );
    let (text, note) = draw(&["digit.png", "--invert", "auto"]);
    assert!(
        text.contains("digit.png, inverted; the network tells"),
        "{text}"
    );
    assert!(note.contains(": inverted"), "{note}");
}

#[test]
fn hand_made_filters_need_no_run() {
    let out = scratch();
    // Left black, right white: an edge in x alone.
    let edge = RgbImage::from_fn(60, 20, |x, _| Rgb([if x < 30 { 0 } else { 255 }; 3]));
    edge.save(out.path().join("edge.jpg")).unwrap();
    edge.save(out.path().join("edge.png")).unwrap();
    let text = features(out.path(), &["--kernel", "sobel", "edge.png"]);
    assert_eq!(text, "sobel on edge.png, 20×60\ndrawn: features.png\n");
    let sobel = picture(&out.path().join("features.png"));
    // Four images of 3 times the size below two lines.
    assert_eq!(sobel.width(), 4 * (180 + 6) + 6);
    let [image, x, y, magnitude] = [0, 1, 2, 3].map(|tile| {
        [10, 29, 30, 50].map(|at| sobel.get_pixel(6 + tile * 186 + 3 * at + 1, 60).0[0])
    });
    assert_eq!(image, [0, 0, 255, 255]);
    assert_eq!(x, [128, 255, 255, 128]);
    assert_eq!(y, [128; 4]);
    assert_eq!(magnitude, [0, 255, 255, 0]);
    let kernels = [
        "scharr",
        "prewitt",
        "laplacian",
        "gaussian",
        "sharpen",
        "emboss",
    ];
    for kernel in kernels {
        let text = features(out.path(), &["--kernel", kernel, "edge.jpg"]);
        assert!(text.starts_with(kernel), "{text}");
    }
    let digit = ["--kernel", "sobel", "--test-image", "mnist-mini:12"];
    assert!(features(out.path(), &digit).contains("test image 12 of mnist-mini, of class "));
}

#[test]
fn what_cannot_be_shown_is_said_and_nothing_is_written() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let mlp = train(out.path(), &[&QUICK[..], &["--model", "mlp"]].concat());
    let [run, mlp] = [run, mlp].map(|path| path.to_str().unwrap().to_owned());
    fs::write(out.path().join("no.png"), "no image").unwrap();
    let picture = out.path().join("never.png");
    let (no, never) = (out.path().join("no.png"), picture.to_str().unwrap());
    let no = no.to_str().unwrap();
    let test = "--test-image";
    let inside = format!("{run}/maps.png");
    let cases: [(&[&str], i32, &str); 16] = [
        (
            &[&run, test, "1", "--layer", "conf1"],
            2,
            "did you mean `conv1`?",
        ),
        (
            &[&run, test, "1", "--layer", "fc1"],
            2,
            "gives a row of 120 features and no maps",
        ),
        (
            &[&run, "--filters", "--layer", "relu1"],
            2,
            "layers with filters: conv1, conv2",
        ),
        (
            &[&mlp, test, "1"],
            2,
            "has no convolution, and so no feature maps",
        ),
        (
            &[&mlp, "--filters"],
            2,
            "has no convolution, and so no feature maps and filters",
        ),
        (&[&run, no], 1, "is no image"),
        (&[&run, "nowhere.png"], 1, "nowhere.png"),
        (
            &[&run, test, "1000"],
            2,
            "mnist-mini has 1000 test images, 0 to 999",
        ),
        (&[&run, test, "one"], 2, "does not end in a number"),
        (&[&run], 2, "IMAGE"),
        (&["nowhere", test, "1"], 2, "nowhere is not a run folder"),
        (&["--kernel", "sobel", test, "1"], 2, "write DATASET:N"),
        (
            &["--kernel", "sobel", test, "mnist-mini:3", no],
            2,
            "no.png is an image, too: take one of them",
        ),
        (&["--kernel", "sobel"], 2, "no image is named"),
        (&["--kernel", "sobbel", no], 2, "sobel"),
        (&["--kernel", "sobel", no], 1, "is no image"),
    ];
    for (words, code, says) in cases {
        let words = [&["features", "--out", never], words].concat();
        let output = kiln_with(&words);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {text}");
        assert!(text.contains(says), "{words:?}: {text}");
        assert!(!picture.exists(), "{words:?}");
    }
    for (target, says) in [
        (inside.as_str(), "folder of a run"),
        ("maps.svg", "ends in .png"),
    ] {
        let output = kiln_with(&["features", &run, test, "1", "--out", target]);
        assert!(!output.status.success());
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
        assert!(!Path::new(target).exists());
    }
}
