use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{ValueEnum, error::ErrorKind};
use trainer::{TrainError, write_whole};

use super::{asked_file, network::NetworkArgs, not_the_same, outside_runs, print};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Format: svg, dot (for Graphviz), mermaid (for Markdown; fenced in a file that ends in .md)
    /// [default: by the ending of the file: .svg, .dot, .gv, .mmd, .mermaid, .md; svg if there is
    /// none]
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
        let out = self.out.map(asked_file).transpose()?;
        if let Some(out) = &out {
            outside_runs(out)?;
            if let Some(file) = self.network.file()? {
                not_the_same(out, &file)?;
            }
        }
        let (spec, image) = self.network.spec()?;
        let graph = spec.graph(image).map_err(TrainError::from)?;
        let text = match format {
            Format::Svg => graph.to_svg(),
            Format::Dot => graph.to_dot(),
            Format::Mermaid if out.as_deref().is_some_and(is_markdown) => {
                format!("```mermaid\n{}```\n", graph.to_mermaid())
            }
            Format::Mermaid => graph.to_mermaid(),
        };
        match out {
            Some(file) => write_whole(&file, text.as_bytes())?,
            None => print(&text)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Whether its name is that of a page of Markdown, which has diagrams in fences.
fn is_markdown(file: &Path) -> bool {
    file.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("md"))
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
