//! `cargo xtask golden`: runs the scripts that made the tests' golden files.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

/// Folders of such scripts. Each writes its golden files beside itself.
const FOLDERS: &[&str] = &[
    "crates/data/tests/golden",
    "crates/models/tests/golden",
    "crates/trainer/tests/golden",
];

/// Runs every script with `python`.
pub fn make(python: &Path) -> anyhow::Result<()> {
    for script in scripts()? {
        println!("{} {}", python.display(), script.display());
        let status = Command::new(python)
            .arg(&script)
            .status()
            .with_context(|| format!("cannot run {}", python.display()))?;
        ensure!(status.success(), "{} failed: {status}", script.display());
    }
    Ok(())
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
