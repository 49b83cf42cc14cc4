//! Where measurements go. `assets/bench` has the set that the README quotes, and nothing else.

use std::path::{Path, PathBuf};

/// The file for measurements: `out`, or else the one of that name in `assets/bench`; with
/// flags by which they are another set than the README's, in `target/bench`.
pub fn file(out: Option<&Path>, name: &str, flags: &[&str]) -> PathBuf {
    match (out, flags) {
        (Some(out), _) => out.into(),
        (None, []) => crate::root().join("assets/bench").join(name),
        (None, _) => crate::root().join("target/bench").join(name),
    }
}

/// What there is to say of such a file.
pub fn note(out: Option<&Path>, flags: &[&str]) -> Option<String> {
    (out.is_none() && !flags.is_empty()).then(|| {
        format!(
            "({}: not the set that the README quotes, so assets/bench stays as it is)",
            flags.join(", ")
        )
    })
}

/// Those of the flags that are given.
pub fn given<const N: usize>(flags: [(&'static str, bool); N]) -> Vec<&'static str> {
    let given = flags.into_iter().filter(|(_, given)| *given);
    given.map(|(flag, _)| flag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_readmes_set_goes_to_the_assets() {
        assert!(file(None, "train.csv", &[]).ends_with("assets/bench/train.csv"));
        let flags = given([("--models", true), ("--steps", false)]);
        assert!(file(None, "train.csv", &flags).ends_with("target/bench/train.csv"));
        let told = note(None, &flags).unwrap();
        assert!(
            told.contains("--models:") && told.contains("assets/bench"),
            "{told}"
        );
        let out = Path::new("mine.csv");
        assert_eq!(file(Some(out), "train.csv", &flags), out);
        assert_eq!(note(Some(out), &flags), None);
        assert_eq!(note(None, &[]), None);
    }
}
