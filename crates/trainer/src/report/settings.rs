//! The configuration, key by key, beside the defaults or other runs.

use serde::Serialize;
use toml::{Table, Value};

use super::source::{Part, Source};
use crate::TrainConfig;

/// The configurations of runs, in groups.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Settings {
    groups: Vec<Group>,
    /// Keys with a mark.
    marked: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Group {
    name: String,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    key: String,
    /// Of each run, where it has the key.
    values: Vec<Option<String>>,
    /// Of one run: it is not the default. Of several: they differ.
    marked: bool,
    /// The default, of one run.
    default: Option<String>,
}

/// A group, a key in it, and the value as TOML.
type Setting = (String, String, String);

/// The group of the keys that are in no table.
const TOP: &str = "run";

/// They say where a run computes and where its images lie, not what it does.
const PLACES: [&str; 3] = ["data_dir", "backend", "threads"];

impl Settings {
    /// Of one run, with marks where it is not as by default.
    pub fn of(source: &Source) -> Part<Self> {
        let own = flat(source.table.as_ref().map_err(String::clone)?);
        let mut config = TrainConfig::default();
        config.complete();
        let defaults = Table::try_from(&config).map_err(|e| e.to_string())?;
        let defaults = flat(&defaults);
        Ok(Self::grouped(&[&own], |group, key, values| {
            let default = find(&defaults, group, key);
            let place = group == TOP && PLACES.contains(&key);
            (values[0] != default && !place, default)
        }))
    }

    /// Of several runs, with marks where they differ. A run without one has no values.
    pub fn compared(sources: &[Source]) -> Self {
        let all: Vec<Vec<Setting>> = sources
            .iter()
            .map(|source| source.table.as_ref().map(flat).unwrap_or_default())
            .collect();
        let all: Vec<&Vec<Setting>> = all.iter().collect();
        Self::grouped(&all, |_, _, values| {
            (values.iter().any(|value| *value != values[0]), None)
        })
    }

    /// `mark` gives for a group, a key and its values whether it is marked, and its
    /// default.
    fn grouped(
        all: &[&Vec<Setting>],
        mark: impl Fn(&str, &str, &[Option<String>]) -> (bool, Option<String>),
    ) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for (group, key, _) in all.iter().copied().flatten() {
            let at = groups.iter().position(|known| known.name == *group);
            let at = at.unwrap_or_else(|| {
                groups.push(Group {
                    name: group.clone(),
                    rows: Vec::new(),
                });
                groups.len() - 1
            });
            if groups[at].rows.iter().any(|row| row.key == *key) {
                continue;
            }
            let values: Vec<_> = all.iter().map(|run| find(run, group, key)).collect();
            let (marked, default) = mark(group, key, &values);
            groups[at].rows.push(Row {
                key: key.clone(),
                values,
                marked,
                default,
            });
        }
        let rows = groups.iter().flat_map(|group| &group.rows);
        Self {
            marked: rows.filter(|row| row.marked).count(),
            groups,
        }
    }
}

/// The keys in which the configurations of runs differ, with the value of each run.
pub(super) fn differences(sources: &[Source]) -> Vec<(String, Vec<Option<String>>)> {
    let Settings { groups, .. } = Settings::compared(sources);
    let of_group = |group: Group| {
        let rows = group.rows.into_iter().filter(|row| row.marked);
        rows.map(move |row| {
            let key = match group.name.as_str() {
                TOP => row.key,
                table => format!("{table}.{}", row.key),
            };
            (key, row.values)
        })
    };
    groups.into_iter().flat_map(of_group).collect()
}

fn find(settings: &[Setting], group: &str, key: &str) -> Option<String> {
    let found = settings.iter().find(|(g, k, _)| g == group && k == key);
    found.map(|(_, _, value)| value.clone())
}

/// The keys of a configuration: those of no table first, then table by table; the steps
/// of a list of tables by their numbers, and what is deeper in one line.
fn flat(table: &Table) -> Vec<Setting> {
    let mut top = Vec::new();
    let mut rest = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => rest.extend(
                inner
                    .iter()
                    .map(|(key, value)| (name.clone(), key.clone(), value.to_string())),
            ),
            Value::Array(steps) if steps.iter().any(Value::is_table) => {
                let steps = steps.iter().enumerate();
                rest.extend(steps.map(|(at, step)| {
                    (name.clone(), format!("step {}", at + 1), step.to_string())
                }));
            }
            value => top.push((TOP.to_string(), name.clone(), value.to_string())),
        }
    }
    top.extend(rest);
    top
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_become_groups_and_steps_rows() {
        let text = "seed = 1\n[[augment]]\nname = \"random-crop\"\npadding = 2\n\
            [optimizer]\nlr = 0.05\nfreeze = [\"a\", \"b\"]\n[network.init.conv]\nname = \"x\"\n";
        let found = flat(&text.parse().unwrap());
        let found: Vec<String> = found
            .iter()
            .map(|(group, key, value)| format!("{group}/{key}={value}"))
            .collect();
        assert_eq!(
            found,
            [
                "run/seed=1",
                "augment/step 1={ name = \"random-crop\", padding = 2 }",
                "network/init={ conv = { name = \"x\" } }",
                "optimizer/freeze=[\"a\", \"b\"]",
                "optimizer/lr=0.05",
            ]
        );
    }

    #[test]
    fn keys_that_differ_are_marked() {
        let [a, b] = [
            "seed = 1\nepochs = 3\n",
            "seed = 1\nepochs = 4\nvalid = 0.1\n",
        ]
        .map(|text| flat(&text.parse().unwrap()));
        let found = Settings::grouped(&[&a, &b], |_, _, values| (values[0] != values[1], None));
        let rows = found.groups[0].rows.iter();
        let marked: Vec<_> = rows.filter(|row| row.marked).map(|row| &row.key).collect();
        assert_eq!(marked, ["epochs", "valid"]);
        assert_eq!(found.marked, 2);
        assert_eq!(found.groups[0].rows[2].values, [None, Some("0.1".into())]);
    }
}
