use std::{fmt::Write, process::ExitCode};

use serde_json::json;
use trainer::{Recipe, TrainConfig, TrainError};

use super::print;

#[derive(clap::Args)]
pub struct Args {
    /// Print this recipe, to read or as the beginning of a file of your own
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Print one JSON array, or one object for a recipe that is named
    #[arg(long)]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let named = self.name.as_deref().map(Recipe::find).transpose()?;
        let text = match (named, self.json) {
            (Some(recipe), false) => recipe.text().to_string(),
            (Some(recipe), true) => format!("{}\n", object(recipe)?),
            (None, true) => {
                let all: Result<Vec<_>, _> = Recipe::all().iter().map(object).collect();
                format!("{}\n", json!(all?))
            }
            (None, false) => table()?,
        };
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn object(recipe: &Recipe) -> Result<serde_json::Value, TrainError> {
    let config = recipe.config()?;
    Ok(json!({
        "name": recipe.name(),
        "model": config.model,
        "dataset": config.dataset,
        "epochs": config.epochs,
        "title": recipe.title(),
        "config": config,
    }))
}

fn table() -> anyhow::Result<String> {
    let rows: Result<Vec<(&Recipe, TrainConfig)>, TrainError> = Recipe::all()
        .iter()
        .map(|recipe| Ok((recipe, recipe.config()?)))
        .collect();
    let rows = rows?;
    let widest = |heading: &str, of: fn(&(&Recipe, TrainConfig)) -> usize| {
        rows.iter().map(of).max().unwrap_or(0).max(heading.len())
    };
    let names = widest("name", |(recipe, _)| recipe.name().len());
    let models = widest("model", |(_, config)| config.model.len());
    let datasets = widest("data set", |(_, config)| config.dataset.len());
    let mut text = String::new();
    writeln!(
        text,
        "{:<names$}  {:<models$}  {:<datasets$}  epochs  title",
        "name", "model", "data set"
    )?;
    for (recipe, config) in &rows {
        writeln!(
            text,
            "{:<names$}  {:<models$}  {:<datasets$}  {:>6}  {}",
            recipe.name(),
            config.model,
            config.dataset,
            config.epochs,
            recipe.title(),
        )?;
    }
    Ok(text)
}
