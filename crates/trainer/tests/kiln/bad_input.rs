//! Bad input gets one clear error, the right exit code, and leaves nothing behind.

use std::{fs, path::Path};

use crate::support::{QUICK, kiln, scratch, stderr, stdout, train};

/// Runs `kiln` in `folder` and checks how it fails.
pub fn fails(folder: &Path, words: &[&str], code: i32, says: &[&str]) {
    let before = listing(folder);
    let output = kiln().args(words).current_dir(folder).output().unwrap();
    let error = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {error}");
    assert!(!error.contains("panicked"), "{words:?}: {error}");
    assert_eq!(stdout(&output), "", "{words:?}");
    for word in says {
        assert!(error.contains(word), "{words:?}: no {word:?} in {error}");
    }
    assert_eq!(listing(folder), before, "{words:?} left something behind");
}

fn listing(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    paths
}

/// A variable that is misspelt would be passed over.
#[test]
fn variables_of_the_environment_say_something() {
    for (name, value, says) in [
        (
            "KILN_KERNELS",
            "of",
            "KILN_KERNELS = of: in the environment it can be on",
        ),
        (
            "RAYON_NUM_THREADS",
            "99999999",
            "RAYON_NUM_THREADS = 99999999: in the environment it can be a number from 1 to 1024",
        ),
        (
            "KILN_SIMD",
            "sse9",
            "KILN_SIMD = sse9: in the environment it can be scalar",
        ),
    ] {
        let output = kiln().arg("models").env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let error = stderr(&output);
        assert!(error.contains(says), "{error}");
    }
    let output = kiln().arg("models").env("KILN_SIMD", "").output().unwrap();
    assert!(output.status.success());
}

/// What cannot be kept, computed with, or told apart when the run goes on.
#[test]
fn values_beyond_their_ranges_are_told_before_anything_is_written() {
    let folder = scratch();
    let most = u64::MAX.to_string();
    let batches = format!("batch_size={most}");
    let deep = format!("{}b=1", "a.".repeat(20_000));
    fs::write(folder.path().join("large.toml"), "# \n".repeat(400_000)).unwrap();
    for (words, says) in [
        (
            &["--batch-size", &most][..],
            "--batch-size: batch_size = 18446744073709551615: it must be at most",
        ),
        (
            &["--set", &batches],
            "batch_size = 18446744073709551615: it must be at most",
        ),
        (
            &["--set", "folder.test_share=nan"],
            "folder.test_share = nan: ",
        ),
        (&["--set", "folder.size=0"], "folder.size = 0: "),
        (&["--set", "folder.channels=2"], "folder.channels = 2: "),
        (&["--set", "folder.max_pixels=0"], "folder.max_pixels = 0: "),
        (
            &["--set", "folder.max_pixels=4294967296"],
            "at most 4294967295",
        ),
        (
            &["--set", "loss.name=focal", "--set", "loss.gamma=1e20"],
            "loss.gamma = 1",
        ),
        (
            &[
                "--optimizer",
                "adam",
                "--set",
                "optimizer.betas=[0.9,0.99,0.5]",
            ],
            "a list of 2 numbers",
        ),
        (&["--set", &deep], "more than 16 names"),
        (&["--config", "large.toml"], "larger than 1 MiB"),
    ] {
        let words = [&["train", "--epochs", "1", "--limit", "64"], words].concat();
        fails(folder.path(), &words, 2, &[says]);
    }
}

/// A run keeps its configuration as text.
#[test]
#[cfg(target_os = "linux")]
fn paths_that_are_no_unicode_are_told_before_anything_is_written() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let folder = scratch();
    let name = |bytes: &'static [u8]| OsStr::from_bytes(bytes);
    let weights = folder.path().join(name(b"w\xff.safetensors"));
    fs::write(&weights, "").unwrap();
    for (flag, path) in [
        ("--weights", weights.as_os_str()),
        ("--data-dir", name(b"d\xff")),
    ] {
        for verb in ["train", "config"] {
            let mut command = kiln();
            command.arg(verb).arg(flag).arg(path);
            let output = command.current_dir(folder.path()).output().unwrap();
            let error = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{verb} {flag}: {error}");
            assert!(error.contains("no Unicode"), "{verb} {flag}: {error}");
        }
    }
    assert_eq!(listing(folder.path()), [weights]);
    let mut command = kiln();
    command.args(["data", "verify", "mnist-mini", "--json", "--data-dir"]);
    let output = command.arg(name(b"d\xff")).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

/// A standard error that takes nothing changes neither the work nor the exit code.
#[test]
#[cfg(target_os = "linux")]
fn errors_that_nobody_reads_are_no_panic() {
    let full = || fs::File::create("/dev/full").unwrap();
    let mut command = kiln();
    command
        .args(["train", "--set", "optimizer.lrr=1"])
        .stderr(full());
    assert_eq!(command.status().unwrap().code(), Some(2));
    let folder = scratch();
    let run = train(folder.path(), &QUICK);
    let image = folder.path().join("digit.png");
    image::GrayImage::new(28, 28).save(&image).unwrap();
    let output = kiln()
        .arg("predict")
        .arg(&run)
        .arg(&image)
        .arg(folder.path().join("none.png"))
        .arg(&image)
        .arg("--csv")
        .stderr(full())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output).lines().count(), 3, "a heading and two rows");
}

/// Before the work that they are to hold.
#[test]
fn files_that_cannot_be_drawn_to_are_told_at_once() {
    let folder = scratch();
    let run = train(&folder.path().join("runs"), &QUICK);
    let run = run.to_str().unwrap();
    let nowhere = ["there is no folder nowhere"];
    for words in [
        &["lr-find", "--out", "nowhere/x.svg"][..],
        &["schedule", "--out", "nowhere/x.svg"],
        &["eval", run, "--picture", "nowhere/x.svg"],
        &["predict", run, "--random", "3", "--out", "nowhere/x.png"],
    ] {
        fails(folder.path(), words, 1, &nowhere);
    }
    for verb in ["lr-find", "schedule"] {
        fails(
            folder.path(),
            &[verb, "--out", "x.png"],
            2,
            &["ends in .svg"],
        );
    }
}

#[test]
fn unknown_names_get_a_suggestion() {
    let folder = scratch();
    for (words, says) in [
        (
            ["--model", "lenet6"],
            ["no model `lenet6`", "did you mean `lenet5`?"],
        ),
        (
            ["--dataset", "mnist_mini"],
            ["no data set `mnist_mini`", "did you mean `mnist-mini`?"],
        ),
        (
            ["--backend", "flexx"],
            ["no backend `flexx`", "did you mean `flex`?"],
        ),
        (["--optimizer", "adma"], ["invalid value 'adma'", "adam"]),
        (["--epoch", "3"], ["--epoch", "--epochs"]),
    ] {
        fails(folder.path(), &words, 2, &says);
    }
}

#[test]
fn impossible_values_name_their_flag() {
    let folder = scratch();
    for (words, says) in [
        (["--batch-size", "0"], ["--batch-size", "at least 1"]),
        (["--epochs", "0"], ["--epochs", "at least 1"]),
        (["--limit", "0"], ["--limit", "at least 1"]),
        (["--lr", "nan"], ["--lr", "above 0"]),
        (["--lr", "0"], ["--lr", "above 0"]),
        (["--lr", "-1"], ["--lr", "above 0"]),
        (["--lr", "fast"], ["--lr", "fast"]),
        (["--valid", "1.0"], ["--valid", "below 1"]),
        (["--valid", "-0.5"], ["--valid", "at least 0"]),
        (["--momentum", "2"], ["--momentum", "below 1"]),
        (["--seed", "18446744073709551615"], ["--seed", "at most"]),
        (["--limit", "1"], ["validation", "1 images"]),
    ] {
        fails(folder.path(), &words, 2, &says);
    }
}

/// Before anything is fetched: there is no CIFAR-10 here, and none is to be got.
#[test]
fn options_of_the_network_are_checked_before_the_data_set() {
    let folder = scratch();
    let data = ["--dataset", "cifar10", "--data-dir", "none", "--offline"];
    let train = |words: &[&str], says: &str| {
        let words = [&data[..], words].concat();
        fails(folder.path(), &words, 2, &[says]);
    };
    train(
        &["--model", "resnet18", "--width", "-1"],
        "--width: network.width = -1: resnet18: it must be above 0",
    );
    train(
        &["--form", "small"],
        "--form: network.form = small: lenet5: it has one form only",
    );
    train(
        &["--auxiliary-heads"],
        "--auxiliary-heads: network.auxiliary_heads = true: lenet5: only googlenet",
    );
    for (network, says) in [
        (
            "[network]\ndropout = 0.3",
            "a.toml, line 2: network.dropout = 0.3: lenet5: it has no dropout layer",
        ),
        (
            "[network.init]\nconv = { name = \"normal\", std = -1.0 }",
            "a.toml, line 1: network.init = { … }: lenet5: conv.std = -1",
        ),
    ] {
        fs::write(folder.path().join("a.toml"), network).unwrap();
        train(&["--config", "a.toml"], says);
    }
    // With nothing wrong about it, the data set is what is missing.
    let words = [&data[..], &["--model", "resnet18"]].concat();
    fails(folder.path(), &words, 1, &["cifar10"]);
}

#[test]
fn a_bad_config_names_file_line_and_key() {
    let folder = scratch();
    for (text, says) in [
        ("epochs = 3\nepoch = 4\n", ["bad.toml", "line 2", "epoch"]),
        ("epochs = \n", ["bad.toml", "line 1", "epochs"]),
        (
            "\n\nbatch_size = 0\n",
            ["bad.toml, line 3", "batch_size", "at least 1"],
        ),
        (
            "[optimizer]\nlr = -1.0\n",
            ["bad.toml, line 2", "optimizer.lr", "above 0"],
        ),
        (
            "model = \"lenet55\"\n",
            ["lenet55", "lenet5", "did you mean"],
        ),
        (
            "[[augment]]\nname = \"random-crop\"\npadding = 28\npadding_mode = \"reflect\"\n",
            ["line 3: augment[0].padding", "28", "28×28"],
        ),
        (
            "[[augment]]\nname = \"random-crop\"\npad = 2\n",
            ["bad.toml", "line 3", "`padding`"],
        ),
        (
            "backend = \"gpu\"\n",
            ["bad.toml", "line 1", "no backend `gpu`"],
        ),
    ] {
        fs::write(folder.path().join("bad.toml"), text).unwrap();
        fails(folder.path(), &["--config", "bad.toml"], 2, &says);
    }
    fs::write(folder.path().join("bad.toml"), [0xff, 0xfe]).unwrap();
    fails(
        folder.path(),
        &["--config", "bad.toml"],
        2,
        &["cannot read bad.toml"],
    );
    fails(
        folder.path(),
        &["--config", "none.toml"],
        2,
        &["none.toml", "cannot read"],
    );
}

#[cfg(not(any(feature = "cuda", feature = "rocm")))]
#[test]
fn a_backend_that_is_not_compiled_in_names_its_feature() {
    let folder = scratch();
    fails(
        folder.path(),
        &["--backend", "cuda"],
        2,
        &["cuda", "not compiled in", "--features cuda"],
    );
}

#[test]
fn an_output_folder_that_cannot_be_made_is_an_error() {
    let folder = scratch();
    fs::write(folder.path().join("file"), "").unwrap();
    fails(
        folder.path(),
        &["--out", "file"],
        1,
        &["cannot make the folder file"],
    );
    fails(
        folder.path(),
        &["--out", "file/runs"],
        1,
        &["cannot make the folder file/runs"],
    );
}

/// A learning rate that is possible and absurd.
#[test]
fn a_run_that_diverges_names_step_and_last_good_weights() {
    let folder = scratch();
    let diverge = |words: &[&str]| {
        let output = kiln()
            .args(["train", "--backend", "flex", "--optimizer", "sgd"])
            .args(words)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(
            error.contains("the loss is") && error.contains("epoch"),
            "{error}"
        );
        error
    };
    let error = diverge(&["--lr", "1e30"]);
    assert!(
        error.contains("in epoch 1, step") && error.contains("No weights"),
        "{error}"
    );
    // Weight decay that multiplies the weights by −10 in every step, with one step
    // an epoch: some epochs go well.
    for valid in ["0", "0.1"] {
        let error = diverge(&[
            "--lr",
            "0.1",
            "--weight-decay",
            "110",
            "--momentum",
            "0",
            "--warmup-epochs",
            "0",
            "--schedule",
            "constant",
            "--limit",
            "64",
            "--valid",
            valid,
        ]);
        let (_, path) = error
            .trim_end()
            .split_once("The last good weights are in ")
            .expect(&error);
        assert!(path.ends_with("last.safetensors"), "{error}");
        // They are good: they give a loss.
        let run = Path::new(path).parent().unwrap();
        let output = kiln()
            .args(["eval", "--json", "--which", "last"])
            .arg(run)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let eval: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert!(eval["test"]["loss"].is_number(), "{eval}");
    }
}
