//! The program, as its users call it: what a run prints and leaves behind.

use std::fs;

use crate::support::{
    QUICK, kiln, kiln_with, newest, scratch, send, stderr, stdout, summary, train,
};
use serde_json::Value;

/// The first promise of the README.
#[test]
fn the_default_recipe_reaches_97_percent() {
    let out = scratch();
    let run = train(out.path(), &[]);
    let summary = summary(&run);
    let accuracy = summary["test"]["accuracy"].as_f64().unwrap();
    assert!((0.97..=1.0).contains(&accuracy), "{summary:#}");
    assert_eq!(summary["status"], "done");
    assert_eq!(summary["model"], "lenet5");
    assert_eq!(summary["dataset"], "mnist-mini");
    assert_eq!(summary["backend"], "flex");
    assert_eq!(summary["seed"], 42);
    assert_eq!(summary["parameters"], 61_706);
    assert_eq!(summary["versions"]["burn"], "0.22.1");
    let epochs = summary["epochs"].as_u64().unwrap();
    assert!((1..=epochs).contains(&summary["best_epoch"].as_u64().unwrap()));
    assert!(summary["seconds"].as_f64().unwrap() > 0.0);

    let history = fs::read_to_string(run.join("history.csv")).unwrap();
    assert_eq!(history.lines().count() as u64, 1 + epochs);
    let curves = fs::read_to_string(run.join("curves.svg")).unwrap();
    assert!(curves.contains("lenet5 on mnist-mini") && curves.contains("<polyline"));

    // `eval` gives the same figures, to the last bit.
    let path = run.to_str().unwrap();
    let output = kiln_with(&["eval", path, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let eval: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(eval["test"], summary["test"]);
    let output = kiln_with(&["eval", path]);
    let percent = format!("accuracy {:.2} % of 1000 images", 100.0 * accuracy);
    assert!(stdout(&output).contains(&percent), "{}", stdout(&output));
}

#[test]
fn a_run_repeats_bit_for_bit_from_its_config() {
    let out = scratch();
    // Dropout draws from the device's generator.
    for model in ["lenet5", "mlp"] {
        let first = train(
            out.path(),
            &[&QUICK[..], &["--model", model, "--seed", "7"]].concat(),
        );
        let config = first.join("config.toml");
        let second = train(out.path(), &["--config", config.to_str().unwrap()]);
        assert_ne!(first, second, "a run folder is never written to again");
        for file in ["config.toml", "best.safetensors", "last.safetensors"] {
            let read = |run: &std::path::Path| fs::read(run.join(file)).unwrap();
            assert!(read(&first) == read(&second), "{model}: {file} differs");
        }
        assert_eq!(summary(&first)["test"], summary(&second)["test"]);
        // Another seed is another run.
        let third = train(
            out.path(),
            &["--config", config.to_str().unwrap(), "--seed", "8"],
        );
        assert_ne!(summary(&first)["test"], summary(&third)["test"]);
    }
}

#[test]
fn flags_go_over_the_file() {
    let out = scratch();
    let file = out.path().join("my.toml");
    fs::write(
        &file,
        "epochs = 9\nlimit = 200\nbatch_size = 50\n[optimizer]\nname = \"sgd\"\n",
    )
    .unwrap();
    let runs = out.path().join("runs");
    let run = train(
        &runs,
        &[
            "--config",
            file.to_str().unwrap(),
            "--epochs",
            "1",
            "--lr",
            "0.01",
        ],
    );
    let config = fs::read_to_string(run.join("config.toml")).unwrap();
    for line in [
        "epochs = 1",
        "limit = 200",
        "batch_size = 50",
        "name = \"sgd\"",
        "lr = 0.01",
        "backend = \"flex\"",
    ] {
        assert!(config.lines().any(|l| l == line), "no `{line}` in {config}");
    }
}

#[test]
fn without_a_terminal_there_are_lines_and_no_control_characters() {
    let out = scratch();
    // The default verb.
    let output = kiln()
        .args(QUICK)
        .arg("--out")
        .arg(out.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    let text = stdout(&output);
    assert!(
        !text.contains(|c: char| c.is_control() && c != '\n'),
        "{text:?}"
    );
    let rows: Vec<_> = text
        .lines()
        .filter(|line| line.ends_with(" s") || line.contains(" s  best"))
        .collect();
    assert_eq!(rows.len(), 2, "{text}");
    for word in [
        "61706 parameters",
        "backend  flex",
        "test: loss",
        "best epoch",
        "next: kiln eval ",
    ] {
        assert!(text.contains(word), "no {word} in {text}");
    }
    // The command it suggests.
    let next = text
        .lines()
        .last()
        .unwrap()
        .strip_prefix("next: kiln ")
        .unwrap();
    let output = kiln_with(&next.split(' ').collect::<Vec<_>>());
    assert!(output.status.success(), "{next}: {}", stderr(&output));
}

#[test]
fn the_next_command_is_spelled_as_this_one_was() {
    let out = scratch();
    let output = kiln()
        .args([
            "--quiet",
            "--backend",
            "flex",
            "--limit",
            "50",
            "--epochs",
            "1",
            "--out",
        ])
        .arg(out.path())
        .env("CARGO_PKG_NAME", "trainer")
        .output()
        .unwrap();
    let next = stdout(&output).lines().last().unwrap().to_string();
    assert!(
        next.starts_with("next: cargo run -p trainer -- eval "),
        "{next}"
    );
}

#[test]
fn json_is_one_event_a_line() {
    let out = scratch();
    let output = kiln()
        .args(["train", "--json"])
        .args(QUICK)
        .arg("--out")
        .arg(out.path())
        .output()
        .unwrap();
    let events: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<_> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        (names[0], names[names.len() - 1]),
        ("run_started", "run_ended")
    );
    let count = |name| names.iter().filter(|n| **n == name).count();
    // 300 images less a tenth, in batches of 64.
    assert_eq!((count("step_done"), count("epoch_done")), (2 * 5, 2));
    assert_eq!(events[0]["train_images"], 270);
    // The loss of an epoch weighs every image alike, also in its short last batch.
    let steps = events
        .iter()
        .filter(|e| e["event"] == "step_done" && e["epoch"] == 1);
    let (mut loss, mut images) = (0.0, 0.0);
    for step in steps {
        loss += step["batch"]["loss"].as_f64().unwrap() * step["images"].as_f64().unwrap();
        images += step["images"].as_f64().unwrap();
    }
    let epoch = events.iter().find(|e| e["event"] == "epoch_done").unwrap();
    assert!((epoch["train"]["loss"].as_f64().unwrap() - loss / images).abs() < 1e-9);
    let last = &events[events.len() - 1];
    assert_eq!(last["test"], summary(&newest(out.path()))["test"]);
}

#[test]
fn quiet_prints_the_result_alone() {
    let out = scratch();
    let output = kiln()
        .args(["--quiet"])
        .args(QUICK)
        .arg("--out")
        .arg(out.path())
        .output()
        .unwrap();
    let text = stdout(&output);
    assert!(
        text.starts_with("best epoch") && text.lines().count() == 5,
        "{text}"
    );
}

#[test]
fn without_validation_the_last_epoch_is_the_best() {
    let out = scratch();
    let run = train(out.path(), &[&QUICK[..], &["--valid", "0"]].concat());
    let summary = summary(&run);
    assert_eq!(
        (&summary["best_epoch"], &summary["valid"]),
        (&2.into(), &Value::Null)
    );
}

#[test]
fn help_names_every_choice_and_default() {
    let help = stdout(&kiln_with(&["train", "--help"]));
    // Of the models there are too many for a line.
    assert!(help.contains("`kiln models`"), "{help}");
    let forms = models::Form::ALL.map(models::Form::name);
    let backends = trainer::backend::Backend::ALL.map(trainer::backend::Backend::name);
    for name in forms.into_iter().chain(data::names()).chain(backends) {
        assert!(help.contains(name), "no {name} in {help}");
    }
    let config = trainer::TrainConfig::default();
    for default in [
        config.model,
        config.dataset,
        config.backend.to_string(),
        config.epochs.to_string(),
        config.batch_size.to_string(),
        "0.1".to_string(),
        config.seed.to_string(),
        format!("{} for sgd", config.optimizer.momentum()),
        config.schedule.warmup_epochs().to_string(),
        format!("{} for sgd", config.optimizer.lr()),
        format!("{} for sgd", config.optimizer.weight_decay()),
    ] {
        assert!(
            help.contains(&format!("[default: {default}")),
            "{default}: {help}"
        );
    }
}

#[test]
fn devices_says_what_auto_takes() {
    let output = kiln_with(&["devices"]);
    assert!(output.status.success());
    assert!(
        stdout(&output).contains("auto takes "),
        "{}",
        stdout(&output)
    );
    let output = kiln_with(&["devices", "--json"]);
    let value: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert!(
        value["backends"]
            .as_array()
            .unwrap()
            .iter()
            .any(|b| b["name"] == "flex" && b["compiled_in"] == true)
    );
}

/// Ctrl-C stops after the step, saves, and says so in the exit code.
#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_its_weights() {
    use std::{
        io::{BufRead, BufReader},
        process::Stdio,
    };
    let out = scratch();
    let mut child = kiln()
        .args([
            "train",
            "--json",
            "--epochs",
            "1000",
            "--backend",
            "flex",
            "--out",
        ])
        .arg(out.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // In the middle of the second epoch.
    lines
        .by_ref()
        .find(|line| line.as_ref().unwrap().contains(r#""epoch":2,"step":3,"#))
        .unwrap()
        .unwrap();
    send("INT", &child);
    let last = lines.map(Result::unwrap).last().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(
        last.contains(r#""event":"run_ended","status":"interrupted""#),
        "{last}"
    );

    let run = newest(out.path());
    let summary = summary(&run);
    assert_eq!(
        (&summary["status"], &summary["epochs"]),
        (&"interrupted".into(), &1.into())
    );
    assert_eq!(summary["test"], Value::Null);
    for weights in ["best", "last"] {
        let output = kiln_with(&["eval", run.to_str().unwrap(), "--which", weights]);
        assert!(output.status.success(), "{weights}: {}", stderr(&output));
    }
}
