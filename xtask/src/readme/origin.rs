//! Where figures come from, as a sentence has it.

use crate::numbers::listed;

/// The different ones, in order.
pub fn distinct(values: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut found = Vec::new();
    for value in values {
        if !value.is_empty() && !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

/// The versions of a package, without what was built into it: `2.15.0` of `2.15.0+cu132`.
pub fn versions(all: impl IntoIterator<Item = String>) -> String {
    let plain = |version: String| version.split('+').next().unwrap_or_default().to_string();
    listed(&distinct(all.into_iter().map(plain)))
}

/// Kiln's versions, each with the commit it was built from, or with their number if they are
/// many: `0.1.0 (d751be2)`, `0.1.0 (9 commits)`.
pub fn kilns(all: impl IntoIterator<Item = String>) -> String {
    let all = distinct(all);
    let plain = |kiln: &String| kiln.split(" (").next().unwrap_or_default().to_string();
    let versions = distinct(all.iter().map(plain));
    let shown = versions.into_iter().flat_map(|version| {
        let of: Vec<String> = all
            .iter()
            .filter(|kiln| plain(kiln) == version)
            .cloned()
            .collect();
        match of.len() {
            1 | 2 => of,
            many => vec![format!("{version} ({many} commits)")],
        }
    });
    listed(&shown.collect::<Vec<_>>())
}

/// `2026-03-14`, or the first and the last day.
pub fn dates(dates: impl IntoIterator<Item = String>) -> String {
    let mut dates = distinct(dates);
    dates.sort();
    match dates.as_slice() {
        [first, .., last] => format!("{first} to {last}"),
        one => listed(one),
    }
}

/// `Intel(R) Xeon(R) Processor, 2 cores`.
pub fn machine(cpu: &str, cores: usize) -> String {
    let plural = if cores == 1 { "" } else { "s" };
    format!("{cpu}, {cores} core{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_machines() {
        let days = ["2026-03-15", "2026-03-14", "2026-03-15"].map(String::from);
        assert_eq!(dates(days.clone()), "2026-03-14 to 2026-03-15");
        assert_eq!(dates([days[0].clone()]), "2026-03-15");
        let builds = ["2.15.0+cu132", "", "2.15.0+cpu"].map(String::from);
        assert_eq!(versions(builds), "2.15.0");
        let builds = ["0.1.0 (a)", "0.1.0 (b)", "0.1.0 (a)", "0.2.0"].map(String::from);
        assert_eq!(kilns(builds), "0.1.0 (a), 0.1.0 (b) and 0.2.0");
        let builds = ["0.1.0 (a)", "0.2.0 (d)", "0.1.0 (b)", "0.1.0 (c)"].map(String::from);
        assert_eq!(kilns(builds), "0.1.0 (3 commits) and 0.2.0 (d)");
        assert_eq!(machine("A", 1), "A, 1 core");
        assert_eq!(
            distinct(["a", "", "b", "a"].map(String::from)),
            ["a", "b"].map(String::from)
        );
    }
}
