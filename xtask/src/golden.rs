//! `cargo xtask golden`: runs the scripts that made the tests' golden files.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

/// Folders of such scripts. Each writes its golden files beside itself.
const FOLDERS: &[&str] = &[
    "crates/data/tests/golden",
    "crates/models/tests/exchange",
    "crates/models/tests/golden",
    "crates/trainer/tests/golden",
];

/// Runs every script with `python`. Those that compare with Kiln as it is now find
/// its program in `KILN`, and the example that gives logits in `LOGITS`.
pub fn make(python: &Path) -> anyhow::Result<()> {
    let built = build()?;
    for script in scripts()? {
        println!("{} {}", python.display(), script.display());
        let status = Command::new(python)
            .arg(&script)
            .env("KILN", built.join("kiln"))
            .env("LOGITS", built.join("examples/logits"))
            .status()
            .with_context(|| format!("cannot run {}", python.display()))?;
        ensure!(status.success(), "{} failed: {status}", script.display());
    }
    Ok(())
}

/// Builds the program and the examples, and gives the folder that they are in.
fn build() -> anyhow::Result<PathBuf> {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--workspace", "--bins", "--examples"])
        .current_dir(crate::root())
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "the build failed: {status}");
    // This program was built there as well.
    let own = std::env::current_exe().context("cannot find the folder of the build")?;
    let folder = own.parent().context("a program lies in a folder")?;
    Ok(folder.into())
}

/// The scripts, in order. `common.py` is for the others to import.
fn scripts() -> anyhow::Result<Vec<PathBuf>> {
    let mut scripts = Vec::new();
    for folder in FOLDERS {
        let folder = crate::root().join(folder);
        for entry in folder
            .read_dir()
            .with_context(|| format!("{}", folder.display()))?
        {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "py") && !path.ends_with("common.py") {
                scripts.push(path);
            }
        }
    }
    scripts.sort();
    Ok(scripts)
}
