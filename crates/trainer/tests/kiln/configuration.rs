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
    assert_eq!(made.optimizer.lr, Some(0.05));
}

#[test]
fn mistakes_name_where_they_were_made() {
    let folder = scratch();
    fs::write(
        folder.path().join("my.toml"),
        "seed = 1\n[optimizer]\nlrr = 1\n",
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
    ] {
        fails(folder.path(), words, 2, &[says]);
    }
    // A value that a recipe gives, impossible only with what a flag gives.
    let words = ["config", "--recipe", "resnet20-cifar10", "--epochs", "1"];
    fails(
        folder.path(),
        &words,
        2,
        &["recipe resnet20-cifar10, line ", "schedule.warmup_epochs"],
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
    ] {
        assert!(!valid(wrong), "{wrong}");
    }
}
