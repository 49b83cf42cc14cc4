//! Schedules against PyTorch's: tests/golden/schedules.py made the numbers.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Case {
    name: String,
    /// The table `[schedule]`.
    config: ScheduleConfig,
    peak: f64,
    epochs: usize,
    updates_per_epoch: usize,
    /// For plateau: the validation loss of each epoch.
    #[serde(default)]
    losses: Vec<f64>,
    /// The rate of each update.
    rates: Vec<f64>,
}

fn golden() -> Vec<Case> {
    serde_json::from_str(include_str!("../../tests/golden/schedules.json"))
        .expect("the golden rates")
}

/// The rates of a run, the state being saved and restored after each epoch.
fn rates(case: &Case) -> Vec<f64> {
    let new = || Schedule::new(&case.config, case.peak, case.epochs, case.updates_per_epoch);
    let mut schedule = new();
    let mut rates = Vec::new();
    for epoch in 0..case.epochs {
        let first = epoch * case.updates_per_epoch;
        rates.extend((first..first + case.updates_per_epoch).map(|update| schedule.lr(update)));
        if let Some(&loss) = case.losses.get(epoch) {
            schedule.epoch_done(loss);
        }
        let state = serde_json::to_string(&schedule.state()).expect("plain values");
        let mut resumed = new();
        resumed.restore(serde_json::from_str(&state).expect("the state comes back"));
        assert_eq!(resumed, schedule, "{}: {state}", case.name);
        schedule = resumed;
    }
    rates
}

#[test]
fn rates_are_pytorchs() {
    let cases = golden();
    let mut names: Vec<_> = cases.iter().map(|case| case.config.name.name()).collect();
    names.dedup();
    assert_eq!(names.len(), 9, "each schedule: {names:?}");
    for case in cases {
        let rates = rates(&case);
        assert_eq!(rates.len(), case.rates.len(), "{}", case.name);
        for (update, (rate, expected)) in rates.iter().zip(&case.rates).enumerate() {
            let difference = (rate - expected).abs();
            assert!(
                difference <= 1e-6 * expected,
                "{}, update {update}: {rate} {expected}",
                case.name
            );
        }
    }
}

fn configured(text: &str) -> ScheduleConfig {
    toml::from_str(text).expect("a schedule")
}

#[test]
fn warmup_rises_to_the_peak() {
    let rates = |name: &str| -> Vec<f64> {
        let config = configured(&format!("name = {name:?}\nwarmup_epochs = 1.0"));
        let schedule = Schedule::new(&config, 2.0, 2, 4);
        (0..8).map(|update| schedule.lr(update)).collect()
    };
    assert_eq!(rates("constant"), [0.5, 1.0, 1.5, 2.0, 2.0, 2.0, 2.0, 2.0]);
    let cosine = rates("cosine");
    assert_eq!((cosine[3], cosine[4]), (2.0, 2.0));
    assert!(
        (cosine[6] - 1.0).abs() < 1e-12,
        "half of the way down: {cosine:?}"
    );
}

#[test]
fn warmup_of_one_cycle_rises_to_its_first_rate() {
    let config = configured("name = \"one-cycle\"\nwarmup_epochs = 1.0\nwarmup_start = 0.0");
    let schedule = Schedule::new(&config, 25.0, 4, 4);
    let rates: Vec<f64> = (0..5).map(|update| schedule.lr(update)).collect();
    assert_eq!(rates, [0.0, 0.25, 0.5, 0.75, 1.0]);
}

#[test]
fn rates_of_the_shortest_runs_are_numbers() {
    for name in ["constant", "step", "multi-step", "exponential", "cosine"]
        .into_iter()
        .chain(["one-cycle", "linear", "polynomial", "plateau"])
    {
        for more in ["", "warmup_epochs = 0.0", "warmup_epochs = 0.99"] {
            let config = configured(&format!("name = {name:?}\n{more}"));
            for (epochs, updates) in [(1, 1), (1, 2), (2, 1), (1, 3)] {
                let schedule = Schedule::new(&config, 0.5, epochs, updates);
                for update in 0..epochs * updates {
                    let rate = schedule.lr(update);
                    assert!((0.0..=0.5).contains(&rate), "{name} {more}: {rate}");
                }
            }
        }
    }
    let edges = ["pct_start = 0.0", "pct_start = 1.0", "pct_start = 0.5"];
    for edge in edges {
        let config = configured(&format!("name = \"one-cycle\"\n{edge}"));
        for updates in 1..5 {
            let schedule = Schedule::new(&config, 0.5, 1, updates);
            for update in 0..updates {
                let rate = schedule.lr(update);
                assert!(rate > 0.0 && rate <= 0.5, "{edge}, {update}: {rate}");
            }
        }
    }
}

#[test]
fn a_step_for_every_update_is_found_at_once() {
    let config = configured("name = \"step\"\nstep_epochs = 1e-9\ngamma = 1.0");
    let updates = 300_000;
    let schedule = Schedule::new(&config, 0.5, 1, updates);
    let start = std::time::Instant::now();
    assert!((0..updates).all(|update| schedule.lr(update) <= 0.5));
    // One after the other, 45 billion comparisons.
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn a_loss_that_is_no_number_is_not_better() {
    let config = configured("name = \"plateau\"\npatience = 0\nwarmup_epochs = 0.0");
    let mut schedule = Schedule::new(&config, 1.0, 3, 1);
    schedule.epoch_done(2.0);
    assert_eq!(schedule.lr(1), 1.0);
    schedule.epoch_done(f64::NAN);
    assert!((schedule.lr(2) - 0.1).abs() < 1e-12);
}
