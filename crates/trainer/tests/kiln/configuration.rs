//! Recipes, keys that are set, and what comes of them.

use std::fs;

use serde_json::Value;
use trainer::{Recipe, TrainConfig};

use crate::{
    bad_input::fails,
    support::{QUICK, kiln, kiln_with, scratch, stderr, stdout, summary, train},
};

/// The configuration that `kiln config` prints for these words.
fn config(words: &[&str]) -> TrainConfig {
    let output = kiln_with(&[&["config"], words].concat());
    assert!(output.status.success(), "{words:?}: {}", stderr(&output));
    TrainConfig::from_toml(&stdout(&output), "printed".as_ref()).unwrap()
}

#[test]
fn flags_go_over_keys_over_the_recipe() {
    let made = config(&[
        "--recipe",
        "mlp-mnist",
        "--set",
        "optimizer.lr=0.2",
        "--set",
        "schedule.name=cosine",
        "--epochs",
        "3",
    ]);
    let mut expected = Recipe::find("mlp-mnist").unwrap().config().unwrap();
    expected.optimizer.lr = Some(0.2);
    expected.schedule.name = trainer::config::ScheduleName::Cosine;
    expected.epochs = 3;
    expected.complete();
    assert_eq!(made, expected);
}

#[test]
fn keys_go_over_a_file() {
    let folder = scratch();
    let file = folder.path().join("my.toml");
    fs::write(&file, "epochs = 7\nbatch_size = 8\n[loader]\nahead = 3\n").unwrap();
    let made = config(&[
        "--config",
        file.to_str().unwrap(),
        "--set",
        "loader.drop_last=true",
        "--set",
        "batch_size=16",
        "--set",
        "augment=[]",
    ]);
    assert_eq!((made.epochs, made.batch_size), (7, 16));
    assert!(made.loader.drop_last && made.loader.ahead == 3 && made.augment.is_empty());
}

#[test]
fn the_whole_configuration_is_printed() {
    let made = config(&[]);
    let mut expected = TrainConfig::default();
    expected.complete();
    assert_eq!(made, expected);
    let text = stdout(&kiln_with(&["config"]));
    for line in [
        "lr = 0.05",
        "momentum = 0.9",
        "nesterov = false",
        "warmup_epochs = 0.5",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}");
    }
    // Given or left out, it is the same.
    let given = ["--momentum", "0.9", "--warmup-epochs", "0.5"];
    assert_eq!(config(&given), made);
}

#[test]
fn whatever_is_chosen_is_whole_and_can_be_read_again() {
    let folder = scratch();
    let file = folder.path().join("config.toml");
    let again = |words: &[&str]| {
        let made = config(words);
        fs::write(&file, made.to_toml().unwrap()).unwrap();
        assert_eq!(config(&["--config", file.to_str().unwrap()]), made);
        let words = words.join(" ");
        assert!(made.validate().is_ok(), "{words}: {:?}", made.validate());
    };
    for optimizer in ["adagrad", "adam", "adamw", "lion", "muon", "rmsprop", "sgd"] {
        again(&["--optimizer", optimizer]);
    }
    for schedule in [
        "constant",
        "step",
        "multi-step",
        "exponential",
        "cosine",
        "one-cycle",
        "linear",
        "polynomial",
        "plateau",
    ] {
        again(&["--schedule", schedule]);
    }
    for loss in ["cross-entropy", "focal", "mse"] {
        again(&["--set", &format!("loss.name={loss}")]);
    }
    for average in ["none", "ema", "swa"] {
        again(&["--set", &format!("average.name={average}")]);
    }
    again(&["--optimizer", "muon", "--momentum", "0"]);
    again(&["--optimizer", "sgd", "--momentum", "0"]);
}

#[test]
fn another_optimizer_or_schedule_has_its_own_defaults() {
    let made = config(&["--recipe", "lenet5-mnist-mini", "--optimizer", "adam"]);
    let optimizer = &made.optimizer;
    assert_eq!((optimizer.lr, optimizer.momentum), (Some(0.002), None));
    let folder = scratch();
    let steps = folder.path().join("steps.toml");
    let text = "[optimizer]\nlr = 0.1\n[schedule]\nname = \"multi-step\"\nmilestones = [5, 9]\n\
                warmup_epochs = 0.0\n";
    fs::write(&steps, text).unwrap();
    let steps = ["--config", steps.to_str().unwrap()];
    let made = config(&[&steps[..], &["--schedule", "cosine", "--momentum", "0.8"]].concat());
    assert_eq!(made.schedule.milestones, None);
    assert_eq!(made.schedule.warmup_epochs, Some(0.0));
    let optimizer = &made.optimizer;
    assert_eq!((optimizer.lr, optimizer.momentum), (Some(0.1), Some(0.8)));
    // As with the configuration of a run, which says all of it.
    let file = folder.path().join("config.toml");
    fs::write(&file, config(&[]).to_toml().unwrap()).unwrap();
    let made = config(&["--config", file.to_str().unwrap(), "--optimizer", "adamw"]);
    assert_eq!(made.optimizer, config(&["--optimizer", "adamw"]).optimizer);
    let words = ["--optimizer", "adamw", "--lr", "0.1", "--set"];
    let words = [&words[..], &["optimizer.weight_decay=0.2"]].concat();
    let made = config(&[&["--config", file.to_str().unwrap()], &words[..]].concat());
    let optimizer = &made.optimizer;
    assert_eq!(
        (optimizer.lr, optimizer.weight_decay),
        (Some(0.1), Some(0.2))
    );
}

#[test]
fn mistakes_name_where_they_were_made() {
    let folder = scratch();
    fs::write(
        folder.path().join("my.toml"),
        "seed = 1\n[optimizer]\nlrr = 1\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("n.toml"),
        "seed = 1\naugment = [{ name = \"random-horizontal-flip\" },\n\
         { name = \"normalize\", std = [0.0] }]\n",
    )
    .unwrap();
    for (words, says) in [
        (
            &["--config", "my.toml"][..],
            "my.toml: line 3: optimizer: there is no key `lrr` (did you mean `lr`?)",
        ),
        (
            &["--set", "optimizer.rate=1"],
            "--set optimizer.rate: optimizer: there is no key `rate`",
        ),
        (
            &["--set", "epoch=1"],
            "--set epoch: there is no key `epoch` (did you mean `epochs`?)",
        ),
        (
            &["--set", "optimizer.lr=-1"],
            "--set optimizer.lr: optimizer.lr = -1: it must be",
        ),
        (
            &["--set", "epochs=many"],
            "--set epochs: epochs = many: it must be a whole number",
        ),
        (&["--set", "epochs"], "--set epochs: it must be KEY=VALUE"),
        (&["--set", "model=lenet6"], "did you mean `lenet5`?"),
        (
            &["--recipe", "mlp-mnits"],
            "there is no recipe `mlp-mnits` (did you mean `mlp-mnist`?)",
        ),
        (
            &["--recipe", "mlp-mnist", "--config", "my.toml"],
            "cannot be used with",
        ),
        (
            &["--lr", "0.1", "--set", "optimizer.lr=0.2"],
            "--set optimizer.lr: --lr sets that too",
        ),
        (
            &["--lr", "0.1", "--set", "optimizer={lr=0.2}"],
            "--set optimizer: --lr sets that too",
        ),
        (
            &["--no-augment", "--set", "augment=[]"],
            "--set augment: --no-augment sets that too",
        ),
        (
            &["--optimizer", "adam", "--set", "optimizer.name=sgd"],
            "--set optimizer.name: --optimizer sets that too",
        ),
        (
            &["--set", "seed=1", "--set", "seed=2"],
            "--set seed: --set seed sets that too",
        ),
        (&["--lr", "1.79e308"], "--lr: optimizer.lr = 1"),
        (
            &[
                "--set",
                "optimizer.groups=[{parameters=\"conv*\",lr_scale=0}]",
            ],
            "--set optimizer.groups: optimizer.groups[0].lr_scale = 0: it must be",
        ),
        (
            &["--set", "augment=[{name=\"normalize\",std=[0.0]}]"],
            "--set augment: augment[0].std = [0.0]: ",
        ),
        (
            &["--config", "n.toml"],
            "n.toml, line 3: augment[1].std = [0.0]: ",
        ),
        (
            &[
                "--set",
                "schedule.name=plateau",
                "--set",
                "schedule.patience=99999999999",
            ],
            "schedule.patience = 99999999999: it must be at most 1000000",
        ),
    ] {
        fails(folder.path(), words, 2, &[says]);
    }
    // A value that a recipe gives, impossible only with what a flag gives.
    let words = ["config", "--recipe", "resnet9-cifar10", "--epochs", "1"];
    fails(
        folder.path(),
        &words,
        2,
        &["recipe resnet9-cifar10, line ", "schedule.warmup_epochs"],
    );
}

#[test]
fn a_recipe_can_be_trained() {
    let out = scratch();
    let words = [
        "--recipe",
        "lenet5-mnist-mini",
        "--set",
        "optimizer.lr=0.02",
    ];
    let run = train(out.path(), &[&words[..], &QUICK].concat());
    assert_eq!(summary(&run)["status"], "done");
    let text = fs::read_to_string(run.join("config.toml")).unwrap();
    let kept = TrainConfig::from_toml(&text, "config.toml".as_ref()).unwrap();
    assert_eq!((kept.optimizer.lr, kept.epochs), (Some(0.02), 2));
}

#[test]
fn recipes_are_listed_and_printed() {
    let list = stdout(&kiln_with(&["recipes"]));
    let json: Value = serde_json::from_str(&stdout(&kiln_with(&["recipes", "--json"]))).unwrap();
    assert_eq!(json.as_array().unwrap().len(), Recipe::all().len());
    assert_eq!(list.lines().count(), Recipe::all().len() + 1);
    for (recipe, row) in Recipe::all().iter().zip(json.as_array().unwrap()) {
        let line = list
            .lines()
            .find(|line| line.starts_with(&format!("{} ", recipe.name())));
        assert!(
            line.is_some_and(|line| line.ends_with(recipe.title())),
            "{list}"
        );
        assert_eq!(row["name"], recipe.name());
        assert_eq!(row["epochs"], recipe.config().unwrap().epochs);
        let printed = stdout(&kiln_with(&["recipes", recipe.name()]));
        assert_eq!(printed, recipe.text());
    }
    let output = kiln().args(["recipes", "none"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("there is no recipe `none`"));
}

/// Follows the parts of a schema that the configuration's has.
fn accepts(schema: &Value, node: &Value, value: &Value) -> bool {
    if let Some(name) = node.get("$ref").and_then(Value::as_str) {
        let found = schema.pointer(&name[1..]).unwrap();
        return accepts(schema, found, value);
    }
    let list = |name: &str| node.get(name).and_then(Value::as_array);
    let count = |name: &str| {
        let choices = list(name)?.iter();
        Some(
            choices
                .filter(|choice| accepts(schema, choice, value))
                .count(),
        )
    };
    let keys = value.as_object();
    let fits = match node.get("type").and_then(Value::as_str) {
        Some("object") => keys.is_some(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some(other) => panic!("no such type: {other}"),
        None => true,
    };
    let properties = node.get("properties").and_then(Value::as_object);
    let of_keys = properties.zip(keys).is_none_or(|(properties, keys)| {
        keys.iter().all(|(key, value)| match properties.get(key) {
            Some(node) => accepts(schema, node, value),
            None => node.get("additionalProperties") != Some(&Value::Bool(false)),
        })
    });
    let required = list("required").zip(keys).is_none_or(|(required, keys)| {
        required
            .iter()
            .all(|key| keys.contains_key(key.as_str().unwrap()))
    });
    let items = node.get("items").zip(value.as_array());
    let length = |name: &str| {
        let bound = node.get(name).and_then(Value::as_u64)?;
        Some((bound as usize, value.as_array()?.len()))
    };
    let bound = |name: &str| node.get(name).and_then(Value::as_f64).zip(value.as_f64());
    fits && of_keys
        && bound("exclusiveMinimum").is_none_or(|(least, value)| value > least)
        && bound("exclusiveMaximum").is_none_or(|(most, value)| value < most)
        && required
        && items.is_none_or(|(node, items)| items.iter().all(|item| accepts(schema, node, item)))
        && length("minItems").is_none_or(|(least, length)| length >= least)
        && length("maxItems").is_none_or(|(most, length)| length <= most)
        && node.get("const").is_none_or(|only| only == value)
        && list("enum").is_none_or(|choices| choices.contains(value))
        && count("oneOf").is_none_or(|count| count == 1)
        && count("anyOf").is_none_or(|count| count > 0)
        && bound("minimum").is_none_or(|(least, value)| value >= least)
        && bound("maximum").is_none_or(|(most, value)| value <= most)
}

#[test]
fn the_schema_accepts_recipes_and_refuses_what_is_refused() {
    let schema: Value = serde_json::from_str(&stdout(&kiln_with(&["config", "--schema"]))).unwrap();
    let valid = |text: &str| {
        let value: Value = toml::from_str(text).unwrap();
        let read = TrainConfig::from_toml(text, "a.toml".as_ref());
        let found = accepts(&schema, &schema, &value);
        let is_possible = read.is_ok_and(|config| config.validate().is_ok());
        assert_eq!(found, is_possible, "{text}");
        found
    };
    for recipe in Recipe::all() {
        assert!(valid(recipe.text()), "{}", recipe.name());
        let output = kiln_with(&["config", "--recipe", recipe.name()]);
        assert!(valid(&stdout(&output)), "{}", recipe.name());
    }
    for possible in [
        "valid = 10",
        "valid = 0.25",
        "backend = \"wgpu\"",
        "data_dir = \"a\"",
        "network.init.conv = { name = \"kaiming-normal\", fan = \"fan-out\" }",
        "augment = [{ name = \"random-rotation\", degrees = [0, 3], fill = [1, 2, 3] }]",
        "augment = [{ name = \"cutmix\" }]",
        "folder = { size = [3, 4] }",
        "optimizer = { name = \"adam\", betas = [0.0, 0.5] }",
        "schedule = { name = \"multi-step\", milestones = [1, 2.5] }",
        "schedule = { min_lr = 0.0, warmup_start = 1.0 }",
        "seed = 9223372036854775807",
        "stop.target_accuracy = 1.0",
    ] {
        assert!(valid(possible), "{possible}");
    }
    for wrong in [
        "epoch = 1",
        "epochs = 0",
        "epochs = 1.5",
        "batch_size = 0",
        "backend = \"flexx\"",
        "loader.ahead = 65",
        "loader.threads = 0",
        "optimizer.rate = 1",
        "optimizer.name = \"adamm\"",
        "optimizer.weight_decay = -1.0",
        "augment = [{ name = \"random-corp\" }]",
        "augment = [{ name = \"random-crop\", pad = 1 }]",
        "augment = [{ name = \"cutout\" }]",
        "augment = [{ size = 3 }]",
        "network.init.conv = { name = \"normal\" }",
        "network.init.conv = { name = \"pytorch\", std = 1.0 }",
        "folder.size = [1, 2, 3]",
        // Each bound.
        "epochs = 1000001",
        "accumulate = 0",
        "valid = 1.0",
        "valid = -0.5",
        "limit = 0",
        "loader.ahead = 0",
        "loader.threads = 257",
        "threads = 0",
        "threads = 1025",
        "optimizer.lr = 0.0",
        "optimizer.momentum = 1.0",
        "optimizer.momentum = -0.1",
        "optimizer = { name = \"adam\", betas = [0.9, 1.0] }",
        "optimizer = { name = \"adam\", betas = [-0.1, 0.9] }",
        "optimizer = { name = \"adam\", eps = 0.0 }",
        "optimizer = { name = \"rmsprop\", alpha = 1.0 }",
        "optimizer = { name = \"rmsprop\", alpha = -0.1 }",
        "optimizer = { name = \"adagrad\", lr_decay = -1.0 }",
        "optimizer = { name = \"adagrad\", initial_accumulator = -1.0 }",
        "optimizer = { name = \"muon\", adamw_lr_scale = 0.0 }",
        "optimizer.clip_value = 0.0",
        "optimizer.clip_norm = 0.0",
        "optimizer.groups = [{ parameters = \"a\", lr_scale = 0.0 }]",
        "optimizer.groups = [{ parameters = \"a\", weight_decay = -1.0 }]",
        "schedule.warmup_epochs = -1.0",
        "schedule.warmup_start = -0.1",
        "schedule.warmup_start = 1.1",
        "schedule.min_lr = -0.1",
        "schedule = { name = \"step\", gamma = 0.0 }",
        "schedule = { name = \"step\", gamma = 1.1 }",
        "schedule = { name = \"step\", step_epochs = 0.0 }",
        "schedule = { name = \"multi-step\", milestones = [0.0] }",
        "schedule = { name = \"polynomial\", power = 0.0 }",
        "schedule = { name = \"one-cycle\", pct_start = -0.1 }",
        "schedule = { name = \"one-cycle\", pct_start = 1.1 }",
        "schedule = { name = \"one-cycle\", div_factor = 0.9 }",
        "schedule = { name = \"one-cycle\", final_div_factor = 0.9 }",
        "schedule = { name = \"plateau\", factor = 0.0 }",
        "schedule = { name = \"plateau\", factor = 1.0 }",
        "schedule = { name = \"plateau\", patience = 1000001 }",
        "schedule = { name = \"plateau\", cooldown = 1000001 }",
        "schedule = { name = \"plateau\", threshold = -0.1 }",
        "schedule = { name = \"plateau\", threshold = 1.0 }",
        "loss.label_smoothing = -0.1",
        "loss.label_smoothing = 1.0",
        "loss.class_weights = [1.0, 0.0]",
        "loss = { name = \"focal\", gamma = -1.0 }",
        "average = { name = \"ema\", decay = -0.1 }",
        "average = { name = \"ema\", decay = 1.0 }",
        "average = { name = \"swa\", start_epoch = 0 }",
        "checkpoint.every_updates = 0",
        "checkpoint.every_minutes = 0.0",
        "checkpoint.every_minutes = 2e9",
        "checkpoint.keep_last = 0",
        "stop.patience = 0",
        "stop.target_accuracy = 0.0",
        "stop.target_accuracy = 1.1",
        "stop.steps = 0",
        "evaluation.every_steps = 0",
        "stop.minutes = 0.0",
        "stop.minutes = 2e9",
        "log.every_steps = 0",
        "log.every_steps = 1000001",
    ] {
        assert!(!valid(wrong), "{wrong}");
    }
    // What is checked with the images and the network.
    for wrong in [
        "network.width = 0.0",
        "network.width = 65.0",
        "network.dropout = -0.1",
        "network.dropout = 1.0",
        "network.init.conv = { name = \"normal\", std = -1.0 }",
        "folder.size = 0",
        "folder.size = 4097",
        "folder.size = [1, 4097]",
        "folder.test_share = 0.0",
        "folder.test_share = 1.0",
    ] {
        let value: Value = toml::from_str(wrong).unwrap();
        assert!(!accepts(&schema, &schema, &value), "{wrong}");
    }
}
