use super::*;

fn parse(text: &str) -> Result<TrainConfig, ConfigError> {
    TrainConfig::from_toml(text, Path::new("my.toml"))
}

#[test]
fn comes_back_from_toml() {
    let config = TrainConfig {
        limit: Some(10),
        adapter: AdapterKind::Cpu,
        optimizer: OptimizerConfig {
            name: OptimizerName::AdamW,
            lr: Some(0.1 + 0.2),
            ..Default::default()
        },
        ..TrainConfig::default()
    };
    assert_eq!(parse(&config.to_toml().unwrap()), Ok(config));
    assert_eq!(parse(""), Ok(TrainConfig::default()));
}

#[test]
fn more_epochs_do_not_move_where_averaging_begins() {
    let mut config = parse("epochs = 4\n[average]\nname = \"swa\"").unwrap();
    config.complete();
    let more = format!(
        "epochs = 40\n{}",
        config.to_toml().unwrap().replacen("epochs = 4\n", "", 1)
    );
    let mut more = parse(&more).unwrap();
    more.complete();
    assert_eq!((more.epochs, more.average.start_epoch), (40, Some(4)));
    config = parse("[average]\nname = \"ema\"").unwrap();
    config.complete();
    assert_eq!(config.validate(), Ok(()));
}

#[test]
fn errors_name_file_line_and_key() {
    for (text, words) in [
        ("epochs = 3\nepoch = 4", ["my.toml", "line 2", "epoch"]),
        ("\n[optimizer]\nrate = 1", ["my.toml", "line 3", "rate"]),
        ("epochs = -1", ["my.toml", "line 1", "epochs"]),
        ("epochs = [", ["my.toml", "line 1", "epochs"]),
        (
            "[schedule]\nname = \"cosinus\"",
            ["my.toml", "line 2", "cosinus"],
        ),
    ] {
        let message = parse(text).unwrap_err().to_string();
        for word in words {
            assert!(message.contains(word), "{text:?}: {message}");
        }
    }
}

#[test]
fn normalises_by_the_numbers_of_a_run() {
    let info = DatasetInfo {
        name: "photos".into(),
        classes: vec!["a".into()],
        channels: 1,
        height: 2,
        width: 2,
        mean: vec![0.5],
        std: vec![0.25],
    };
    let after = |steps: &str| {
        let mut config = parse(steps).unwrap();
        config.normalize_as(&info);
        toml::to_string(&config.augment.last()).unwrap()
    };
    let own = "name = \"normalize\"\nmean = [0.5]\nstd = [0.25]\n";
    assert_eq!(after("[[augment]]\nname = \"random-horizontal-flip\""), own);
    assert_eq!(after("[[augment]]\nname = \"normalize\""), own);
    let given = "name = \"normalize\"\nmean = [0.5]\nstd = [1.0]\n";
    assert_eq!(
        after("[[augment]]\nname = \"normalize\"\nstd = [1.0]"),
        given
    );
    let mut mixed = parse("[[augment]]\nname = \"mixup\"").unwrap();
    mixed.normalize_as(&info);
    let names: Vec<_> = mixed.augment.iter().map(Augment::name).collect();
    assert_eq!(names, ["normalize", "mixup"]);
}

#[test]
fn refuses_impossible_values() {
    for (text, key) in [
        ("epochs = 0", "epochs"),
        ("epochs = 1000001", "epochs"),
        ("batch_size = 0", "batch_size"),
        ("limit = 0", "limit"),
        ("valid = 1.0", "valid"),
        ("valid = -0.1", "valid"),
        ("valid = nan", "valid"),
        ("partial_weights = true", "partial_weights"),
        ("[loader]\nthreads = 0", "loader.threads"),
        ("[loader]\nahead = 65", "loader.ahead"),
        ("[log]\nhistograms = true", "log.histograms"),
        ("[log]\nevery_steps = 0", "log.every_steps"),
        ("[optimizer]\nlr = 0.0", "optimizer.lr"),
        ("[optimizer]\nlr = nan", "optimizer.lr"),
        ("[optimizer]\nlr = inf", "optimizer.lr"),
        ("[optimizer]\nweight_decay = -1.0", "optimizer.weight_decay"),
        ("[optimizer]\nmomentum = 1.0", "optimizer.momentum"),
        (
            "epochs = 2\n[schedule]\nwarmup_epochs = 2.0",
            "schedule.warmup_epochs",
        ),
        ("[schedule]\nmin_lr = 0.06", "schedule.min_lr"),
        ("[schedule]\ngamma = 0.5", "schedule.gamma"),
        ("[schedule]\nname = \"step\"\npower = 2", "schedule.power"),
        (
            "[schedule]\nname = \"multi-step\"\nmilestones = [2, 2]",
            "schedule.milestones",
        ),
        (
            "[schedule]\nname = \"exponential\"\ngamma = 0",
            "schedule.gamma",
        ),
        (
            "[schedule]\nname = \"one-cycle\"\npct_start = nan",
            "schedule.pct_start",
        ),
        (
            "[schedule]\nname = \"plateau\"\nfactor = 1",
            "schedule.factor",
        ),
        ("[loss]\nlabel_smoothing = 1", "loss.label_smoothing"),
        ("[loss]\ngamma = 2", "loss.gamma"),
        ("[loss]\nname = \"focal\"\ngamma = 1e300", "loss.gamma"),
        ("[loss]\nclass_weights = [1e300]", "loss.class_weights"),
        ("[loss]\nclass_weights = [1, 1e-60]", "loss.class_weights"),
        ("[stop]\nminutes = 1e300", "stop.minutes"),
        (
            "[checkpoint]\nevery_minutes = 1e300",
            "checkpoint.every_minutes",
        ),
        ("[schedule]\nmin_lr = 1e-60", "schedule.min_lr"),
        (
            "[schedule]\nname = \"polynomial\"\npower = 1e300",
            "schedule.power",
        ),
        (
            "[schedule]\nwarmup_epochs = 0.0\nwarmup_start = 0.5",
            "schedule.warmup_start",
        ),
        (
            "[schedule]\nname = \"one-cycle\"\nwarmup_start = 0.5",
            "schedule.warmup_start",
        ),
        (
            "[loss]\nname = \"focal\"\nlabel_smoothing = 0.1",
            "loss.label_smoothing",
        ),
        (
            "[loss]\nname = \"mse\"\nclass_weights = \"balanced\"",
            "loss.class_weights",
        ),
        ("[loss]\nclass_weights = [1, 0]", "loss.class_weights"),
    ] {
        match parse(text).unwrap().validate() {
            Err(ConfigError::Value { key: found, .. }) => assert_eq!(found, key),
            other => panic!("{text:?}: {other:?}"),
        }
    }
    assert_eq!(TrainConfig::default().validate(), Ok(()));
    let seed = TrainConfig {
        seed: u64::MAX,
        ..TrainConfig::default()
    };
    assert!(seed.validate().is_err() && seed.to_toml().is_err());
}
