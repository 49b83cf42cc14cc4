use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{ArgGroup, Command, CommandFactory};
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
        let command = Cli::command();
        if let Some(shell) = self.shell {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut shown(&command), NAME, &mut script);
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

/// What of a command is shown to people, as far as it matters where words are completed:
/// scripts would offer what is hidden, too.
fn shown(command: &Command) -> Command {
    let args = command.get_arguments().filter(|arg| !arg.is_hide_set());
    // A group must not have an argument that is not there.
    let hidden = |id: &_| {
        command
            .get_arguments()
            .any(|arg| arg.get_id() == *id && arg.is_hide_set())
    };
    let groups = command.get_groups().map(|group| {
        let args = group.get_args().filter(|id| !hidden(id));
        ArgGroup::new(group.get_id().clone())
            .args(args.cloned())
            .multiple(true)
    });
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let mut of_shown = Command::new(kept(command.get_name()))
        .visible_aliases(command.get_visible_aliases().map(kept))
        .args(args.cloned())
        .groups(groups)
        .subcommands(verbs.map(shown));
    if let Some(about) = command.get_about() {
        of_shown = of_shown.about(about.clone());
    }
    if let Some(about) = command.get_long_about() {
        of_shown = of_shown.long_about(about.clone());
    }
    match command.get_version() {
        Some(version) => of_shown.version(kept(version)),
        None => of_shown,
    }
}

/// For the names of a command, which clap wants to last: until the program ends, which is
/// when the script is printed.
fn kept(name: &str) -> &'static str {
    name.to_owned().leak()
}
