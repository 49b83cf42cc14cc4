//! `kiln data`: what data sets there are, and what is in them.

mod fetch;
mod info;
mod list;
mod preview;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;
use trainer::{TrainConfig, TrainError};

use super::config_args::check_image_size;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the data sets that are known by name, and whether they are here.
    List(list::Args),
    /// Fetch data sets, or what is missing of them, and check every file.
    Fetch(fetch::Args),
    /// Hold the files of data sets against their published digests.
    Verify(verify::Args),
    /// Tell what a data set holds: images, classes, shape, mean and deviation.
    Info(info::Args),
    /// Draw images of a data set with their labels into a PNG, as they are or augmented.
    Preview(preview::Args),
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::List(args) => args.run(),
            Verb::Fetch(args) => args.run(),
            Verb::Verify(args) => args.run(),
            Verb::Info(args) => args.run(),
            Verb::Preview(args) => args.run(),
        }
    }
}

/// Puts the side that was asked for into `config`, whose data set has to be a folder.
fn set_image_size(config: &mut TrainConfig, side: Option<usize>) -> Result<(), TrainError> {
    check_image_size(config, side)?;
    if let Some(side) = side {
        config.folder.size = side.into();
    }
    Ok(())
}

/// An error of the data, as the program reports it.
fn report(error: data::DataError) -> anyhow::Error {
    trainer::TrainError::from(error).into()
}
