//! A recipe, as far as the chores know it.

use std::{fs, path::Path};

use anyhow::Context;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A file of `assets/recipes`.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    pub name: String,
    pub dataset: String,
    /// See [`digest`].
    pub sha256: String,
}

#[derive(Deserialize)]
struct File {
    dataset: String,
}

impl Recipe {
    /// The recipe of that name in a folder; `None` if there is no such file.
    ///
    /// # Errors
    /// If it cannot be read, or is no recipe.
    pub fn read(folder: &Path, name: &str) -> anyhow::Result<Option<Self>> {
        let path = folder.join(format!("{name}.toml"));
        if !path.exists() {
            return Ok(None);
        }
        let shown = || path.display().to_string();
        let text = fs::read_to_string(&path).with_context(shown)?;
        Self::parse(name, &text).with_context(shown).map(Some)
    }

    /// Of its text.
    ///
    /// # Errors
    /// If it names no data set.
    pub fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let File { dataset } = toml::from_str(text)?;
        Ok(Self {
            name: name.into(),
            dataset,
            sha256: digest(text),
        })
    }
}

/// The SHA-256 of the lines that say something: what a recipe reaches stands in its comments,
/// and is written there after it was measured.
fn digest(text: &str) -> String {
    let mut sha256 = Sha256::new();
    let lines = text.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        sha256.update(line);
        sha256.update("\n");
    }
    format!("{:x}", sha256.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_do_not_make_another_recipe() {
        let recipe = |text: &str| Recipe::parse("mine", text).unwrap();
        let before = recipe("# Mine\n# Not measured yet.\ndataset = \"mnist\"\nepochs = 2\n");
        let after = recipe("# Mine\n# 98 %\ndataset = \"mnist\"\n\nepochs = 2");
        assert_eq!(before, after);
        let other = recipe("# Mine\n# 98 %\ndataset = \"mnist\"\nepochs = 3\n");
        assert_ne!(before.sha256, other.sha256);
        assert_eq!(other.dataset, "mnist");
        assert!(Recipe::parse("mine", "epochs = 2").is_err());
    }
}
