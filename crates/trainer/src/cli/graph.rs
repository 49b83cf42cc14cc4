use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{ValueEnum, error::ErrorKind};
use trainer::TrainError;

use super::{network::NetworkArgs, print};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Format: svg, dot (for Graphviz), mermaid (for Markdown) [default: by the ending of the
    /// file: .svg, .dot, .gv, .mmd, .mermaid, .md; svg if there is none]
    #[arg(long, value_name = "NAME", hide_possible_values = true)]
    format: Option<Format>,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Svg,
    Dot,
    Mermaid,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let format = match (self.format, &self.out) {
            (Some(format), _) => format,
            (None, Some(file)) => Format::of_file(file).unwrap_or_else(|| {
                let problem = format!(
                    "the ending of {} is that of no format: add --format svg, dot or mermaid\n",
                    file.display()
                );
                clap::Error::raw(ErrorKind::MissingRequiredArgument, problem).exit()
            }),
            (None, None) => Format::Svg,
        };
        let (spec, image) = self.network.spec()?;
        let graph = spec.graph(image).map_err(TrainError::from)?;
        let text = match format {
            Format::Svg => graph.to_svg(),
            Format::Dot => graph.to_dot(),
            Format::Mermaid => graph.to_mermaid(),
        };
        match self.out {
            Some(file) => fs::write(&file, text)
                .with_context(|| format!("cannot write {}", file.display()))?,
            None => print(&text)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Format {
    /// By the ending of its name, if that is known or there is none.
    fn of_file(file: &Path) -> Option<Self> {
        let Some(ending) = file.extension() else {
            return Some(Self::Svg);
        };
        match ending.to_ascii_lowercase().to_str()? {
            "svg" => Some(Self::Svg),
            "dot" | "gv" => Some(Self::Dot),
            "mmd" | "mermaid" | "md" => Some(Self::Mermaid),
            _ => None,
        }
    }
}
