//! Runs in 16 bits.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::{kiln, kiln_with, newest, scratch, stderr, stdout, summary, train};

/// Batch norms, momentum, averaged weights and a schedule, in two epochs of 16 steps.
const RUN: &str = r#"
model = "resnet-mnist"
backend = "flex"
limit = 512
valid = 0
batch_size = 32
epochs = 2
augment = []

[average]
name = "ema"
decay = 0.9

[checkpoint]
every_updates = 5
keep_last = 9
"#;

/// The loss of each step of a run.
fn losses(config: &Path, precision: &str) -> Vec<f64> {
    let out = scratch();
    let output = kiln()
        .args(["train", "--json", "--precision", precision, "--config"])
        .arg(config)
        .arg("--out")
        .arg(out.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let events = text.lines().map(|line| serde_json::from_str(line).unwrap());
    events
        .filter(|event: &Value| event["event"] == "step_done")
        .map(|event| event["batch"]["loss"].as_f64().unwrap())
        .collect()
}

#[test]
fn the_first_steps_in_bf16_are_about_those_in_f32() {
    let scratch = scratch();
    let config = scratch.path().join("run.toml");
    fs::write(&config, RUN).unwrap();
    let (exact, found) = (losses(&config, "f32"), losses(&config, "bf16"));
    assert_eq!((exact.len(), found.len()), (32, 32));
    for (step, (exact, found)) in exact.iter().zip(&found).enumerate().take(8) {
        assert!((found / exact - 1.0).abs() < 0.1, "{step}: {found} {exact}");
    }
    assert_ne!(exact, found);
    let end = |losses: &[f64]| losses[24..].iter().sum::<f64>() / 8.0;
    assert!(end(&exact) < 0.5 * exact[0], "{exact:?}");
    assert!(end(&found) < 0.5 * found[0], "{found:?}");
}

#[test]
fn bf16_goes_on_bit_for_bit_and_is_evaluated_as_it_was() {
    let scratch = scratch();
    let config = scratch.path().join("run.toml");
    fs::write(&config, format!("precision = \"bf16\"\n{RUN}")).unwrap();
    let config = config.to_str().unwrap();
    let whole = train(&scratch.path().join("whole"), &["--config", config]);
    let weights = |run: &Path, file| fs::read(run.join(file)).unwrap();

    // Files of weights hold f32 that are bf16 exactly, but for averages.
    let checkpoint = newest(&whole.join("checkpoints"));
    let network = fs::read(checkpoint.join("network.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&network).unwrap();
    for (name, tensor) in tensors.tensors() {
        assert_eq!(tensor.dtype(), safetensors::Dtype::F32, "{name}");
        let mut lower = tensor.data().chunks_exact(4).map(|f| [f[0], f[1]]);
        assert!(lower.all(|lower| lower == [0, 0]), "{name} is no bf16");
    }
    let average = fs::read(checkpoint.join("average.safetensors")).unwrap();
    let average = safetensors::SafeTensors::deserialize(&average).unwrap();
    let mut lower = average.tensors().into_iter().flat_map(|(_, tensor)| {
        tensor
            .data()
            .chunks_exact(4)
            .map(|f| [f[0], f[1]] != [0, 0])
            .collect::<Vec<_>>()
    });
    assert!(lower.any(|finer| finer), "the average is in bf16 too");

    // From a checkpoint in the first epoch, as if it had been killed there.
    let killed = scratch.path().join("killed");
    let run = train(&killed, &["--config", config]);
    let mut checkpoints: Vec<_> = fs::read_dir(run.join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    checkpoints.sort();
    assert!(checkpoints.len() > 3, "{checkpoints:?}");
    for later in &checkpoints[1..] {
        fs::remove_dir_all(later).unwrap();
    }
    let output = kiln_with(&["train", "--quiet", "--resume", run.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    for file in ["last.safetensors", "best.safetensors"] {
        assert!(weights(&run, file) == weights(&whole, file), "{file}");
    }
    assert_eq!(summary(&run)["test"], summary(&whole)["test"]);

    let output = kiln_with(&["eval", "--json", whole.to_str().unwrap()]);
    let eval: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(eval["test"], summary(&whole)["test"]);

    // It is bf16 or nothing.
    let words = ["train", "--precision", "f32", "--resume"];
    let output = kiln_with(&[&words[..], &[run.to_str().unwrap()]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("precision"), "{}", stderr(&output));
}

#[test]
fn another_precision_is_refused() {
    let output = kiln_with(&["train", "--precision", "f8"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("f8"), "{}", stderr(&output));
    let output = kiln_with(&["train", "--set", "precision=\"f8\""]);
    assert_eq!(output.status.code(), Some(2));
    let problem = stderr(&output);
    assert!(
        problem.contains("bf16") && problem.contains("f8"),
        "{problem}"
    );
}
