//! `kiln predict`.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Output, Stdio},
};

use data::ImageDataset;
use image::{DynamicImage, GrayImage, RgbImage};
use serde_json::Value;

use crate::{
    bad_input::fails,
    support::{QUICK, kiln, scratch, stderr, stdout, train},
};

/// The test image `index` of the embedded digits.
fn digit(index: usize) -> GrayImage {
    digit_of(&data::load("mnist-mini").unwrap().test, index)
}

fn digit_of(digits: &ImageDataset, index: usize) -> GrayImage {
    GrayImage::from_raw(28, 28, digits.image(index).to_vec()).unwrap()
}

fn predict(run: &Path, folder: &Path, words: &[&str]) -> Output {
    kiln()
        .arg("predict")
        .arg(run)
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// The objects of `--json`, a line each.
fn objects(output: &Output) -> Vec<Value> {
    let text = stdout(output);
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// The confusion matrix of all test images, each saved as a file, is that of `kiln eval`:
/// an image gets to the network as it does there.
#[test]
fn files_are_taken_for_what_eval_takes_the_images_for() {
    let folder = scratch();
    let config = folder.path().join("my.toml");
    let steps = "[[augment]]\nname = \"random-rotation\"\ndegrees = 10\n[[augment]]\nname = \
                 \"center-crop\"\nsize = 24\n[[augment]]\nname = \"resize\"\nsize = 28\n";
    fs::write(&config, steps).unwrap();
    let words = ["--config", config.to_str().unwrap()];
    let run = train(&folder.path().join("runs"), &[&QUICK[..], &words].concat());
    let digits = data::load("mnist-mini").unwrap().test;
    // In folders, and sorted by path.
    for at in 0..digits.len() {
        let within = folder.path().join(format!("all/{}", at / 100));
        fs::create_dir_all(&within).unwrap();
        let file = within.join(format!("{at:04}.png"));
        digit_of(&digits, at).save(file).unwrap();
    }
    for tta in ["none", "flip-shift"] {
        let output = kiln()
            .args(["eval", "--json", "--tta", tta])
            .arg(&run)
            .output()
            .unwrap();
        let eval: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let output = predict(
            &run,
            folder.path(),
            &["all", "--json", "--tta", tta, "--top-k", "1"],
        );
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(stderr(&output), "");
        let found = objects(&output);
        assert_eq!(found.len(), 1000);
        let mut confusion = vec![vec![0; 10]; 10];
        for (at, image) in found.iter().enumerate() {
            assert_eq!(image["image"], format!("all/{}/{at:04}.png", at / 100));
            let label = image["predictions"][0]["label"].as_u64().unwrap();
            confusion[usize::from(digits.labels()[at])][label as usize] += 1;
        }
        assert_eq!(
            eval["evaluation"]["confusion"],
            serde_json::json!(confusion),
            "{tta}"
        );
    }
}

#[test]
fn tables_for_people_programs_and_spreadsheets() {
    let folder = scratch();
    let run = train(&folder.path().join("runs"), &QUICK);
    digit(0).save(folder.path().join("a,b.png")).unwrap();
    digit(1).save(folder.path().join("second.png")).unwrap();
    let images = ["a,b.png", "second.png"];
    let json = objects(&predict(
        &run,
        folder.path(),
        &[&images[..], &["--json", "--top-k", "10"]].concat(),
    ));
    for image in &json {
        let guesses = image["predictions"].as_array().unwrap();
        let probabilities: Vec<f64> = guesses
            .iter()
            .map(|guess| guess["probability"].as_f64().unwrap())
            .collect();
        assert!(
            (probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9,
            "{image}"
        );
        assert!(probabilities.is_sorted_by(|a, b| a >= b), "{image}");
    }
    // More than there are are all of them.
    let more = predict(
        &run,
        folder.path(),
        &[&images[..], &["--json", "--top-k", "99"]].concat(),
    );
    assert_eq!(objects(&more), json);

    let csv = stdout(&predict(
        &run,
        folder.path(),
        &[&images[..], &["--csv", "--top-k", "2"]].concat(),
    ));
    let lines: Vec<&str> = csv.lines().collect();
    let heading = "image,class_1,probability_1,class_2,probability_2,inverted,looks_inverted";
    assert_eq!(lines[0], heading);
    let guess = |image: usize, rank: usize| &json[image]["predictions"][rank];
    for (image, name) in ["\"a,b.png\"", "second.png"].into_iter().enumerate() {
        let line = lines[1 + image];
        let cells: Vec<&str> = line.strip_prefix(name).expect(line).split(',').collect();
        assert_eq!((cells.len(), &cells[5..]), (7, &["false"; 2][..]), "{line}");
        for rank in [0, 1] {
            let (class, probability) = (cells[1 + 2 * rank], cells[2 + 2 * rank]);
            assert_eq!(guess(image, rank)["class"], class);
            // JSON is read to the last bit but one.
            let difference = guess(image, rank)["probability"].as_f64().unwrap()
                - probability.parse::<f64>().unwrap();
            assert!(difference.abs() < 1e-12, "{line}");
        }
    }

    let table = stdout(&predict(&run, folder.path(), &images));
    let lines: Vec<&str> = table.lines().collect();
    assert!(
        lines[0].contains("lenet5") && lines[1].starts_with("backend flex"),
        "{table}"
    );
    assert_eq!(lines[3], "image       #1           #2           #3");
    let first = guess(1, 0);
    let percent = 100.0 * first["probability"].as_f64().unwrap();
    let start = format!(
        "second.png  {}  {percent:>6.2} %  ",
        first["class"].as_str().unwrap()
    );
    assert!(lines[5].starts_with(&start), "{start:?}: {table}");
}

/// PIL made the grey of a colour: 0.299, 0.587 and 0.114 parts, as in `convert("L")`.
#[test]
fn colour_and_grey_become_what_the_network_knows() {
    let folder = scratch();
    let run = train(&folder.path().join("runs"), &QUICK);
    let grey = digit(3);
    let mut rgb = RgbImage::from_fn(28, 28, |x, y| image::Rgb([grey.get_pixel(x, y)[0]; 3]));
    grey.save(folder.path().join("1.png")).unwrap();
    rgb.save(folder.path().join("2.png")).unwrap();
    // from PIL import Image; Image.new("RGB", (1, 1), (250, 20, 90)).convert("L").getpixel((0, 0))
    // is 97.
    rgb.put_pixel(9, 9, image::Rgb([250, 20, 90]));
    rgb.save(folder.path().join("3.png")).unwrap();
    let mut known = grey.clone();
    known.put_pixel(9, 9, image::Luma([97]));
    known.save(folder.path().join("4.png")).unwrap();
    let words = ["1.png", "2.png", "3.png", "4.png", "--json"];
    let found = objects(&predict(&run, folder.path(), &words));
    assert_eq!(found[0]["predictions"], found[1]["predictions"]);
    assert_eq!(found[2]["predictions"], found[3]["predictions"]);
    assert_ne!(found[0]["predictions"], found[2]["predictions"]);

    // And grey for a network of colours, of another size.
    for (class, level) in [("bright", 200), ("dark", 40)] {
        let images = folder.path().join("photos").join(class);
        fs::create_dir_all(&images).unwrap();
        for at in 0..20 {
            let image = RgbImage::from_pixel(16, 16, image::Rgb([level + at, level, level]));
            image.save(images.join(format!("{at}.png"))).unwrap();
        }
    }
    let dataset = format!("folder:{}", folder.path().join("photos").display());
    let words = [
        "--dataset",
        &dataset,
        "--image-size",
        "8",
        "--model",
        "perceptron",
    ];
    let run = train(
        &folder.path().join("runs2"),
        &[&words[..], &["--epochs", "3"]].concat(),
    );
    // The data set is not needed any more.
    fs::rename(folder.path().join("photos"), folder.path().join("gone")).unwrap();
    GrayImage::from_pixel(50, 30, image::Luma([220]))
        .save(folder.path().join("5.png"))
        .unwrap();
    GrayImage::from_pixel(5, 9, image::Luma([30]))
        .save(folder.path().join("6.png"))
        .unwrap();
    let found = objects(&predict(&run, folder.path(), &["5.png", "6.png", "--json"]));
    assert_eq!(found[0]["predictions"][0]["class"], "bright");
    assert_eq!(found[1]["predictions"][0]["class"], "dark");
    // Photos have no ground that could be inverted.
    assert_eq!(found[0]["looks_inverted"], false);
}

#[test]
fn ink_on_paper_is_noticed_said_and_inverted_if_asked_for() {
    let folder = scratch();
    let run = train(&folder.path().join("runs"), &QUICK);
    let mut paper = DynamicImage::from(digit(0));
    paper.save(folder.path().join("light.png")).unwrap();
    paper.invert();
    paper.save(folder.path().join("paper.png")).unwrap();
    let images = ["light.png", "paper.png"];
    let with = |words: &[&str]| {
        let output = predict(
            &run,
            folder.path(),
            &[&images[..], &["--json"], words].concat(),
        );
        assert!(output.status.success());
        let of = |key: &str| {
            objects(&output)
                .iter()
                .map(|image| image[key].clone())
                .collect()
        };
        let predictions: Vec<Value> = of("predictions");
        let inverted: Vec<Value> = of("inverted");
        assert_eq!(of("looks_inverted"), [Value::from(false), true.into()]);
        (predictions, inverted, stderr(&output))
    };
    let (as_is, inverted, note) = with(&[]);
    assert_eq!(inverted, [false, false]);
    let says = "note: 1 image is dark on light, and the run was trained on light on dark: \
                `--invert auto` inverts such images\n";
    assert_eq!(note, says);
    let (auto, inverted, note) = with(&["--invert", "auto"]);
    assert_eq!(inverted, [false, true]);
    assert!(note.ends_with("light on dark: inverted\n"), "{note}");
    assert_eq!((&auto[0], &auto[1]), (&as_is[0], &as_is[0]));
    let (always, inverted, note) = with(&["--invert", "always"]);
    assert_eq!(inverted, [true, true]);
    assert_eq!((&always[0], &always[1]), (&as_is[1], &as_is[0]));
    assert!(note.contains("every image was inverted"), "{note}");
    let table = stdout(&predict(&run, folder.path(), &images));
    assert!(table.ends_with(" %  looks inverted\n"), "{table}");
}

#[test]
fn what_cannot_be_read_is_a_line_and_the_rest_is_done() {
    let folder = scratch();
    let run = train(&folder.path().join("runs"), &QUICK);
    let mixed = folder.path().join("mixed");
    fs::create_dir_all(mixed.join("empty")).unwrap();
    digit(0).save(mixed.join("a.png")).unwrap();
    let whole = fs::read(mixed.join("a.png")).unwrap();
    fs::write(mixed.join("b.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(mixed.join("c.jpg"), "<html>").unwrap();
    fs::write(mixed.join("notes.txt"), "no image").unwrap();
    // A header of 60,000×60,000 pixels with its checksum (zlib.crc32), and little behind.
    let mut bomb = whole.clone();
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    bomb[24..29].copy_from_slice(&[8, 2, 0, 0, 0]);
    bomb[29..33].copy_from_slice(&[0x0f, 0xb0, 0xe2, 0x15]);
    fs::write(mixed.join("d.png"), bomb).unwrap();
    digit(1).save(mixed.join("e.png")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", mixed.join("f.png")).unwrap();
    #[cfg(not(unix))]
    fs::write(mixed.join("f.png"), "cannot be read").unwrap();
    let words = ["mixed", "mixed/empty", "none.png", "mixed/a.png", "--json"];
    let output = predict(&run, folder.path(), &words);
    assert_eq!(output.status.code(), Some(1));
    let images: Vec<Value> = objects(&output)
        .iter()
        .map(|image| image["image"].clone())
        .collect();
    assert_eq!(images, ["mixed/a.png", "mixed/e.png", "mixed/a.png"]);
    let errors = stderr(&output);
    let lines: Vec<&str> = errors.lines().collect();
    assert_eq!(lines.len(), 6, "{errors}");
    for (line, says) in lines.iter().zip([
        "error: mixed/b.png: ",
        "error: mixed/c.jpg: is no image",
        "error: mixed/d.png: 60000×60000 pixels",
        "error: mixed/f.png: ",
        "error: mixed/empty: there is no image in it",
        "error: none.png: cannot be read",
    ]) {
        assert!(line.starts_with(says), "{line}");
    }
}

#[test]
fn standard_input_is_an_image() {
    let folder = scratch();
    let run = train(&folder.path().join("runs"), &QUICK);
    digit(4).save(folder.path().join("4.png")).unwrap();
    let piped = |bytes: &[u8]| {
        let mut child = kiln()
            .arg("predict")
            .arg(&run)
            .args(["-", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        child.wait_with_output().unwrap()
    };
    let file = fs::read(folder.path().join("4.png")).unwrap();
    let found = objects(&piped(&file));
    let expected = objects(&predict(&run, folder.path(), &["4.png", "--json"]));
    assert_eq!(found[0]["predictions"], expected[0]["predictions"]);
    assert_eq!(found[0]["image"], "-");
    let empty = piped(&[]);
    assert_eq!(empty.status.code(), Some(1));
    assert_eq!(stderr(&empty), "error: standard input: is empty\n");
}

#[test]
fn images_of_a_data_set_are_drawn_with_mistakes_framed() {
    let folder = scratch();
    let run = train(&folder.path().join("runs"), &QUICK);
    let draw = |words: &[&str]| {
        let output = predict(&run, folder.path(), &[&["--random"], words].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let picture = image::open(folder.path().join("predictions.png")).unwrap();
        (stdout(&output), picture.to_rgb8())
    };
    let (text, picture) = draw(&["16"]);
    // Two rows of eight digits, three times as large, with three lines below.
    assert_eq!(
        picture.dimensions(),
        (8 * (84 + 6) + 6, 2 * (84 + 6 + 39) + 6)
    );
    let (_, counts) = text.split_once("16 images of mnist-mini, test: ").unwrap();
    let numbers: Vec<u32> = counts
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|word| word.parse().ok())
        .take(2)
        .collect();
    let framed = (0..16)
        .filter(|at| {
            *picture.get_pixel(at % 8 * 90 + 4, at / 8 * 129 + 4) == image::Rgb([213, 94, 0])
        })
        .count() as u32;
    assert_eq!(numbers, [16 - framed, framed]);
    assert!(
        framed > 0,
        "two epochs of 270 images leave mistakes: {text}"
    );
    assert_eq!(draw(&["16"]).1, picture);
    assert_ne!(draw(&["16", "--seed", "7"]).1, picture);
    let (text, _) = draw(&["1024", "--split", "valid"]);
    assert!(text.contains("30 images of mnist-mini, valid"), "{text}");
}

#[test]
fn impossible_wishes_are_refused() {
    let folder = scratch();
    let run = train(&folder.path().join("runs"), &QUICK);
    let run = run.to_str().unwrap();
    let inside = format!("{run}/p.png");
    for (words, code, says) in [
        (&["nothing", "a.png"][..], 2, "nothing is not a run folder"),
        (&[run], 2, "<IMAGE>"),
        (&[run, "a.png", "--random", "3"], 2, "cannot be used with"),
        (
            &[run, "a.png", "--dataset", "mnist"],
            2,
            "cannot be used with",
        ),
        (&[run, "--random", "0"], 2, "--random"),
        (&[run, "a.png", "--top-k", "0"], 2, "--top-k"),
        (&[run, "a.png", "--csv", "--json"], 2, "cannot be used with"),
        (
            &[run, "--random", "3", "--top-k", "4"],
            2,
            "cannot be used with",
        ),
        (
            &[run, "--random", "3", "--invert", "auto"],
            2,
            "cannot be used with",
        ),
        (&[run, "--random", "3", "--out", "p.svg"], 2, "ends in .png"),
        (
            &[run, "--random", "3", "--out", &inside],
            1,
            "in the folder of a run",
        ),
        (
            &[run, "--random", "3", "--out", "no/p.png"],
            1,
            "there is no folder no",
        ),
    ] {
        fails(
            folder.path(),
            &[&["predict"], words].concat(),
            code,
            &[says],
        );
    }
}
