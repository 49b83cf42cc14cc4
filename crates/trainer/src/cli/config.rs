use std::process::ExitCode;

use trainer::config::{reference, schema};

use super::{config_args::ConfigArgs, print};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print the JSON Schema of configurations
    #[arg(help_heading = "Output", long)]
    schema: bool,
    /// Print the reference page, which `cargo xtask docs` keeps in docs/configuration.md
    #[arg(long, hide = true, conflicts_with = "schema")]
    reference: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let text = if self.schema {
            format!("{:#}\n", schema())
        } else if self.reference {
            reference()
        } else {
            let (mut config, _) = self.config.config()?;
            config.complete();
            config.to_toml().map_err(trainer::TrainError::from)?
        };
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}
