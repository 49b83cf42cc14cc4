use std::process::ExitCode;

use trainer::TrainError;

use super::{network::NetworkArgs, print};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let (spec, image) = self.network.spec()?;
        let summary = spec.summary(image).map_err(TrainError::from)?;
        print(&match self.json {
            true => format!("{}\n", serde_json::to_string(&summary)?),
            false => summary.to_string(),
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
