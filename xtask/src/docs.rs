//! `cargo xtask docs`: the pages that are generated.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

/// Has the program write the reference page of configurations. A test of the
/// trainer holds the page to it.
pub fn make() -> anyhow::Result<()> {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "trainer", "--"])
        .args(["config", "--reference"])
        .current_dir(crate::root())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(
        output.status.success(),
        "kiln config failed: {}",
        output.status
    );
    let page = crate::root().join("docs/configuration.md");
    fs::write(&page, &output.stdout).with_context(|| format!("cannot write {}", page.display()))?;
    println!("{}", page.display());
    Ok(())
}
