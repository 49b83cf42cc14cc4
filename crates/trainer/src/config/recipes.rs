//! The recipes of `assets/recipes`, which are part of the program.

use super::{Layer, TrainConfig};
use crate::TrainError;

/// A configuration with a name, that comes with the program. Its file begins with
/// a comment: a line that is its title, then what it reaches and how that was
/// measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipe {
    name: &'static str,
    text: &'static str,
}

/// The one list of recipes; a test holds it against the folder.
macro_rules! recipes {
    ($($name:literal),+ $(,)?) => {
        &[$(Recipe {
            name: $name,
            text: include_str!(concat!("../../../../assets/recipes/", $name, ".toml")),
        }),+]
    };
}

const RECIPES: &[Recipe] = recipes![
    "lenet5-mnist-mini",
    "mlp-mnist",
    "convnet-mnist",
    "convnet-mnist-stuck",
    "lenet-sigmoid-mnist",
    "cnn2-mnist",
    "resnet-mnist",
    "lenet5-mnist",
    "lenet-small-fashion",
    "lenet-fashion",
    "alexnet-fashion",
    "vgg-fashion",
    "nin-fashion",
    "googlenet-fashion",
    "resnet18-fashion",
    "trashnet-cifar10",
    "resnet9-cifar10",
    "resnet20-cifar10",
    "airbench94",
    "resnet18-cifar10",
    "vgg16-bn-cifar10",
];

impl Recipe {
    /// All of them, simple ones first.
    #[must_use]
    pub fn all() -> &'static [Self] {
        RECIPES
    }

    /// The recipe of that name.
    ///
    /// # Errors
    /// [`TrainError::Unknown`].
    pub fn find(name: &str) -> Result<&'static Self, TrainError> {
        let found = RECIPES.iter().find(|recipe| recipe.name == name);
        found.ok_or_else(|| TrainError::Unknown {
            what: "recipe",
            name: name.into(),
            known: RECIPES.iter().map(|recipe| recipe.name).collect(),
        })
    }

    /// The name, which is that of the file without its end.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it is, on one line.
    #[must_use]
    pub fn title(&self) -> &'static str {
        let first = self.text.lines().next().unwrap_or_default();
        first.trim_start_matches('#').trim()
    }

    /// The file, comments and all.
    #[must_use]
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// Itself, as what other layers go over; in errors `recipe NAME`.
    #[must_use]
    pub fn layer(&self) -> Layer {
        Layer::text(format!("recipe {}", self.name), self.text)
    }

    /// The configuration that it is.
    ///
    /// # Errors
    /// [`TrainError::Config`], which a test excludes for those in the program.
    pub fn config(&self) -> Result<TrainConfig, TrainError> {
        Ok(TrainConfig::from_layers(&[self.layer()])?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::NetworkSource;

    #[test]
    fn every_file_of_the_folder_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/recipes");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let listed: BTreeSet<String> = RECIPES
            .iter()
            .map(|recipe| format!("{}.toml", recipe.name))
            .collect();
        assert_eq!(files, listed);
        assert_eq!(listed.len(), RECIPES.len(), "one is listed twice");
    }

    #[test]
    fn recipes_can_be_followed_and_say_what_they_are() {
        for recipe in RECIPES {
            let config = recipe.config().unwrap();
            config.validate().unwrap();
            NetworkSource::find(&config.model)
                .unwrap()
                .check(&config)
                .unwrap();
            let known = data::names();
            assert!(known.contains(&config.dataset.as_str()), "{}", recipe.name);
            let lines: Vec<&str> = recipe.text.lines().take(2).collect();
            assert!(
                lines.iter().all(|line| line.starts_with("# ")) && recipe.title().len() < 90,
                "{}: a title and what it reaches, as comments",
                recipe.name
            );
        }
    }

    #[test]
    fn the_first_recipe_is_the_default() {
        // It spells out what the default leaves to optimizer and schedule.
        let mut default = TrainConfig::default();
        default.optimizer.momentum = Some(default.optimizer.momentum());
        default.schedule.warmup_epochs = Some(default.schedule.warmup_epochs());
        assert_eq!(RECIPES[0].config().unwrap(), default);
    }
}
