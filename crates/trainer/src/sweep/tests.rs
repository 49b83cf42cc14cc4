use super::*;

fn names(text: &str) -> Vec<String> {
    let sweep = Sweep::from_toml(text, "my.toml").unwrap();
    sweep.trials.iter().map(Trial::name).collect()
}

#[test]
fn a_grid_is_every_combination_in_the_order_of_the_file() {
    let expected = [
        "optimizer.lr=0.1 batch_size=32",
        "optimizer.lr=0.1 batch_size=64",
        "optimizer.lr=0.05 batch_size=32",
        "optimizer.lr=0.05 batch_size=64",
    ];
    for grid in [
        "[grid]\n\"optimizer.lr\" = [0.1, 0.05]\nbatch_size = [32, 64]",
        "[grid]\noptimizer.lr = [0.1, 0.05]\nbatch_size = [32, 64]",
        "grid = { optimizer = { lr = [0.1, 0.05] }, batch_size = [32, 64] }",
    ] {
        assert_eq!(names(grid), expected, "{grid}");
    }
    // Values that are no plain ones are values all the same.
    let steps = "[grid]\naugment = [[], [{ name = \"random-horizontal-flip\" }]]\n\
                 model = [\"mlp\", \"lenet5\"]";
    assert_eq!(names(steps).len(), 4);
    assert_eq!(names(steps)[1], "augment=[] model=lenet5");
}

#[test]
fn the_settings_go_over_recipe_and_configuration() {
    let sweep = Sweep::from_toml(
        "recipe = \"mlp-mnist\"\nseeds = [3, 1]\n[config]\nepochs = 2\noptimizer.lr = 1.0\n\
         [grid]\noptimizer.lr = [0.25]\n",
        "my.toml",
    );
    let sweep = sweep.unwrap();
    assert_eq!((sweep.runs(), sweep.seeds()), (2, &[3, 1][..]));
    let layers = sweep.layers(&sweep.trials[0]).unwrap();
    let config = sweep.config_of(&layers, 3).unwrap();
    assert_eq!((config.epochs, config.optimizer.lr), (2, Some(0.25)));
    assert_eq!((&*config.model, config.seed), ("mlp", 3));
    // Without a list, the seed of the configuration.
    let own = Sweep::from_toml("config.seed = 9\ngrid.epochs = [1]", "my.toml").unwrap();
    assert_eq!(own.seeds(), [9]);
}

#[test]
fn more_random_trials_leave_the_earlier_ones() {
    let random = |trials: usize, seed: u64| {
        names(&format!(
            "[random]\ntrials = {trials}\nseed = {seed}\n\
             optimizer.lr = {{ log_uniform = [1e-4, 1e-1] }}\n\
             optimizer.momentum = {{ uniform = [0, 0.99] }}\n\
             batch_size = {{ int = [16, 128] }}\nmodel = {{ choice = [\"mlp\", \"lenet5\"] }}"
        ))
    };
    let few = random(5, 1);
    assert_eq!(few, random(20, 1)[..5]);
    assert_ne!(few, random(5, 2));
    // A small space is found whole, with nothing twice.
    let mut small = names("[random]\ntrials = 3\nepochs = { int = [1, 3] }");
    small.sort();
    assert_eq!(small, ["epochs=1", "epochs=2", "epochs=3"]);
}

#[test]
fn what_cannot_be_is_named_with_its_line() {
    for (text, words) in [
        (
            "",
            "my.toml: there is nothing to try: it needs a table `grid` or `random`",
        ),
        (
            "seed = 1\n[grid]\nepochs = [1]",
            "my.toml: line 1: there is no key `seed` (did you mean `seeds`?)",
        ),
        (
            "\nrecipe = 1\n[grid]\nepochs = [1]",
            "my.toml: line 2: recipe: it must be a name",
        ),
        (
            "recipe = \"mlp-mnis\"\n[grid]\nepochs = [1]",
            "there is no recipe `mlp-mnis` (did you mean `mlp-mnist`?)",
        ),
        (
            "seeds = []\n[grid]\nepochs = [1]",
            "my.toml: line 1: seeds: it must be a list of different",
        ),
        (
            "seeds = [1, 1]\n[grid]\nepochs = [1]",
            "my.toml: line 1: seeds: it must be a list of different",
        ),
        (
            "[config]\nepoch = 1\n[grid]\nepochs = [1]",
            "my.toml: line 2: there is no key `epoch` (did you mean `epochs`?)",
        ),
        (
            "[config]\nbatch_size = 0\n[grid]\nepochs = [1]",
            "my.toml, line 2: batch_size = 0",
        ),
        ("[grid]", "my.toml: line 1: grid: there is no key in it"),
        ("grid = 1", "my.toml: line 1: grid: it must be a table"),
        (
            "[grid]\nepochs = 1",
            "my.toml: line 2: it must be a list of values",
        ),
        (
            "[grid]\nthreads = [1, 2]",
            "my.toml: line 2: threads: a process starts its threads once",
        ),
        (
            "[grid]\nepochs = []",
            "my.toml: line 2: epochs: the list is empty",
        ),
        (
            "[grid]\nepochs = [1, 2, 1]",
            "my.toml: line 2: epochs: 1 is there twice",
        ),
        (
            "[grid]\nepochs = [1]\n\noptimizer.lrr = [1]",
            "my.toml, line 4: optimizer: there is no key `lrr` (did you mean `lr`?)",
        ),
        (
            "[grid]\noptimizer.lr = [0.1, -1]",
            "my.toml, line 2: optimizer.lr = -1: ",
        ),
        (
            "[grid]\noptimizer.lr = [0.1, \"fast\"]",
            "my.toml, line 2: optimizer: lr = \"fast\": it must be a number",
        ),
        (
            "[grid]\n\"optimizer lr\" = [0.1]",
            "my.toml, line 2: `optimizer lr` is no key",
        ),
        (
            "[grid]\nseed = [1, 2]",
            "my.toml: line 2: seed: the seeds of the runs are a list",
        ),
        (
            "[grid]\n\"optimizer.lr\" = [1]\noptimizer = [{}]",
            "my.toml: line 3: optimizer: it is given as `optimizer.lr` on line 2 already",
        ),
        (
            "[grid]\nepochs = [1]\n[random]\ntrials = 1",
            "my.toml: line 3: there is a table `grid` as well",
        ),
        (
            "[random]\nepochs = { int = [1, 2] }",
            "my.toml: line 1: random: `trials` is missing",
        ),
        (
            "[random]\ntrials = 0\nepochs = { int = [1, 2] }",
            "my.toml: line 2: trials: it must be a whole number of at least 1",
        ),
        (
            "[random]\ntrials = 3\nepochs = { int = [1, 2] }",
            "my.toml: line 1: random: trials = 3: only 2 different ones",
        ),
        (
            "[random]\ntrials = 3\nepochs = [1, 2]",
            "my.toml: line 3: epochs: it must say what is drawn: ",
        ),
        (
            "[random]\ntrials = 3\nepochs = { ints = [1, 2] }",
            "my.toml: line 3: epochs: it must be one of ",
        ),
        (
            "[random]\ntrials = 3\nepochs = { int = [1, 2], choice = [1] }",
            "my.toml: line 3: epochs: it must be just one of ",
        ),
        (
            "[random]\ntrials = 3\nepochs = { int = [2, 1] }",
            "my.toml: line 3: epochs: int must be a list of two whole numbers",
        ),
        (
            "[random]\ntrials = 3\noptimizer.lr = { log_uniform = [0, 1] }",
            "my.toml: line 3: lr: log_uniform must be a list of two numbers above 0",
        ),
        (
            "[random]\ntrials = 3\noptimizer.lr = { uniform = [-2.0, -1.0] }",
            "my.toml, line 3: optimizer.lr = -1.",
        ),
        ("[grid", "my.toml: "),
    ] {
        let error = Sweep::from_toml(text, "my.toml").unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with(words),
            "{text:?}: {message}\nis not\n{words}"
        );
        assert!(error.is_usage(), "{text:?}");
    }
}

fn record(text: &str) -> SweepRecord {
    let sweep = Sweep::from_toml(text, "my.toml").unwrap();
    let base = TrainConfig::from_layers(&sweep.base).unwrap();
    SweepRecord::new(&sweep, &base).unwrap()
}

#[test]
fn a_sweep_goes_on_with_more_and_with_nothing_else() {
    let was = "seeds = [1, 2]\n[config]\nepochs = 2\n[grid]\noptimizer.lr = [0.1, 0.01]";
    let extended = |is: &str| record(was).extended(record(is), Path::new("folder"));
    let more = extended(
        "seeds = [2, 1, 3]\n[config]\nepochs = 2\nseed = 5\ndata_dir = \"there\"\n\
         [grid]\noptimizer.lr = [0.5, 0.01, 0.1]",
    );
    let more = more.unwrap();
    let trials: Vec<_> = more.trials.iter().map(|t| (t.trial, &*t.name)).collect();
    let expected = [
        (1, "optimizer.lr=0.1"),
        (2, "optimizer.lr=0.01"),
        (3, "optimizer.lr=0.5"),
    ];
    assert_eq!(trials, expected, "what was there keeps its number");
    assert_eq!(more.seeds, [2, 1, 3]);
    for (is, change) in [
        (
            was.replace("0.1, ", ""),
            "optimizer.lr=0.1 would be left out",
        ),
        (was.replace("1, 2", "1"), "seed 2 would be left out"),
        (
            was.replace("epochs = 2", "epochs = 3"),
            "epochs was 2, and would be 3",
        ),
        (
            was.to_string() + "\nbatch_size = [32]",
            "the keys were optimizer.lr, and would be optimizer.lr, batch_size",
        ),
    ] {
        match extended(&is) {
            Err(TrainError::Sweep(SweepError::Changed { changes, .. })) => {
                assert_eq!(changes, [change]);
            }
            other => panic!("{other:?}"),
        }
    }
}

fn run(trial: usize, seed: u64, status: RunStatus, valid: f64, test: f64) -> SweptRun {
    let scores = |accuracy| crate::Scores {
        loss: 1.0 - accuracy,
        accuracy,
    };
    let done = status == RunStatus::Done;
    SweptRun {
        trial,
        seed,
        run: format!("trial-{trial}").into(),
        status,
        ended_by: None,
        epochs: 3,
        best_epoch: done.then_some(2),
        valid: done.then(|| scores(valid)),
        test: done.then(|| scores(test)),
        seconds: 1.5,
        problem: None,
    }
}

#[test]
fn trials_are_ranked_by_validation() {
    use RunStatus::{Diverged, Done, Interrupted};
    let mut record = record("seeds = [1, 2]\n[grid]\noptimizer.lr = [0.1, 0.2, 0.3, 0.4, 0.5]");
    for (trial, seed, status, valid, test) in [
        (1, 1, Done, 0.80, 0.99),
        (2, 1, Done, 0.90, 0.70),
        (3, 1, Done, 0.99, 0.99),
        (4, 1, Diverged, 0.0, 0.0),
        (5, 1, Interrupted, 0.0, 0.0),
        (1, 2, Done, 0.84, 0.97),
        (2, 2, Done, 0.90, 0.74),
        (3, 2, Diverged, 0.0, 0.0),
    ] {
        record.put(run(trial, seed, status, valid, test));
    }
    assert_eq!(record.over(), 7);
    let ranking = record.ranking();
    let order: Vec<usize> = ranking.iter().map(|ranked| ranked.trial.trial).collect();
    assert_eq!(order, [2, 1, 3, 4, 5]);
    let of_first = ranking[1].valid_accuracy.unwrap();
    assert!((of_first.mean - 0.82).abs() < 1e-12 && of_first.n == 2);
    // statistics.stdev([0.80, 0.84])
    assert!((of_first.std.unwrap() - 0.028284271247461874).abs() < 1e-12);
    let expected = "\
trial  optimizer.lr  valid accuracy      test accuracy       s/run  diverged
2      0.2           90.00 ± 0.00 % (2)  72.00 ± 2.83 % (2)  1.5    0
1      0.1           82.00 ± 2.83 % (2)  98.00 ± 1.41 % (2)  1.5    0
3      0.3           99.00 % (1)         99.00 % (1)         1.5    1
4      0.4           -                   -                   -      1
5      0.5           -                   -                   -      0
";
    assert_eq!(record.table(), expected);
}
