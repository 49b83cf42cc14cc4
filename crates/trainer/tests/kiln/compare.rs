//! `kiln compare`.

use std::fs;

use serde_json::Value;
use trainer::{
    TrainConfig,
    backend::Backend,
    compare::{Agreement, Compare, CompareObserver, Comparison, Outcome, Parting, Prober},
};

use crate::{
    bad_input::fails,
    support::{kiln, scratch, stderr, stdout},
};

/// A few steps of the smallest batch that tells something.
const SHORT: [&str; 7] = [
    "compare",
    "--steps",
    "3",
    "--batch-size",
    "8",
    "--test-images",
    "64",
];

/// A backend that no build with the other one has.
fn missing() -> Backend {
    let mut never = [Backend::Cuda, Backend::Rocm].into_iter();
    never.find(|b| !b.is_compiled_in()).unwrap()
}

/// The number of cells, some of them in quotes.
fn columns(line: &str) -> usize {
    let (mut quoted, mut commas) = (false, 0);
    for letter in line.chars() {
        quoted ^= letter == '"';
        commas += usize::from(letter == ',' && !quoted);
    }
    commas + 1
}

#[test]
fn it_takes_as_many_steps_as_are_asked_for() {
    let out = scratch();
    let folder = out.path().join("compared");
    let output = kiln()
        .args([
            "compare", "--model", "mlp", "--limit", "20", "--valid", "0", "--steps", "40",
        ])
        .args([
            "--batch-size",
            "10",
            "--test-images",
            "10",
            "--backends",
            "flex",
            "--out",
        ])
        .arg(&folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("40 steps"), "{}", stdout(&output));
    // Two batches an epoch.
    let words = [
        "compare",
        "--limit",
        "20",
        "--valid",
        "0",
        "--batch-size",
        "10",
        "--steps",
    ];
    let words = [&words[..], &["2000001"]].concat();
    fails(
        out.path(),
        &words,
        2,
        &["steps = 2000001: an epoch has 2 batches"],
    );
}

#[test]
fn a_backend_that_fails_is_a_row_and_the_others_go_on() {
    let out = scratch();
    let folder = out.path().join("compared");
    let backends = format!("{},flex", missing());
    let words = [
        "--backends",
        &backends,
        "--reference",
        "flex",
        "--model",
        "mlp,lenet5",
    ];
    let output = kiln()
        .args(SHORT)
        .args(words)
        .arg("--out")
        .arg(&folder)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    for words in ["mlp on mnist-mini", "lenet5 on mnist-mini", "dropout off"] {
        assert!(text.contains(words), "{text}");
    }
    assert_eq!(text.matches("is not compiled in").count(), 2, "{text}");

    let record: Value =
        serde_json::from_slice(&fs::read(folder.join("compare.json")).unwrap()).unwrap();
    for (of, model, dropout) in [(0, "mlp", true), (1, "lenet5", false)] {
        let of = &record["models"][of];
        assert_eq!(
            (&of["model"], &of["dropout_off"]),
            (&model.into(), &dropout.into())
        );
        let rows = of["rows"].as_array().unwrap();
        // The reference comes first.
        assert_eq!(rows[0]["backend"], "flex");
        let done = &rows[0]["done"];
        assert_eq!(done["losses"].as_array().unwrap().len(), 3);
        assert_eq!(done["test_images"], 64);
        assert!(done["images_per_s"]["median"].as_f64().unwrap() > 0.0);
        assert!(done["agreement"].is_null());
        let error = rows[1]["error"].as_str().unwrap();
        assert!(error.contains("before the first step"), "{error}");
    }
    let table = fs::read_to_string(folder.join("compare.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 5);
    for line in &lines {
        assert_eq!(columns(line), columns(lines[0]), "{line}");
    }
    let picture = fs::read_to_string(folder.join("compare.svg")).unwrap();
    for words in ["<svg", "images/s", "failed", "mlp on mnist-mini"] {
        assert!(picture.contains(words), "{words}");
    }
    // A second one does not go over it.
    fails(
        out.path(),
        &[&SHORT[..], &["--out", folder.to_str().unwrap()]].concat(),
        1,
        &["is there already", "--out"],
    );
}

#[test]
fn what_cannot_be_compared_is_said() {
    let out = scratch();
    for (words, code, expected) in [
        (&["--backends", "wpgu"][..], 2, "did you mean `wgpu`?"),
        (&["--backends", "auto"], 2, "it must name backends"),
        (&["--backends", "flex,flex"], 2, "it is named twice"),
        (
            &["--backends", "flex", "--reference", "wgpu"],
            2,
            "--reference = wgpu: it must be one of the backends",
        ),
        (
            &["--backend", "flex", "--backends", "flex"],
            2,
            "--backends",
        ),
        (
            &["--tolerance", "0"],
            2,
            "--tolerance = 0: it must be above 0",
        ),
        (&["--tolerance", "nan"], 2, "--tolerance = NaN: it must be"),
        (&["--target-accuracy", "0.9"], 2, "--epochs"),
        (&["--model", "lenet6"], 2, "did you mean `lenet5`?"),
        (&["--model", "lenet5,"], 2, "there is no model ``"),
    ] {
        fails(
            out.path(),
            &[&SHORT[..], words, &["--out", "compared"]].concat(),
            code,
            &[expected],
        );
    }
    fails(
        out.path(),
        &["compare", "--steps", "0"],
        2,
        &["--steps = 0: it must be"],
    );
    fails(
        out.path(),
        &["compare", "--test-images", "0"],
        2,
        &["--test-images = 0: it must be"],
    );
    fails(
        out.path(),
        &["compare", "--steps", "1", "--epochs", "1"],
        2,
        &["--epochs"],
    );
}

struct Nobody;

impl CompareObserver for Nobody {}

/// Compares flex with another "backend", whose process is what `script` does with the
/// folder `$1`; `kiln` in it is the program.
#[cfg(target_os = "linux")]
fn with_another(script: &str, model: &str) -> Comparison {
    let out = scratch();
    let script = format!(
        "kiln() {{ '{}' \"$@\"; }}; case $1 in */flex) kiln compare-backend $1;; *) {script};; esac",
        env!("CARGO_BIN_EXE_kiln")
    );
    let prober = Prober {
        program: "/bin/sh".into(),
        words: ["-c", &script, "sh"].map(Into::into).into(),
    };
    let compare = Compare {
        models: vec![model.into()],
        backends: vec![Backend::Flex, Backend::NdArray],
        reference: Backend::Flex,
        steps: Some(4),
        tolerance: 1e-3,
        target_accuracy: None,
        test_images: 100,
    };
    let mut config = TrainConfig {
        batch_size: 16,
        ..TrainConfig::default()
    };
    // A key that an edit finds, and that counts from the first step.
    config.optimizer.lr = Some(0.05);
    config.schedule.warmup_epochs = Some(0.0);
    let load = |config: &TrainConfig| {
        let store = data::Store::new(None);
        trainer::load_datasets(config, &store, &mut |_| {})
    };
    compare
        .run(&config, load, &prober, out.path(), &mut Nobody)
        .unwrap()
}

/// The same training as flex, with `edit` (of sed) done to its configuration.
#[cfg(target_os = "linux")]
fn flex_with(edit: &str) -> String {
    format!(
        "sed -i -e 's/^backend = .*/backend = \"flex\"/' -e '{edit}' $1/config.toml; \
         kiln compare-backend $1"
    )
}

#[cfg(target_os = "linux")]
fn agreement(comparison: &Comparison) -> &Agreement {
    let found = comparison.models[0].rows[1].found();
    found.unwrap().agreement.as_ref().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn the_same_backend_twice_agrees_in_every_bit() {
    // What a driver writes between the steps is passed over.
    let chatty = format!("printf 'a driver: \\377\\n'; {}", flex_with(""));
    let found = with_another(&chatty, "resnet-mnist");
    assert!(found.agrees() && !found.any_failed());
    let agreement = agreement(&found);
    assert_eq!((agreement.loss_max, agreement.loss_mean), (0.0, 0.0));
    for apart in [&agreement.output, &agreement.gradient, &agreement.weights] {
        assert_eq!(apart.difference, 0.0, "{apart:?}");
    }
    assert_eq!(agreement.same_predictions, 1.0);
}

/// What a wrong driver would do is done by another configuration.
#[cfg(target_os = "linux")]
#[test]
fn it_is_said_where_backends_part() {
    // Other weights: the first convolution.
    let found = with_another(&flex_with("s/^seed = .*/seed = 7/"), "lenet5");
    assert!(!found.agrees() && !found.any_failed());
    match &agreement(&found).parts {
        Some(Parting::Output(apart)) => assert_eq!(apart.name, "conv1"),
        other => panic!("{other:?}"),
    }
    assert!(agreement(&found).same_predictions < 1.0);

    // Another loss: the forward pass agrees, and the backward pass begins at the last layer.
    let found = with_another(
        &flex_with("s/^name = \"cross-entropy\"/&\\nlabel_smoothing = 0.3/"),
        "lenet5",
    );
    match &agreement(&found).parts {
        Some(Parting::Gradient(apart)) => assert_eq!(apart.name, "fc3.bias"),
        other => panic!("{other:?}"),
    }
    assert_eq!(agreement(&found).output.difference, 0.0);

    // Another update: the first step agrees, and the second does not.
    let found = with_another(&flex_with("s/^lr = .*/lr = 0.5/"), "lenet5");
    match &agreement(&found).parts {
        Some(Parting::Loss { step, difference }) => {
            assert!((2..=4).contains(step) && *difference > 1e-3, "{step}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(agreement(&found).gradient.difference, 0.0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_dies_is_a_row_with_its_last_words() {
    for (script, expected) in [
        ("kill -9 $$", "its process was ended by the system"),
        (
            "echo '{\"step\":7,\"images\":8,\"loss\":1.0,\"ms\":2.0}'; echo \"thread 'main' panicked at driver.rs:1:2:\" >&2; echo 'device lost' >&2; exit 101",
            "after step 7: device lost",
        ),
        ("echo 'error: no memory' >&2; exit 1", "no memory"),
        // That it says nothing is no result.
        ("exit 0", "trace.json"),
    ] {
        let found = with_another(script, "lenet5");
        assert!(found.any_failed() && !found.agrees());
        let rows = &found.models[0].rows;
        assert!(rows[0].found().is_some());
        match &rows[1].outcome {
            Outcome::Error(error) => assert!(error.contains(expected), "{error}"),
            Outcome::Done(_) => panic!("{script} gave a result"),
        }
    }
}

/// Every backend of this build, in CI those of the README's table: LeNet-5, a small VGG and a
/// small ResNet.
#[cfg(all(feature = "wgpu", feature = "ndarray"))]
#[test]
fn backends_agree() {
    for (model, more) in [
        ("lenet5,resnet-mnist", &["--batch-size", "16"][..]),
        (
            "vgg11-bn",
            &["--batch-size", "4", "--set", "network.width=0.25"],
        ),
    ] {
        let out = scratch();
        let folder = out.path().join("compared");
        let output = crate::support::kiln_with(
            &[
                &[
                    "compare",
                    "--check",
                    "--adapter",
                    "cpu",
                    "--backends",
                    "flex,ndarray,wgpu",
                ][..],
                &["--steps", "4", "--test-images", "100", "--model", model],
                more,
                &["--out", folder.to_str().unwrap()],
            ]
            .concat(),
        );
        assert!(
            output.status.success(),
            "{}{}",
            stdout(&output),
            stderr(&output)
        );
        println!("{}", stdout(&output));
    }
    // And what is no agreement is an exit code.
    let out = scratch();
    let folder = out.path().join("compared");
    let words = [
        "--backends",
        "flex,ndarray",
        "--check",
        "--tolerance",
        "1e-12",
    ];
    let output = crate::support::kiln_with(
        &[&SHORT[..], &words, &["--out", folder.to_str().unwrap()]].concat(),
    );
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("is beyond the tolerance: first in the output of conv1"));
}
