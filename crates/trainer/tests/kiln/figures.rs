//! What `kiln eval` tells beyond loss and accuracy.

use std::fs;

use serde_json::Value;

use crate::support::{QUICK, kiln, scratch, stderr, stdout, summary, train};

#[test]
fn eval_tells_all_figures() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let eval = |words: &[&str]| {
        let output = kiln().arg("eval").arg(&run).args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", stderr(&output));
        stdout(&output)
    };
    let object: Value = serde_json::from_str(&eval(&["--json"])).unwrap();
    let found: trainer::Evaluation = serde_json::from_value(object["evaluation"].clone()).unwrap();
    assert_eq!(object["test"], summary(&run)["test"]);
    let rows = || found.confusion.iter();
    assert_eq!(rows().flatten().sum::<usize>(), 1000);
    let right: usize = rows().enumerate().map(|(class, row)| row[class]).sum();
    assert_eq!(right as f64 / 1000.0, found.accuracy);
    let top = found.top_k.unwrap();
    assert!(top.k == 5 && top.accuracy >= found.accuracy);

    let text = eval(&[]);
    assert!(
        text.contains("macro F1") && !text.contains("taken for"),
        "{text}"
    );
    let table = text.lines().filter(|line| line.ends_with(" 100")).count();
    assert_eq!(table, 10, "a line for each class: {text}");
    let text = eval(&["--confusion", "--tta", "flip"]);
    let words = ["test-time augmentation: flip", "what they were taken for"];
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}

#[test]
fn the_loss_and_the_augmentation_of_a_run_are_those_of_its_configuration() {
    let out = scratch();
    let config = out.path().join("my.toml");
    let losses = [
        "label_smoothing = 0.1\nclass_weights = \"balanced\"",
        "name = \"focal\"",
        "name = \"mse\"",
    ];
    let mut seen = Vec::new();
    for loss in losses {
        fs::write(
            &config,
            format!("[loss]\n{loss}\n[evaluation]\ntta = \"flip-shift\"\n"),
        )
        .unwrap();
        let words = ["--config", config.to_str().unwrap()];
        let run = train(&out.path().join("runs"), &[&QUICK[..], &words].concat());
        let output = kiln().arg("eval").arg(&run).arg("--json").output().unwrap();
        let object: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(object["test"], summary(&run)["test"], "{loss}");
        assert_eq!(object["evaluation"]["tta"], "flip-shift");
        let loss = object["test"]["loss"].as_f64().unwrap();
        assert!(loss > 0.0 && !seen.contains(&loss), "{seen:?} {loss}");
        seen.push(loss);
    }
}
