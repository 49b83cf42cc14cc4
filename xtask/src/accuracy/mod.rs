//! `cargo xtask accuracy`: runs recipes to their end, and keeps what they reach.

mod list;
mod recipe;
mod references;
mod results;
mod run;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail, ensure};

use self::{
    list::{list, verdict},
    results::put,
    run::Ended,
};
pub use self::{
    recipe::Recipe,
    references::{Reference, References},
    results::{Row, Score, Standing},
};
use crate::{bench::machine::Machine, csv_file, numbers::duration, program};

#[derive(clap::Args)]
pub struct Args {
    /// Recipes [default: all of assets/results/references.toml that are run here]
    names: Vec<String>,
    /// Seeds, with commas between them [default: those of references.toml]
    #[arg(long, value_delimiter = ',', value_name = "N,…")]
    seeds: Vec<u64>,
    /// Folder of the data sets [default: $KILN_DATA, or kiln/data in the user's cache]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Run seeds again whose result is there, with the recipe as it is now
    #[arg(long)]
    again: bool,
    /// Run nothing; list the recipes, their references and results
    #[arg(long)]
    list: bool,
    /// A program that is built already [default: what `cargo run -p trainer` runs]
    #[arg(long, value_name = "FILE")]
    kiln: Option<PathBuf>,
}

/// All recipes of the references, and their results.
///
/// # Errors
/// If a file cannot be read, or a note is of no recipe's data set.
pub fn standings(root: &Path) -> anyhow::Result<Vec<Standing>> {
    let file = root.join("assets/results/references.toml");
    let References {
        recipes,
        dataset_notes,
    } = references::read(&file)?;
    let standing = |reference: Reference| {
        let results = result_file(root, &reference.name);
        let recipe = Recipe::read(&root.join("assets/recipes"), &reference.name)?;
        let dataset = recipe.as_ref().map(|recipe| &recipe.dataset);
        Ok(Standing {
            dataset_note: dataset.and_then(|name| dataset_notes.get(name)).cloned(),
            recipe,
            rows: match results.exists() {
                true => csv_file::read(&results)?,
                false => Vec::new(),
            },
            reference,
        })
    };
    let standings = recipes.into_iter().map(standing);
    let standings = standings.collect::<anyhow::Result<Vec<_>>>()?;
    let recipes = || standings.iter().filter_map(|of| of.recipe.as_ref());
    for dataset in dataset_notes.keys() {
        ensure!(
            recipes().any(|recipe| recipe.dataset == *dataset),
            "{}: a note on `{dataset}`, which no recipe is on",
            file.display()
        );
    }
    Ok(standings)
}

fn result_file(root: &Path, recipe: &str) -> PathBuf {
    root.join("assets/results").join(format!("{recipe}.csv"))
}

impl Args {
    /// Runs what is not there yet, one after the other; each result is written at once. What
    /// fails is told, and the others go on.
    pub fn run(&self) -> anyhow::Result<()> {
        let standings = self.chosen(standings(crate::root())?)?;
        if self.list {
            print!("{}", list(&standings));
            return Ok(());
        }
        let kiln = program::kiln(self.kiln.as_deref(), &[])?;
        let machine = Machine::with(&kiln, self.kiln.is_some())?;
        let mut failed = Vec::new();
        for mut standing in standings {
            let Some(recipe) = standing.recipe.clone() else {
                // Named, it is an error already.
                println!("{}: there is no such recipe yet", standing.reference.name);
                continue;
            };
            if self.names.is_empty() && !standing.reference.run_here {
                println!("{}: not run to the end here", recipe.name);
                continue;
            }
            is_in(&kiln, &recipe)?;
            for seed in self.seeds_of(&standing.reference) {
                match self.seed(&kiln, &recipe, seed, &mut standing, &machine) {
                    Ok(true) => {}
                    Ok(false) => bail!("interrupted; the same command goes on"),
                    Err(error) => {
                        println!("{} seed {seed}: failed: {error:#}", recipe.name);
                        failed.push(format!("{} seed {seed}: {error:#}", recipe.name));
                    }
                }
            }
            if let Some(score) = Score::of(&standing.rows) {
                println!("{}: {}", recipe.name, verdict(&standing.reference, &score));
            }
        }
        println!("into the README: cargo xtask readme");
        match failed.is_empty() {
            true => Ok(()),
            false => bail!("{} failed\n{}", runs(failed.len()), failed.join("\n")),
        }
    }

    /// A run, if it is not there. `false`: it was interrupted.
    fn seed(
        &self,
        kiln: &Path,
        recipe: &Recipe,
        seed: u64,
        standing: &mut Standing,
        machine: &Machine,
    ) -> anyhow::Result<bool> {
        let known = standing.current(seed).filter(|_| !self.again);
        if let Some(row) = known {
            let accuracy = 100.0 * row.test_accuracy;
            println!("{} seed {seed}: {accuracy:.2} %, done before", recipe.name);
            return Ok(true);
        }
        println!("{} seed {seed}", recipe.name);
        let folder = crate::root().join("target/accuracy").join(&recipe.name);
        let ended = run::run(
            kiln,
            recipe,
            seed,
            self.data_dir.as_deref(),
            &folder,
            machine,
        )?;
        let Ended::Done(mut row) = ended else {
            return Ok(false);
        };
        row.dataset_note = standing.dataset_note.clone().unwrap_or_default();
        println!(
            "{} seed {seed}: {:.2} % of the test images, {}",
            recipe.name,
            100.0 * row.test_accuracy,
            duration(row.seconds)
        );
        put(&mut standing.rows, *row);
        let file = result_file(crate::root(), &recipe.name);
        csv_file::write(&file, &standing.rows)?;
        Ok(true)
    }

    /// The recipes that are named, or all.
    fn chosen(&self, mut all: Vec<Standing>) -> anyhow::Result<Vec<Standing>> {
        for name in &self.names {
            let known = all.iter().find(|of| of.reference.name == *name);
            let names = || all.iter().map(|of| of.reference.name.as_str());
            let known = known.with_context(|| {
                format!(
                    "assets/results/references.toml has no `{name}`; it has {}",
                    names().collect::<Vec<_>>().join(", ")
                )
            })?;
            ensure!(
                known.recipe.is_some() || self.list,
                "there is no assets/recipes/{name}.toml yet"
            );
        }
        if !self.names.is_empty() {
            all.retain(|of| self.names.contains(&of.reference.name));
        }
        Ok(all)
    }

    fn seeds_of(&self, reference: &Reference) -> Vec<u64> {
        match self.seeds.is_empty() {
            true => reference.seeds.clone(),
            false => self.seeds.clone(),
        }
    }
}

/// Whether the program follows the recipe as it is in the sources.
fn is_in(kiln: &Path, recipe: &Recipe) -> anyhow::Result<()> {
    let output = Command::new(kiln)
        .args(["recipes", &recipe.name])
        .output()
        .with_context(|| format!("cannot run {}", kiln.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let same = || Recipe::parse(&recipe.name, &text).is_ok_and(|own| own == *recipe);
    ensure!(
        output.status.success() && same(),
        "{} has another `{}` than assets/recipes, or none: build it again",
        kiln.display(),
        recipe.name
    );
    Ok(())
}

/// `1 run`, `2 runs`.
fn runs(number: usize) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} run{plural}")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{list::tests::standing, *};

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        args: Args,
    }

    fn args(words: &[&str]) -> Args {
        Words::parse_from([&["accuracy"], words].concat()).args
    }

    #[test]
    fn names_must_be_known() {
        let all = || vec![standing("a", "", None, vec![])];
        let problem = |words: &[&str]| args(words).chosen(all()).err().unwrap().to_string();
        assert!(problem(&["b"]).contains("has no `b`; it has a"));
        assert!(problem(&["a"]).contains("no assets/recipes/a.toml yet"));
        assert_eq!(args(&["a", "--list"]).chosen(all()).unwrap().len(), 1);
    }

    #[test]
    fn the_notes_on_data_sets_are_of_recipes() {
        let all = standings(crate::root()).unwrap();
        let on = |dataset: &'static str| {
            let recipe =
                move |of: &&Standing| of.recipe.as_ref().is_some_and(|r| r.dataset == dataset);
            all.iter().filter(recipe)
        };
        assert!(on("cifar10").all(|of| of.dataset_note.as_ref().unwrap().contains("JPEG copy")));
        assert!(on("mnist").count() > 0 && on("mnist").all(|of| of.dataset_note.is_none()));
    }

    #[test]
    fn seeds_are_those_of_the_reference_unless_given() {
        let of = standing("a", "seeds = [7]", None, vec![]).reference;
        assert_eq!(args(&[]).seeds_of(&of), [7]);
        assert_eq!(args(&["--seeds", "1,2"]).seeds_of(&of), [1, 2]);
    }
}
