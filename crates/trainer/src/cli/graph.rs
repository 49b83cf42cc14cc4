use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::ValueEnum;
use trainer::TrainError;

use super::{network::NetworkArgs, print};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Format: svg, dot (for Graphviz), mermaid (for Markdown) [default: that of the file's name,
    /// else svg]
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
        let (spec, image) = self.network.spec()?;
        let graph = spec.graph(image).map_err(TrainError::from)?;
        let by_name = self.out.as_deref().map_or(Format::Svg, Format::of_file);
        let text = match self.format.unwrap_or(by_name) {
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
    fn of_file(file: &Path) -> Self {
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("dot" | "gv") => Self::Dot,
            Some("mmd" | "mermaid") => Self::Mermaid,
            _ => Self::Svg,
        }
    }
}
