use super::*;

fn with(text: &str, sets: &[&str]) -> Result<TrainConfig, ConfigError> {
    let mut layers = vec![Layer::text("my.toml", text)];
    for set in sets {
        layers.push(Layer::set(set)?);
    }
    TrainConfig::from_layers(&layers)
}

#[test]
fn later_layers_go_over_earlier_ones() {
    let text = "epochs = 3\n[optimizer]\nlr = 0.1\nmomentum = 0.5\n";
    for (sets, same_as) in [
        (
            &[][..],
            "epochs = 3\noptimizer = { lr = 0.1, momentum = 0.5 }",
        ),
        (
            &["optimizer.lr=0.2", "epochs = 4"],
            "epochs = 4\noptimizer = { lr = 0.2, momentum = 0.5 }",
        ),
        (&["optimizer={lr=0.2}"], "epochs = 3\noptimizer.lr = 0.2"),
        (
            &[
                "optimizer.lr=1",
                "optimizer.lr=2.0",
                "schedule.name=constant",
            ],
            "epochs = 3\noptimizer = { lr = 2.0, momentum = 0.5 }\n\
             schedule.name = \"constant\"",
        ),
        (
            &[
                "augment=[]",
                "model=lenet-small",
                "network.init.conv={name=\"normal\", std=1}",
            ],
            "augment = []\nmodel = \"lenet-small\"\nepochs = 3\n\
             network.init.conv = { name = \"normal\", std = 1.0 }\n\
             optimizer = { lr = 0.1, momentum = 0.5 }",
        ),
        (
            &[
                "dataset=folder:/my photos=1",
                "data_dir=2024-01-01",
                "weights=\"a b\"",
            ],
            "dataset = \"folder:/my photos=1\"\ndata_dir = \"2024-01-01\"\n\
             weights = \"a b\"\nepochs = 3\noptimizer = { lr = 0.1, momentum = 0.5 }",
        ),
    ] {
        let expected = TrainConfig::from_toml(same_as, Path::new("same.toml")).unwrap();
        assert_eq!(with(text, sets), Ok(expected), "{sets:?}");
    }
    // A text goes over another key by key.
    let layers = [
        Layer::text("a", text),
        Layer::text("b", "optimizer.lr = 7.0"),
    ];
    let optimizer = TrainConfig::from_layers(&layers).unwrap().optimizer;
    assert_eq!((optimizer.lr, optimizer.momentum), (Some(7.0), Some(0.5)));
}

#[test]
fn another_name_has_its_own_defaults() {
    let text = "[optimizer]\nname = \"sgd\"\nlr = 0.1\nmomentum = 0.5\nclip_norm = 1\n\
                freeze = [\"a\"]\n[schedule]\nname = \"multi-step\"\nmilestones = [1, 2]\n\
                gamma = 0.1\nwarmup_epochs = 0.25\n[loss]\nlabel_smoothing = 0.1\n\
                [average]\nname = \"ema\"\ndecay = 0.9\n";
    let optimizer = "optimizer = { clip_norm = 1, freeze = [\"a\"]";
    let sgd = "optimizer = { lr = 0.1, momentum = 0.5, clip_norm = 1, freeze = [\"a\"] }";
    let steps = "schedule = { name = \"multi-step\", milestones = [1, 2], gamma = 0.1, \
                 warmup_epochs = 0.25 }";
    let (loss, ema) = (
        "loss.label_smoothing = 0.1",
        "average = { name = \"ema\", decay = 0.9 }",
    );
    for (sets, same_as) in [
        (
            &["optimizer.name=adam"][..],
            [
                &format!("{optimizer}, name = \"adam\" }}"),
                steps,
                loss,
                ema,
            ],
        ),
        (
            &["optimizer.lr=0.2", "optimizer.name='rmsprop'"],
            [
                &format!("{optimizer}, lr = 0.2, name = \"rmsprop\" }}"),
                steps,
                loss,
                ema,
            ],
        ),
        (&["optimizer.name=sgd"], [sgd, steps, loss, ema]),
        (
            &["optimizer={name=\"lion\"}"],
            ["optimizer.name = \"lion\"", steps, loss, ema],
        ),
        (
            &[
                "schedule.name=cosine",
                "loss.name=focal",
                "average.name=swa",
            ],
            [
                sgd,
                "schedule = { warmup_epochs = 0.25 }",
                "loss.name = \"focal\"",
                "average.name = \"swa\"",
            ],
        ),
    ] {
        let expected = TrainConfig::from_toml(&same_as.join("\n"), Path::new("same.toml"));
        let found = with(text, sets).unwrap();
        assert_eq!(found, expected.unwrap(), "{sets:?}");
        assert_eq!(found.validate(), Ok(()), "{sets:?}");
    }
    // The default has a name too.
    let found = with("optimizer.lr = 0.1", &["optimizer.name=adam"]).unwrap();
    assert_eq!(found.optimizer.lr, None);
}

#[test]
fn errors_name_the_layer() {
    for (text, set, message) in [
        (
            "seed = 1\nepoch = 2",
            "seed=2",
            "my.toml: line 2: there is no key `epoch` (did you mean `epochs`?); known: model, ",
        ),
        (
            "[optimizer]\nrate = 1\n",
            "seed=2",
            "my.toml: line 2: optimizer: there is no key `rate`",
        ),
        (
            "seed = 1",
            "optimiser.lr=1",
            "--set optimiser.lr: there is no key `optimiser` (did you mean `optimizer`?)",
        ),
        (
            "[optimizer]\nlr = 1.0\n",
            "optimizer.lrr=1",
            "--set optimizer.lrr: optimizer: there is no key `lrr` (did you mean `lr`?); \
             known: name, lr, ",
        ),
        (
            "seed = 1",
            "optimizer.lr=fast",
            "--set optimizer.lr: optimizer: lr = fast: it must be a number",
        ),
        (
            "seed = 1",
            "optimizer.name=adamm",
            "--set optimizer.name: optimizer: name: there is no `adamm` \
             (did you mean `adam`?); known: ",
        ),
        (
            "seed = 1",
            "epochs.more=1",
            "--set epochs.more: `epochs` is a value, and no table with keys: set it as a whole",
        ),
        (
            "seed = 1",
            "augment.0.padding=1",
            "--set augment.0.padding: `augment` is a list, and no table with keys",
        ),
        (
            "optimizer.groups = [{ parameters = \"a\" }]",
            "optimizer.groups.0.lr_scale=1",
            "--set optimizer.groups.0.lr_scale: `optimizer.groups` is a list",
        ),
        (
            "seed = 1\n[schedule]\nmilestones = [1, \"a\"]",
            "seed=2",
            "my.toml: line 3: schedule: milestones = [1, \"a\"]: invalid type: string \"a\"; \
             it must be a number",
        ),
        (
            // What falls away is read all the same.
            "[optimizer]\nlrr = 1",
            "optimizer.name=adam",
            "my.toml: line 2: optimizer: there is no key `lrr`",
        ),
        (
            "epochs = 1.5\n",
            "seed=1",
            "my.toml: line 1: epochs = 1.5: it must be a whole number of at least 0",
        ),
        (
            "epochs = 1",
            "augment=[{name=\"random-corp\"}]",
            "--set augment: augment, step 1 (random-corp): name: there is no `random-corp`",
        ),
        (
            "epochs = 1\n[[augment]]\nname = \"cutout\"",
            "seed=1",
            "my.toml: line 2: augment, step 1 (cutout): `size` is missing",
        ),
        (
            "seed = 1",
            "network.init.conv.std=0.5",
            "--set network.init.conv.std: network.init: conv",
        ),
        (
            "seed = 1",
            "valid=some",
            "--set valid: valid = some: it must be a number of images, or a share from 0.0 to 1.0",
        ),
        (
            "seed = 1",
            "backend=flexx",
            "--set backend: backend = flexx: there is no backend",
        ),
        ("seed = 1", "epochs", "--set epochs: it must be KEY=VALUE"),
        ("seed = 1", "=1", "--set =1: `` is no key"),
        ("seed = 1", "a b=1", "--set a b=1: `a b` is no key"),
        (
            "seed = 1",
            "augment=[1",
            "--set augment=[1: the value is no TOML: ",
        ),
    ] {
        let error = with(text, &[set]).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}\nis not\n{message}");
    }
}

#[test]
fn a_value_is_no_place_for_other_keys() {
    let config = with("", &["model=a\nepochs = 3"]).unwrap();
    assert_eq!((&*config.model, config.epochs), ("a\nepochs = 3", 15));
}

#[test]
fn finds_the_place_of_a_key() {
    let layers = [
        Layer::text(
            "my.toml",
            "epochs = 3\n[optimizer]\nlr = 0.1\nmomentum = 0.2",
        ),
        Layer::set("optimizer.lr=0.2").unwrap(),
        Layer::set("network.init.conv={}").unwrap(),
        Layer::set("optimizer.groups=[]").unwrap(),
        Layer::text("b.toml", "seed = 1\naugment = [\n{ name = \"normalize\" }]"),
    ];
    for (key, expected) in [
        ("epochs", Some("my.toml, line 1")),
        ("optimizer.momentum", Some("my.toml, line 4")),
        ("optimizer.lr", Some("--set optimizer.lr")),
        ("network.init", Some("--set network.init.conv")),
        ("network.init.conv.std", Some("--set network.init.conv")),
        (
            "optimizer.groups[0].lr_scale",
            Some("--set optimizer.groups"),
        ),
        ("augment[0].std", Some("b.toml, line 3")),
        ("epoch", None),
    ] {
        assert_eq!(place(&layers, key).as_deref(), expected);
    }
}
