//! `assets/results/references.toml`: what each recipe is held to.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, ensure};
use serde::Deserialize;

/// A recipe, and the accuracy that it is to reach.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    pub name: String,
    pub what: String,
    /// Test accuracy in per cent.
    pub reference: Option<f64>,
    /// It is to be met by so many points, not to be beaten.
    pub within: Option<f64>,
    #[serde(default)]
    pub source: String,
    #[serde(default = "three")]
    pub seeds: Vec<u64>,
    #[serde(default = "yes")]
    pub run_here: bool,
    /// Why it misses the reference, if it does.
    pub note: Option<String>,
}

fn three() -> Vec<u64> {
    vec![1, 2, 3]
}

fn yes() -> bool {
    true
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct References {
    #[serde(rename = "recipe")]
    pub recipes: Vec<Reference>,
    /// What is to be said of images that are not the published ones, by data set.
    #[serde(default)]
    pub dataset_notes: BTreeMap<String, String>,
}

impl Reference {
    /// Whether a mean, in per cent, is what it is to be; `None` without a reference.
    pub fn is_met_by(&self, mean: f64) -> Option<bool> {
        // A mean of 98.0 is no less than 98.0, however it is rounded in binary.
        const ROUNDING: f64 = 1e-9;
        let reference = self.reference?;
        Some(match self.within {
            Some(points) => (mean - reference).abs() <= points + ROUNDING,
            None => mean >= reference - ROUNDING,
        })
    }
}

/// All of them, in the order of the file.
///
/// # Errors
/// If it cannot be read, or what stands there cannot be.
pub fn read(path: &Path) -> anyhow::Result<References> {
    let shown = || format!("{}", path.display());
    let text = fs::read_to_string(path).with_context(shown)?;
    parse(&text).with_context(shown)
}

fn parse(text: &str) -> anyhow::Result<References> {
    let file: References = toml::from_str(text)?;
    for (at, of) in file.recipes.iter().enumerate() {
        let twice = file.recipes[..at].iter().any(|other| other.name == of.name);
        let name = &of.name;
        ensure!(!twice, "{name} stands there twice");
        ensure!(!of.seeds.is_empty(), "{name} has no seeds");
        let per_cent = of.reference.unwrap_or(0.0);
        ensure!(
            (0.0..=100.0).contains(&per_cent) && !(per_cent > 0.0 && per_cent <= 1.0),
            "{name}: a reference of {per_cent}; it is a test accuracy in per cent, such as 98.0"
        );
        ensure!(
            of.reference.is_none() || !of.source.is_empty(),
            "{name} has a reference without its source"
        );
        ensure!(
            of.within.is_none_or(|points| points >= 0.0)
                && (of.within.is_none() || of.reference.is_some()),
            "{name}: `within` is a number of points around the reference"
        );
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn problem(text: &str) -> String {
        format!("{:#}", parse(text).unwrap_err())
    }

    #[test]
    fn a_reference_has_defaults_and_is_checked() {
        let of = &parse("[[recipe]]\nname = \"a\"\nwhat = \"b\"\n")
            .unwrap()
            .recipes[0];
        assert_eq!((of.seeds.as_slice(), of.run_here), (&[1, 2, 3][..], true));
        assert_eq!(of.is_met_by(50.0), None);

        let recipe = "[[recipe]]\nname = \"a\"\nwhat = \"b\"\n";
        assert!(problem(&format!("{recipe}{recipe}")).contains("a stands there twice"));
        assert!(problem(&format!("{recipe}reference = 0.98\nsource = \"c\"")).contains("0.98"));
        assert!(problem(&format!("{recipe}reference = 98.0")).contains("source"));
        assert!(problem(&format!("{recipe}seeds = []")).contains("no seeds"));
        assert!(problem(&format!("{recipe}within = 1.0")).contains("within"));
        assert!(problem(&format!("{recipe}referense = 1.0")).contains("referense"));
    }

    #[test]
    fn references_are_beaten_or_met() {
        let recipe = "[[recipe]]\nname = \"a\"\nwhat = \"b\"\nsource = \"c\"\nreference = 98.0\n";
        let beaten = &parse(recipe).unwrap().recipes[0];
        assert_eq!(
            [97.99, 98.0, 99.0].map(|mean| beaten.is_met_by(mean)),
            [Some(false), Some(true), Some(true)]
        );
        let met = &parse(&format!("{recipe}within = 0.5")).unwrap().recipes[0];
        assert_eq!(
            [97.4, 98.5, 98.6].map(|mean| met.is_met_by(mean)),
            [Some(false), Some(true), Some(false)]
        );
    }

    #[test]
    fn every_recipe_has_its_line() {
        let assets = crate::root().join("assets");
        let listed = read(&assets.join("results/references.toml")).unwrap();
        let listed: BTreeSet<String> = listed.recipes.into_iter().map(|of| of.name).collect();
        for file in assets.join("recipes").read_dir().unwrap() {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(
                listed.contains(name),
                "{name}: add it to assets/results/references.toml"
            );
        }
    }
}
