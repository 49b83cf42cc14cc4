//! `cargo xtask golden`: runs the scripts that made the tests' golden files.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use crate::program;

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
            .env("KILN", &built.kiln)
            .env("LOGITS", &built.logits)
            .status()
            .with_context(|| format!("cannot run {}", python.display()))?;
        ensure!(status.success(), "{} failed: {status}", script.display());
    }
    Ok(())
}

/// What the scripts run.
struct Built {
    kiln: PathBuf,
    logits: PathBuf,
}

/// Builds the program and the examples.
fn build() -> anyhow::Result<Built> {
    let messages = program::build(&["--workspace", "--bins", "--examples"])?;
    Ok(Built {
        kiln: program::executable(&messages, "bin", "kiln")?,
        logits: program::executable(&messages, "example", "logits")?,
    })
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
