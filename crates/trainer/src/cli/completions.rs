use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, print};

/// The name that the program has once it is installed.
const NAME: &str = "kiln";

#[derive(clap::Args)]
pub struct Args {
    /// Shell: bash, zsh, fish, elvish, powershell
    #[arg(
        value_name = "SHELL",
        required_unless_present = "man",
        conflicts_with = "man",
        hide_possible_values = true
    )]
    shell: Option<Shell>,
    /// Write the manual instead, a page for the program and one for each verb (kiln.1,
    /// kiln-train.1, …), into this folder
    #[arg(long, value_name = "DIR")]
    man: Option<PathBuf>,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut command = Cli::command();
        if let Some(shell) = self.shell {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, NAME, &mut script);
            print(&String::from_utf8(script).context("a script that is no text")?)?;
        }
        if let Some(folder) = self.man {
            fs::create_dir_all(&folder)
                .and_then(|()| clap_mangen::generate_to(command, &folder))
                .with_context(|| format!("cannot write the manual in {}", folder.display()))?;
            print(&format!(
                "read it: man {}\n",
                folder.join("kiln.1").display()
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
