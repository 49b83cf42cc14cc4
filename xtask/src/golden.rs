//! `cargo xtask golden`: runs the scripts that made the tests' golden files.

use std::{path::Path, process::Command};

use anyhow::{Context, ensure};

/// Each script writes its golden files beside itself.
const SCRIPTS: &[&str] = &["crates/trainer/tests/golden/lenet5.py"];

/// Runs every script with `python`.
pub fn make(python: &Path) -> anyhow::Result<()> {
    for script in SCRIPTS {
        println!("{} {script}", python.display());
        let status = Command::new(python)
            .arg(crate::root().join(script))
            .status()
            .with_context(|| format!("cannot run {}", python.display()))?;
        ensure!(status.success(), "{script} failed: {status}");
    }
    Ok(())
}
