//! `cargo xtask figures`: the README's picture, from a run of the default recipe.

use std::{fs, process::Command};

use anyhow::{Context, ensure};

/// Trains and copies the curves of the run to `assets/figures`.
pub fn make() -> anyhow::Result<()> {
    let runs = crate::root().join("target/figures");
    if runs.exists() {
        fs::remove_dir_all(&runs).with_context(|| format!("cannot empty {}", runs.display()))?;
    }
    let status = Command::new(env!("CARGO"))
        .args([
            "run",
            "--package",
            "trainer",
            "--",
            "--backend",
            "flex",
            "--out",
        ])
        .arg(&runs)
        .current_dir(crate::root())
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "the run failed: {status}");
    let run = fs::read_dir(&runs)?
        .next()
        .context("the run left no folder")??
        .path();
    let to = crate::root().join("assets/figures");
    fs::create_dir_all(&to)?;
    fs::copy(run.join("curves.svg"), to.join("curves.svg"))?;
    println!("{}", to.join("curves.svg").display());
    Ok(())
}
