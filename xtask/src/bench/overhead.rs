//! `cargo xtask bench overhead`: Kiln's training loop beside a bare one on Burn.

use std::process::Command;

use anyhow::{Context, ensure};

#[derive(clap::Args)]
pub struct Args {
    /// Flags of the measurement; `--help` lists them
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "FLAGS"
    )]
    flags: Vec<String>,
}

impl Args {
    /// Builds and runs the example of the trainer: the chores themselves do without
    /// Burn.
    pub fn run(&self) -> anyhow::Result<()> {
        let status = Command::new(env!("CARGO"))
            .args(["run", "--package", "trainer", "--example", "overhead", "--"])
            .args(&self.flags)
            .current_dir(crate::root())
            .status()
            .context("cannot start cargo")?;
        ensure!(status.success(), "the measurement failed: {status}");
        Ok(())
    }
}
