//! Which changes of its configuration a run can go on with.

use std::path::Path;

use data::DatasetInfo;
use toml::{Table, Value};

use crate::{TrainConfig, TrainError, run_dir::RunImages};

/// Keys and tables that may be others: they change how far a run goes, what it writes
/// and scores, or where it computes, and not what a step that is given does.
const HARMLESS: &[&str] = &[
    "epochs",
    "evaluation",
    "valid_every_steps",
    "report_every",
    "stop",
    "checkpoint",
    "log",
    "loader.threads",
    "loader.ahead",
    "data_dir",
    "backend",
    "adapter",
    "threads",
];

/// Compares the configuration that a run goes on with to the one that it was
/// begun with.
///
/// # Errors
/// [`TrainError::OtherConfig`] with every key that has another value.
pub(crate) fn check(run: &Path, was: &TrainConfig, is: &TrainConfig) -> Result<(), TrainError> {
    check_tables(run, table(was)?, table(is)?)
}

/// As [`check`], for settings and sizes that a library user trains with in a folder.
///
/// # Errors
/// [`TrainError::OtherConfig`].
pub(crate) fn check_tables(run: &Path, was: Table, is: Table) -> Result<(), TrainError> {
    let changes = changes_of(was, is, HARMLESS);
    match changes.is_empty() {
        true => Ok(()),
        false => Err(TrainError::OtherConfig {
            run: run.into(),
            changes,
        }),
    }
}

/// The changes that are allowed, and after which the run is not one that had the new
/// values from its beginning.
pub(crate) fn changes_of_course(was: &TrainConfig, is: &TrainConfig) -> Vec<String> {
    let mut warnings = Vec::new();
    if was.epochs != is.epochs && is.schedule.depends_on_epochs() {
        warnings.push(format!(
            "epochs was {} and is {}: from here the learning rate follows the schedule of {} \
             epochs, and the run is not one that had them from its beginning",
            was.epochs, is.epochs, is.epochs
        ));
    }
    if was.backend != is.backend {
        warnings.push(format!(
            "backend was {} and is {}: the same steps, and other bits",
            was.backend, is.backend
        ));
    }
    warnings
}

/// Compares the images that a run goes on with to those that it was begun with.
///
/// # Errors
/// [`TrainError::OtherImages`].
pub(crate) fn check_images(
    run: &Path,
    was: &DatasetInfo,
    is: &DatasetInfo,
) -> Result<(), TrainError> {
    let problem = if was.classes != is.classes {
        let (was, is) = (was.classes.join(", "), is.classes.join(", "));
        Some(format!(
            "the classes of its images were {was}, and are {is}"
        ))
    } else if was != is {
        Some(format!(
            "its images are not those that it was begun with: their mean was {:?}, and is {:?}",
            was.mean, is.mean
        ))
    } else {
        None
    };
    refuse(run, problem)
}

/// As [`check_images`], one by one.
///
/// # Errors
/// [`TrainError::OtherImages`].
pub(crate) fn check_each_image(
    run: &Path,
    was: &RunImages,
    is: &RunImages,
) -> Result<(), TrainError> {
    refuse(run, was.difference(is))
}

fn refuse(run: &Path, problem: Option<String>) -> Result<(), TrainError> {
    match problem {
        None => Ok(()),
        Some(problem) => Err(TrainError::OtherImages {
            run: run.into(),
            problem,
        }),
    }
}

/// A line for each key that has another value, but for the `harmless` keys and tables.
pub(crate) fn changes(
    was: &TrainConfig,
    is: &TrainConfig,
    harmless: &[&str],
) -> Result<Vec<String>, TrainError> {
    Ok(changes_of(table(was)?, table(is)?, harmless))
}

fn changes_of(was: Table, is: Table, harmless: &[&str]) -> Vec<String> {
    let (was, is) = (Value::Table(was), Value::Table(is));
    let mut changes = Vec::new();
    compare("", (&was, &is), harmless, &mut changes);
    changes
}

/// All of it, also what is left out: an earlier Kiln wrote fewer keys.
fn table(config: &TrainConfig) -> Result<Table, TrainError> {
    let mut config = config.clone();
    config.complete();
    let text = config.to_toml()?;
    Ok(text.parse().expect("written as TOML"))
}

fn compare(key: &str, (was, is): (&Value, &Value), harmless: &[&str], changes: &mut Vec<String>) {
    if was == is || harmless.contains(&key) {
        return;
    }
    let below = |name: &str| match key {
        "" => name.to_string(),
        _ => format!("{key}.{name}"),
    };
    let (Value::Table(was), Value::Table(is)) = (was, is) else {
        changes.push(format!("{key} was {was}, and would be {is}"));
        return;
    };
    for (name, value) in was {
        let key = below(name);
        match is.get(name) {
            Some(new) => compare(&key, (value, new), harmless, changes),
            None if harmless.contains(&key.as_str()) => {}
            None => changes.push(format!("{key} was {value}, and would be left out")),
        }
    }
    for (name, value) in is.iter().filter(|(name, _)| !was.contains_key(*name)) {
        let key = below(name);
        if !harmless.contains(&key.as_str()) {
            changes.push(format!("{key} was left out, and would be {value}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(text: &str) -> Vec<String> {
        let was = TrainConfig::default();
        let is = TrainConfig::from_toml(text, Path::new("new.toml")).unwrap();
        match check(Path::new("run"), &was, &is) {
            Ok(()) => Vec::new(),
            Err(TrainError::OtherConfig { changes, .. }) => changes,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn more_epochs_are_harmless() {
        let harmless = "epochs = 99\nbackend = \"flex\"\nthreads = 3\ndata_dir = \"d\"\n\
                        [loader]\nthreads = 1\nahead = 5\n\
                        [stop]\npatience = 3\n[checkpoint]\nkeep_last = 5\n";
        assert_eq!(changes(harmless), [""; 0]);
        assert_eq!(changes(""), [""; 0]);
    }

    #[test]
    fn what_changes_a_step_is_named() {
        let found = changes(
            "seed = 1\nlimit = 5\n[optimizer]\nmomentum = 0.5\n[loader]\ndrop_last = true\n",
        );
        assert_eq!(
            found,
            [
                "loader.drop_last was false, and would be true",
                "optimizer.momentum was 0.9, and would be 0.5",
                "seed was 42, and would be 1",
                "limit was left out, and would be 5",
            ]
        );
        assert_eq!(changes("augment = []").len(), 1);
    }
}
